//! Draws the changes of a plan, attribute by attribute. Replacements and deletions are never collapsed.

use serde_json::Value;

use super::attribute;
use super::quote::line;
use crate::printable::one_line;

pub fn diff(report: &Value) -> String {
    let mut text = String::new();
    let components = report["components"].as_object().into_iter().flatten();
    for (name, one) in
        components.filter(|(_, one)| matches!(one["status"].as_str(), Some("planned" | "blocked")))
    {
        for change in one["resource_changes"].as_array().into_iter().flatten() {
            let (sign, word) = sign(change);
            text.push_str(&format!("  {name}   {sign} {}{word}\n", line(&change["address"])));
            // All attributes of a new resource would hide the ones that change.
            if sign == "~" || sign == "-/+" {
                for attribute in change["attributes"].as_array().into_iter().flatten() {
                    let replaces = if attribute["replaces"] == true { "  (replaces)" } else { "" };
                    text.push_str(&attribute::draw(attribute, replaces, "      "));
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
