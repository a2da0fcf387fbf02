//! Draws the changes of a plan, attribute by attribute. Replacements and deletions are never collapsed.

use serde_json::Value;

use super::alike::alike;
use super::attribute;
use super::job_values;
use super::quote::line;
use crate::printable::one_line;

/// The changes that wait.
pub fn diff(report: &Value) -> String {
    let text = of_components(report, waits);
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// Whether the changes of a component are still to be made.
pub fn waits(one: &Value) -> bool {
    matches!(one["status"].as_str(), Some("planned" | "blocked"))
}

/// The changes of these components. The same ones of many components are drawn once.
pub fn of_components(report: &Value, is_drawn: impl Fn(&Value) -> bool) -> String {
    let components = report["components"].as_object().into_iter().flatten();
    let drawn = components.filter(|(_, one)| is_drawn(one));
    let texts = drawn.map(|(name, one)| (name.as_str(), of_component(one, "", "")));
    let mut text = String::new();
    for group in alike(report, texts).iter().filter(|group| !group.text.is_empty()) {
        let one = &report["components"][group.names[0]];
        text.push_str(&of_component(one, &format!("  {}   ", group.label()), "      "));
        // Whoever loses something is named.
        if one["changes"]["remove"] != 0 || one["changes"]["forget"] != 0 {
            text.push_str(&group.all_names("      "));
        }
    }
    text
}

/// The changes of one component, one line each after `start`. Attributes are indented.
pub fn of_component(one: &Value, start: &str, indent: &str) -> String {
    let mut text = String::new();
    let list = |key: &str| one[key].as_array().into_iter().flatten();
    for change in list("resource_changes").chain(list("deferred_changes")) {
        let (sign, word) = sign(change);
        text.push_str(&format!("{start}{sign} {}{word}{}\n", line(&change["address"]), more(change)));
        // All attributes of a new resource would hide the ones that change.
        if ["~", "-/+", "x/+", "="].contains(&sign) {
            let (attributes, computed) = job_values::folded(change, indent);
            for attribute in attributes {
                let replaces = if attribute["replaces"] == true { "  (replaces)" } else { "" };
                text.push_str(&attribute::draw(attribute, replaces, indent));
            }
            text.push_str(&computed);
        }
    }
    for action in list("action_invocations") {
        text.push_str(&format!(
            "{start}! {}  (invokes{}){}\n",
            line(&action["address"]),
            trigger(action),
            later(action)
        ));
    }
    for (output, action) in one["output_changes"].as_object().into_iter().flatten() {
        text.push_str(&format!("{start}output {}: {}\n", one_line(output), line(action)));
    }
    text
}

fn sign(change: &Value) -> (&'static str, String) {
    let actions: Vec<_> =
        change["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (sign, word) = match actions.as_slice() {
        ["create"] => ("+", ""),
        ["update"] => ("~", ""),
        ["delete"] if change["deposed"].is_string() => ("-", "destroys the old copy"),
        ["delete"] => ("-", "destroys"),
        ["delete", "create"] | ["create", "delete"] => ("-/+", "replaces"),
        ["create", "forget"] | ["forget", "create"] => {
            ("x/+", "replaces; the old one stays, without Terraform")
        }
        ["accept"] => ("=", "accepts it into the state"),
        ["import"] => ("<-", "imports"),
        ["move"] => (">", "moves"),
        ["forget"] => ("x", "forgets; it stays, without Terraform"),
        others => return ("?", format!("  ({})", one_line(&others.join(", ")))),
    };
    (sign, if word.is_empty() { String::new() } else { format!("  ({word})") })
}

/// Where it comes from, and whether it has to wait.
fn more(change: &Value) -> String {
    let said = |key: &str, before: &str| match change[key].as_str() {
        Some(text) if !text.is_empty() => format!("  {before} {}", one_line(text)),
        _ => String::new(),
    };
    [said("deposed", "key"), said("previous_address", "from"), said("import_id", "by id"), later(change)]
        .concat()
}

fn later(change: &Value) -> String {
    match change["deferred"].as_str() {
        Some(reason) => format!("  deferred to a later plan: {}", one_line(reason)),
        None => String::new(),
    }
}

fn trigger(action: &Value) -> String {
    match (action["event"].as_str(), action["resource"].as_str()) {
        (Some(event), Some(resource)) => format!(": {} of {}", one_line(event), one_line(resource)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn moves_imports_old_copies_actions_and_deferred_changes_are_drawn_as_what_they_are() {
        let changes = json!([
            { "address": "t.b", "actions": ["move"], "previous_address": "t.a" },
            { "address": "t.c", "actions": ["update"], "previous_address": "t.d" },
            { "address": "t.i", "actions": ["import"], "import_id": "i-1" },
            { "address": "t.o", "actions": ["delete"], "deposed": "1a2b" },
            { "address": "t.f", "actions": ["forget"] },
            { "address": "t.g", "actions": ["create", "forget"] },
            { "address": "t.x", "actions": ["of_the_future"] },
        ]);
        let deferred =
            json!([{ "address": "t.l", "actions": ["create"], "deferred": "provider_config_unknown" }]);
        let action = json!({ "address": "action.t.n", "event": "AfterCreate", "resource": "t.b" });
        let one = json!({ "status": "planned", "resource_changes": changes, "deferred_changes": deferred, "action_invocations": [action] });
        let expected = "
  web   > t.b  (moves)  from t.a
  web   ~ t.c  from t.d
  web   <- t.i  (imports)  by id i-1
  web   - t.o  (destroys the old copy)  key 1a2b
  web   x t.f  (forgets; it stays, without Terraform)
  web   x/+ t.g  (replaces; the old one stays, without Terraform)
  web   ? t.x  (of_the_future)
  web   + t.l  deferred to a later plan: provider_config_unknown
  web   ! action.t.n  (invokes: AfterCreate of t.b)
";
        assert_eq!(super::diff(&json!({ "components": { "web": one } })), expected);
    }
}
