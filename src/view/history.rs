//! Draws the runs of an environment, two lines each: when, how it ended and what it changed, then who did what.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::style::Style;
use super::width::pad;
use super::wrap::{COLUMNS, listed, shortened};
use super::{quote, statuses, units};
use crate::report::Counts;

/// In columns: a name of a user, a host or an operation.
const LONGEST: usize = 30;
/// In columns: counts that fit the first line. Longer ones begin the second line.
const COUNTS: usize = 13;

pub fn history(report: &Value, style: Style) -> String {
    let environment = quote::line(&report["environment"]);
    let runs: Vec<_> = report["runs"].as_array().into_iter().flatten().collect();
    let kept = report["runs_kept"].as_u64().unwrap_or(runs.len() as u64);
    let head = match (runs.len() as u64, kept) {
        (0, 0) => "no runs yet".to_owned(),
        (0, 1) => "the only run does not match".to_owned(),
        (0, kept) => format!("none of the {kept} runs match"),
        (shown, kept) if shown == kept => "last runs, newest first".to_owned(),
        (shown, kept) if report["filtered"] == true => {
            format!("{shown} of {kept} runs, newest first")
        }
        (shown, kept) => format!("last {shown} of {kept} runs, newest first"),
    };
    let split = |run: &Value| {
        let counts = if run["changes"] == false { String::new() } else { counts(&run["counts"]) };
        if counts.width() <= COUNTS { (counts, None) } else { (String::new(), Some(counts)) }
    };
    let widest = runs.iter().map(|run| split(run).0.width()).max().unwrap_or(0);
    let draw = |run: &&Value| {
        let (counts, long) = split(run);
        first(run, &counts, widest, style) + &second(run, long)
    };
    let lines: String = runs.iter().map(draw).collect();
    format!("{environment}: {head}\n{lines}")
}

/// What a run does with a plan that was saved before.
pub fn of_plan(run: &Value) -> &'static str {
    match (run["operation"].as_str(), &run["test"]) {
        (Some("approve"), _) => "approves plan",
        (_, Value::Bool(true)) => "tests plan",
        _ => "applies plan",
    }
}

/// `+3 ~1 -0`; empty if nothing was counted.
pub fn counts(counts: &Value) -> String {
    let counts: Option<Counts> = serde_json::from_value(counts.clone()).ok();
    counts.as_ref().map_or_else(String::new, units::counts)
}

/// `01JD3K...  2026-01-01 00:00  failed    +3 ~1 -0    41.2s`
fn first(run: &Value, counts: &str, widest: usize, style: Style) -> String {
    let run_id = shortened(&quote::line(&run["run_id"]), LONGEST);
    let state = shortened(&quote::line(&run["state"]), 10);
    let took = run["duration"].as_f64().map_or_else(String::new, units::seconds);
    let line = format!(
        "  {run_id}  {}  {}  {}  {took:>6}",
        pad(&minute(&quote::line(&run["began"])), 16),
        style.status(&state, 8),
        pad(counts, widest),
    );
    format!("{}\n", line.trim_end())
}

/// `2026-01-01 00:00` of `2026-01-01T00:00:00Z`.
fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

/// `orchestrate, by root, 6 applied, 1 failed`; `plan, would: +1 ~0 -0, by root, 1 planned`
fn second(run: &Value, counts: Option<String>) -> String {
    const INDENT: &str = "      ";
    if run["operation"].is_null() && run["error"].is_object() {
        return format!("{INDENT}{}\n", quote::block(&run["error"]["message"], INDENT));
    }
    let text = |key: &str| shortened(&quote::line(&run[key]), LONGEST);
    let with = |word: &str, key: &str| match text(key).as_str() {
        "" => None,
        value => Some(format!("{word} {value}")),
    };
    let mode = if run["test"] == true && run["operation"] != "plan" { " (test)" } else { "" };
    // Who approved is said with how the name is known.
    let who = match quote::line(&run["approver"]).as_str() {
        "" => with("by", "user"),
        approver => Some(format!("by {}", shortened(approver, 2 * LONGEST))),
    };
    let would = Some(self::counts(&run["counts"])).filter(|counts| run["test"] == true && !counts.is_empty());
    let facts = [
        counts,
        Some(format!("{}{mode}", text("operation"))),
        would.map(|counts| format!("would: {counts}")),
        who,
        with("on", "host"),
        with("of", "of_branch"),
        with("continues", "resumes"),
        with(of_plan(run), "plan_id"),
    ];
    let components = run["components"].as_object().into_iter().flatten().map(|(_, status)| status);
    let parts: Vec<_> = facts.into_iter().flatten().chain(statuses::counted(components)).collect();
    let why = match quote::line(&run["error"]["message"]).as_str() {
        "" => String::new(),
        why => format!("{INDENT}{}\n", shortened(why, COLUMNS - INDENT.len())),
    };
    listed(&parts, INDENT) + &why
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::wrap::COLUMNS;
    use super::*;

    const PLAIN: Style = Style { colour: false };

    #[test]
    fn each_run_has_its_counts_duration_user_operation_and_result() {
        let one = json!({
            "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCM", "began": "2026-01-01T12:30:05Z", "state": "failed",
            "operation": "orchestrate", "user": "root", "host": "infra-1", "duration": 41.2, "resumes": null,
            "plan_id": null, "test": false, "counts": { "add": 14, "change": 2 },
            "components": { "a": "applied", "b": "failed", "c": "applied" },
        });
        let died = json!({
            "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCA", "began": "2026-01-01T12:00:00Z", "state": "died",
            "operation": "plan", "user": "", "host": "infra-1", "duration": null, "counts": null, "components": {},
            "resumes": "01JD3KV6T0W8Q5YB4E2N9RZXC0",
        });
        let report =
            json!({ "environment": "staging", "runs": [one, died], "runs_kept": 9, "filtered": true });
        assert_eq!(
            history(&report, PLAIN),
            "staging: 2 of 9 runs, newest first\n  \
             01JD3KV6T0W8Q5YB4E2N9RZXCM  2026-01-01 12:30  failed    +14 ~2 -0   41.2s\n      \
             orchestrate, by root, on infra-1, 1 failed, 2 applied\n  \
             01JD3KV6T0W8Q5YB4E2N9RZXCA  2026-01-01 12:00  died\n      \
             plan, on infra-1, continues 01JD3KV6T0W8Q5YB4E2N9RZXC0\n"
        );
    }

    #[test]
    fn what_a_run_would_change_is_told_apart_from_what_changed_and_an_approval_changes_nothing() {
        let run = |operation: &str, changes: bool, test: bool, add: u64| {
            json!({
                "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCM", "began": "2026-01-01T12:30:05Z", "state": "complete",
                "operation": operation, "user": "root", "duration": 1.0, "changes": changes, "test": test,
                "counts": { "add": add }, "components": {}, "plan_id": if operation == "plan" { "" } else { "01P" },
            })
        };
        let runs = [
            run("apply", true, false, 1),
            run("approve", false, false, 0),
            run("apply", false, true, 1),
            run("plan", false, true, 1),
        ];
        let text = history(&json!({ "environment": "staging", "runs": runs }), PLAIN);
        let lines: Vec<_> = text.lines().skip(1).collect();
        let at = "  01JD3KV6T0W8Q5YB4E2N9RZXCM  2026-01-01 12:30  complete";
        assert_eq!(
            lines,
            [
                &format!("{at}  +1 ~0 -0    1.0s"),
                "      apply, by root, applies plan 01P",
                &format!("{at}              1.0s"),
                "      approve, by root, approves plan 01P",
                &format!("{at}              1.0s"),
                "      apply (test), would: +1 ~0 -0, by root, tests plan 01P",
                &format!("{at}              1.0s"),
                "      plan, would: +1 ~0 -0, by root",
            ]
        );
    }

    #[test]
    fn a_history_has_80_columns_and_shows_where_it_cut_something() {
        let long = "x".repeat(200);
        let one = json!({
            "run_id": "01JD3KV6T0W8Q5YB4E2N9RZXCM", "began": "2026-01-01T12:30:05Z", "state": "complete",
            "operation": long, "user": long, "host": long, "duration": 86000.0, "resumes": long,
            "counts": { "add": 999, "change": 999, "remove": 999, "forget": 999 },
            "components": { "a": "applied_with_warnings", "b": "rollback_needs_approval", "c": "pending_inputs" },
        });
        let text = history(&json!({ "environment": "staging", "runs": [one] }), PLAIN);
        assert!(text.lines().all(|line| line.width() <= COLUMNS), "{text}");
        assert_eq!(text.matches('…').count(), 4, "{text}");
        assert!(!text.contains(&long), "{text}");
    }

    #[test]
    fn a_history_without_runs_says_whether_a_filter_hides_them() {
        let of = |kept: u64| json!({ "environment": "e", "runs": [], "runs_kept": kept, "filtered": true });
        assert_eq!(history(&of(0), PLAIN), "e: no runs yet\n");
        assert_eq!(history(&of(1), PLAIN), "e: the only run does not match\n");
        assert_eq!(history(&of(3), PLAIN), "e: none of the 3 runs match\n");
    }
}
