//! Draws what a branch or a time affects, and why.

use serde_json::Value;

use super::quote::line;
use crate::count::counted;

/// More lines than this are counted.
const MOST: usize = 20;

/// `affected since main (0123456789ab): 2 of 12 components`, and a line for each. Empty if nothing was compared.
pub fn affected(report: &Value) -> String {
    let affected = &report["affected"];
    if affected.is_null() {
        return String::new();
    }
    let components: Vec<_> = affected["components"].as_object().into_iter().flatten().collect();
    let removed: Vec<_> = affected["removed"].as_array().into_iter().flatten().map(line).collect();
    let of = affected["of"].as_u64().unwrap_or_default();
    let count = if components.is_empty() { "none".to_owned() } else { components.len().to_string() };
    let mut text =
        format!("\n  affected since {}: {count} of {}\n", line(&affected["since"]), counted(of, "component"));
    for (name, why) in components.iter().take(MOST) {
        text.push_str(&format!("    {}: {}\n", line(&name.as_str().into()), line(why)));
    }
    if let Some(more) = components.len().checked_sub(MOST).filter(|more| *more > 0) {
        text.push_str(&format!("    … and {more} more\n"));
    }
    if !removed.is_empty() {
        text.push_str(&format!("    no longer in the pillar: {}\n", removed.join(", ")));
    }
    for note in affected["notes"].as_array().into_iter().flatten() {
        text.push_str(&format!("    {}\n", line(note)));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::affected;

    #[test]
    fn each_affected_component_has_its_reason() {
        let found = json!({
            "since": "main (0123456789ab)", "of": 12, "notes": [], "removed": ["old"],
            "components": { "dns": "depends on net", "net": "its module" },
        });
        assert_eq!(
            affected(&json!({ "affected": found })),
            "\n  affected since main (0123456789ab): 2 of 12 components\n    dns: depends on net\n    \
             net: its module\n    no longer in the pillar: old\n"
        );
        assert_eq!(affected(&json!({})), "");
    }
}
