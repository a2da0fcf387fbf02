//! Draws one line for each component.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::alike::{Alike, alike, each};
use super::quote::{block, line};
use super::style::Style;
use super::units;
use super::width::pad;
use crate::report::Counts;

pub fn table(report: &Value, style: Style) -> String {
    let Some(components) = report["components"].as_object().filter(|all| !all.is_empty()) else {
        return String::new();
    };
    let status = |one: &Value| one["status"].as_str().unwrap_or_default().to_owned();
    let counts = |one: &Value| {
        let counts: Counts = serde_json::from_value(one["changes"].clone()).unwrap_or_default();
        if counts.is_empty() { String::new() } else { units::counts(&counts) }
    };
    let rows = alike(report, each(report, |_, one| format!("{} {}", status(one), counts(one))));
    let width = |of: &dyn Fn(&Alike<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let first = |row: &Alike<'_>| &components[row.names[0]];
    let names = width(&|row| row.label().width());
    let statuses = width(&|row| status(first(row)).width());
    let changes = width(&|row| counts(first(row)).width());
    let mut text = String::new();
    for row in &rows {
        let one = first(row);
        let time = match one["duration"].as_f64() {
            Some(seconds) if seconds > 0.0 && row.names.len() == 1 => units::seconds(seconds),
            _ => String::new(),
        };
        let status = style.status(&status(one), statuses);
        let line =
            format!("  {}  {status}  {}  {time:>6}", pad(&row.label(), names), pad(&counts(one), changes));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The import commands for possible orphans.
pub fn orphans(report: &Value) -> String {
    let mut text = String::new();
    for (name, one) in report["components"].as_object().into_iter().flatten() {
        for orphan in one["possible_orphans"].as_array().into_iter().flatten() {
            let (address, import) = (line(&orphan["address"]), line(&orphan["import"]));
            text.push_str(&format!("  {name}: to import {address} into the state:\n    {import}\n"));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// Notes for the reader.
pub fn notes(report: &Value) -> String {
    // A failure shows its own notes.
    let components = report["components"].as_object().into_iter().flatten();
    let notes = components.filter(|(_, one)| one["error"].is_null()).flat_map(|(name, one)| {
        let notes = one["notes"].as_array().into_iter().flatten();
        notes.map(|note| (name.as_str(), block(note, "    ")))
    });
    let draw = |one: Alike<'_>| format!("  {}: {}\n", one.label(), one.text);
    let text: String = alike(report, notes).into_iter().map(draw).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_possible_orphan_is_drawn_with_the_command_that_imports_it() {
        let orphan = json!({ "address": "t.a", "import": "terraform import t.a ID" });
        let report = json!({ "components": { "web": { "possible_orphans": [orphan] }, "net": {} } });
        assert_eq!(
            super::orphans(&report),
            "\n  web: to import t.a into the state:\n    terraform import t.a ID\n"
        );
        assert_eq!(super::orphans(&json!({ "components": { "net": {} } })), "");
    }
}
