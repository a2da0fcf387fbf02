//! Draws the snapshots of an environment, one line each.

use serde_json::Value;

use super::quote;
use crate::count::counted;

/// This many characters of a digest are enough to distinguish configurations.
const SHORT: usize = 12;

/// `01JD3K...  2026-01-01T00:00:00Z  networking  serial 3, 5 resources  of 1f0c3b9a2d4e (known good)  run 01JD3K`
pub fn snapshots(environment: &str, snapshots: &[Value]) -> String {
    let many = if snapshots.is_empty() { "no snapshots yet" } else { "snapshots, newest first" };
    let lines: String = snapshots.iter().map(|one| format!("  {}\n", line(one))).collect();
    format!("{environment}: {many}\n{lines}")
}

fn line(snapshot: &Value) -> String {
    let text = |key: &str| quote::line(&snapshot[key]);
    if !snapshot["error"].is_null() {
        let message = quote::line(&snapshot["error"]["message"]);
        return format!("{}  {}  {message}", text("snapshot_id"), text("component"));
    }
    let configuration = match (text("configuration").as_str(), &snapshot["known_good"], &snapshot["applied"])
    {
        ("", ..) => "before the first apply".to_owned(),
        (digest, Value::Bool(true), _) => format!("of {} (known good)", short(digest)),
        (digest, _, Value::Bool(true)) => format!("of {} (applied)", short(digest)),
        (digest, ..) => format!("of {}", short(digest)),
    };
    format!(
        "{}  {}  {}  serial {}, {}  {configuration}  {} run {}",
        text("snapshot_id"),
        text("time"),
        text("component"),
        snapshot["serial"],
        counted(snapshot["resources"].as_u64().unwrap_or_default(), "resource"),
        text("operation"),
        text("run_id"),
    )
}

fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_component_has_a_line_and_a_broken_one_shows_the_problem() {
        let one = json!({
            "snapshot_id": "01A", "time": "2026-01-01T00:00:00Z", "component": "net", "serial": 3, "resources": 1,
            "configuration": "1f0c3b9a2d4e77", "known_good": true, "applied": true, "operation": "orchestrate",
            "run_id": "01R",
        });
        let first = json!({
            "snapshot_id": "01B", "time": "2026-01-01T00:00:00Z", "component": "net", "serial": 0, "resources": 0,
            "configuration": null, "known_good": false, "applied": false, "operation": "apply", "run_id": "01R",
        });
        let broken =
            json!({ "snapshot_id": "01C", "component": "net", "error": { "message": "cannot be used" } });
        assert_eq!(
            snapshots("staging", &[one, first, broken]),
            "staging: snapshots, newest first\n  01A  2026-01-01T00:00:00Z  net  serial 3, 1 resource  of \
             1f0c3b9a2d4e (known good)  orchestrate run 01R\n  01B  2026-01-01T00:00:00Z  net  serial 0, 0 \
             resources  before the first apply  apply run 01R\n  01C  net  cannot be used\n"
        );
        assert_eq!(snapshots("staging", &[]), "staging: no snapshots yet\n");
    }
}
