//! Draws one line for each component.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::quote::{block, line};
use super::style::Style;
use super::units;
use super::width::pad;
use crate::report::Counts;

pub fn table(report: &Value, style: Style) -> String {
    let Some(components) = report["components"].as_object().filter(|all| !all.is_empty()) else {
        return String::new();
    };
    let width = |of: &dyn Fn(&str, &Value) -> usize| {
        components.iter().map(|(name, one)| of(name, one)).max().unwrap_or(0)
    };
    let status = |one: &Value| one["status"].as_str().unwrap_or_default().to_owned();
    let counts = |one: &Value| {
        let counts: Counts = serde_json::from_value(one["changes"].clone()).unwrap_or_default();
        if counts.is_empty() { String::new() } else { units::counts(&counts) }
    };
    let names = width(&|name, _| name.width());
    let statuses = width(&|_, one| status(one).width());
    let changes = width(&|_, one| counts(one).width());
    let mut text = String::new();
    for (name, one) in components {
        let time = match one["duration"].as_f64() {
            Some(seconds) if seconds > 0.0 => units::seconds(seconds),
            _ => String::new(),
        };
        let status = style.status(&status(one), statuses);
        let line = format!("  {}  {status}  {}  {time:>6}", pad(name, names), pad(&counts(one), changes));
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
    let mut text = String::new();
    for (name, one) in report["components"].as_object().into_iter().flatten() {
        // A failure shows its own notes.
        for note in one["notes"].as_array().into_iter().flatten().filter(|_| one["error"].is_null()) {
            text.push_str(&format!("  {name}: {}\n", block(note, "    ")));
        }
    }
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
