//! Draws one line for each component.

use std::collections::BTreeSet;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::alike::{Alike, LEAST, alike, each, label};
use super::quote::{block, line};
use super::style::Style;
use super::width::pad;
use super::{reasons, units};
use crate::report::{Counts, reads_pending};

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
    let folded = Pending::of(report);
    let notes = components.filter(|(_, one)| one["error"].is_null()).flat_map(|(name, one)| {
        let notes = one["notes"].as_array().into_iter().flatten();
        let said = folded.as_ref().map(|_| reads_pending(&outputs(one)));
        let notes = notes.filter(move |note| said.as_deref().is_none_or(|said| note.as_str() != Some(said)));
        notes.map(|note| (name.as_str(), block(note, "    ")))
    });
    let draw = |one: Alike<'_>| format!("  {}: {}\n", one.label(), one.text);
    let text: String = alike(report, notes).into_iter().map(draw).collect();
    let text = folded.as_ref().map(Pending::line).unwrap_or_default() + &reasons::lines(report) + &text;
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The outputs of other components that it reads and that a pending change decides.
fn outputs(one: &Value) -> Vec<String> {
    one["pending_outputs"].as_array().into_iter().flatten().map(line).collect()
}

/// The components that read outputs which a pending change decides. Of many, one line says it.
struct Pending<'a> {
    names: Vec<&'a str>,
    read: BTreeSet<String>,
}

impl<'a> Pending<'a> {
    fn of(report: &'a Value) -> Option<Self> {
        let components = report["components"].as_object()?.iter();
        let reading: Vec<_> =
            components.filter(|(_, one)| one["error"].is_null() && !outputs(one).is_empty()).collect();
        (reading.len() >= LEAST).then(|| Self {
            names: reading.iter().map(|(name, _)| name.as_str()).collect(),
            read: reading.iter().flat_map(|(_, one)| outputs(one)).collect(),
        })
    }

    fn line(&self) -> String {
        /// How many outputs are named.
        const NAMED: usize = 3;
        let named: Vec<_> = self.read.iter().take(NAMED).map(String::as_str).collect();
        let more = match self.read.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (label, named) = (label(&self.names), named.join(", "));
        format!("  {label}: read outputs that depend on a pending change ({named}{more})\n")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_many_components_read_is_one_line_and_their_other_notes_stay() {
        let one = |output: &str, more: Option<&str>| {
            let said = crate::report::reads_pending(&[output]);
            let notes: Vec<_> = [said.as_str()].into_iter().chain(more).collect();
            json!({ "status": "pending_inputs", "error": null, "notes": notes, "pending_outputs": [output] })
        };
        let few = json!({ "components": { "a": one("z.id", None), "b": one("z.id", None) } });
        let line = "reads z.id, which depends on a pending change\n";
        assert_eq!(super::notes(&few), format!("\n  a: {line}  b: {line}"));
        let many = json!({ "components": {
            "a": one("z.id", None), "b": one("y.id", Some("other")), "c": one("x.id", None), "d": one("w.id", None),
            "z": { "status": "planned", "error": null, "notes": ["mine"] },
        } });
        assert_eq!(
            super::notes(&many),
            "\n  a, b and 2 more: read outputs that depend on a pending change (w.id, x.id, y.id and 1 more)\n  \
             b: other\n  z: mine\n"
        );
    }

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
