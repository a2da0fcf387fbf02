//! What a plan would do, attribute by attribute. A replacement and a delete are never folded away.

use serde_json::Value;

use super::quote::line;
use super::width::beginning;
use crate::printable::one_line;

/// Values of more columns are cut: they would scroll away what matters.
const LONGEST: usize = 120;

pub fn diff(report: &Value) -> String {
    let mut text = String::new();
    let components = report["components"].as_object().into_iter().flatten();
    for (name, one) in
        components.filter(|(_, one)| matches!(one["status"].as_str(), Some("planned" | "blocked")))
    {
        for change in one["resource_changes"].as_array().into_iter().flatten() {
            let (sign, word) = sign(change);
            text.push_str(&format!("  {name}   {sign} {}{word}\n", line(&change["address"])));
            // All attributes of what is new would bury those that change.
            if sign == "~" || sign == "-/+" {
                for attribute in change["attributes"].as_array().into_iter().flatten() {
                    let replaces = if attribute["replaces"] == true { "  (replaces)" } else { "" };
                    let path = line(&attribute["path"]);
                    let (before, after) = (short(&attribute["before"]), short(&attribute["after"]));
                    text.push_str(&format!("      {path}: {before} → {after}{replaces}\n"));
                }
            }
        }
        for (output, action) in one["output_changes"].as_object().into_iter().flatten() {
            text.push_str(&format!("  {name}   output {}: {}\n", one_line(output), line(action)));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn sign(change: &Value) -> (&'static str, &'static str) {
    let actions: Vec<_> =
        change["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match actions.as_slice() {
        ["create"] => ("+", ""),
        ["update"] => ("~", ""),
        ["delete"] => ("-", "  (destroys)"),
        ["delete", "create"] | ["create", "delete"] => ("-/+", "  (replaces)"),
        ["import"] => ("<-", "  (imports)"),
        ["move"] => (">", "  (moves)"),
        ["forget"] => ("x", "  (forgets)"),
        _ => ("?", ""),
    }
}

/// A value on one line.
pub fn short(value: &Value) -> String {
    let text = match value.as_str() {
        // Written by us in place of a value.
        Some(mark @ (SENSITIVE | UNKNOWN)) => mark.to_owned(),
        // JSON leaves DEL, C1 and what turns the direction of writing.
        _ => one_line(&value.to_string()).into_owned(),
    };
    match beginning(&text, LONGEST) {
        all if all.len() == text.len() => text,
        cut => format!("{cut}… ({} bytes)", text.len()),
    }
}

const SENSITIVE: &str = "(sensitive)";
const UNKNOWN: &str = "(known after apply)";
