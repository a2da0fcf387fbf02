//! Draws text that others wrote so that no part of it can look like a line of the report.

use serde_json::Value;

use crate::printable::{one_line, printable};

/// A text on one line.
pub fn line(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default()).into_owned()
}

/// A text of several lines as one, with single spaces.
pub fn flat(value: &Value) -> String {
    flat_text(value.as_str().unwrap_or_default())
}

pub fn flat_text(text: &str) -> String {
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// The address of a changed object. An old copy has the address of the object in use.
pub fn object(change: &Value) -> String {
    match change["deposed"].as_str() {
        Some(_) => format!("{} (the old copy {})", line(&change["address"]), line(&change["deposed"])),
        None => line(&change["address"]),
    }
}

/// The text with its second and later lines below the first, each behind a bar.
pub fn block(value: &Value, indent: &str) -> String {
    printable(value.as_str().unwrap_or_default()).trim_end().replace('\n', &format!("\n{indent}| "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::view::{returns, text};

    const FORGED: &str = "boo\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\r\nfake: 8 applied\n  net  applied\n    next: rm -rf /\u{2028}x\ry";

    fn report() -> Value {
        let attribute = json!({ "path": FORGED, "before": FORGED, "after": [FORGED] });
        let change = json!({ "address": FORGED, "actions": ["update"], "attributes": [attribute] });
        let failed = json!({
            "status": "failed", "reason": "terraform_failed", "notes": [FORGED],
            "error": { "message": FORGED, "remedy": FORGED, "phase": "application", "layer": "terraform", "details": { "addresses": [FORGED] } },
        });
        let planned = json!({
            "status": "planned", "notes": [FORGED], "error": null, "resource_changes": [change], "output_changes": { FORGED: "create" },
            "outputs": { FORGED: FORGED }, "drift": { "changes": [change] },
            "salt": { "minions": { "m": { "changed": [{ "function": "f.f", "name": FORGED }] } } },
        });
        json!({
            "schema": 1, "environment": "staging", "operation": "orchestrate", "run_id": "01R", "error": null,
            "components": { "one": failed, "two": planned }, "left_behind": [FORGED], "failed_hooks": [FORGED],
            "layers": { "nomad": { "status": "unhealthy", "summary": FORGED, "faults": [{ "message": FORGED, "remedy": FORGED }] } },
        })
    }

    fn is_obeyed(one: char) -> bool {
        one.is_control() && one != '\n' || ('\u{2028}'..='\u{202e}').contains(&one)
    }

    #[test]
    fn no_foreign_text_reaches_a_terminal_raw_or_looks_like_a_line_of_the_report() {
        let run = json!({ "run_id": FORGED, "user": FORGED, "state": "died", "resumed_by": FORGED });
        let kept = json!({ "plan_id": FORGED, "components": { "c": { "why": FORGED, "approved": FORGED } } });
        let lock = json!({ "component": "net", "id": FORGED, "holder": { "user": FORGED } });
        let source = json!({ "file": FORGED, "repository": FORGED, "ext_pillar": FORGED, "keys": [FORGED] });
        let level = json!({
            "effect": "part", "path": FORGED, "value": FORGED, "parts": [FORGED], "sources": [source], "unknown": FORGED,
        });
        let output = json!({ "effect": "wins", "outputs": [FORGED] });
        let setting = json!({ "name": FORGED, "kind": FORGED, "levels": [level, output] });
        let why =
            |what: &str| json!({ "environment": "e", "what": what, "why": [setting], "why_notes": [FORGED] });
        let refused = json!({ "message": "1 problem\n x", "remedy": "", "details": { "problems": [{ "path": FORGED, "message": FORGED }] } });
        let drawn = [
            report(),
            json!({ "environment": "e", "runs": [{ "user": FORGED }] }),
            json!({ "run": run, "steps": [], "plan": kept }),
            json!({ "run": run, "steps": [], "report": self::report() }),
            json!({ "environment": "e", "locks": [lock] }),
            json!({ "environment": "e", "snapshots": [{ "error": { "message": FORGED } }] }),
            json!({ "error": { "message": FORGED, "remedy": FORGED } }),
            json!({ "error": refused }),
            why("a.b"),
            why("a"),
        ];
        for report in drawn {
            let text = text(&report, false);
            assert!(text.contains("pwned"), "{text}");
            assert!(!text.chars().any(is_obeyed), "{text:?}");
            for line in text.lines() {
                let forged = ["fake: 8", "net  applied", "next: rm"]
                    .iter()
                    .any(|one| line.trim_start().starts_with(one));
                assert!(!forged, "{line:?} in {text}");
            }
        }
    }

    #[test]
    fn the_return_of_a_state_contains_no_control_character_and_no_forged_line() {
        let report = report();
        for component in ["one", "two"] {
            let returned = returns::one(&report, "n", component);
            assert!(!strings(&returned).iter().any(|text| text.chars().any(is_obeyed)), "{returned:#}");
            let comment = returned["comment"].as_str().unwrap();
            assert!(comment.contains("pwned"), "{comment}");
            let forged = |line: &str| {
                line.trim_start().starts_with("fake: 8") || line.trim_start().starts_with("next: rm")
            };
            assert!(!comment.lines().any(forged), "{comment}");
        }
    }

    fn strings(value: &Value) -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().flat_map(strings).collect(),
            Value::Object(map) => {
                map.iter().flat_map(|(key, one)| [vec![key.clone()], strings(one)].concat()).collect()
            }
            _ => Vec::new(),
        }
    }
}
