//! Draws the runs and locks of an environment, one line each, and one run with one line for each step.

use std::collections::BTreeMap;

use serde_json::Value;

use super::quote;
use super::units;
use super::width::pad;

pub fn history(environment: &str, runs: &[Value]) -> String {
    let many = if runs.is_empty() { "no runs yet" } else { "last runs, newest first" };
    let lines: String = runs.iter().map(|run| format!("  {}\n", line(run))).collect();
    format!("{environment}: {many}\n{lines}")
}

/// `01JD3K...  2026-01-01T00:00:00Z  orchestrate  failed    6 applied, 1 failed   root`
fn line(run: &Value) -> String {
    let text = |key: &str| quote::line(&run[key]);
    if !run["error"].is_null() {
        return format!("{}  {}", text("run_id"), quote::line(&run["error"]["message"]));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for status in run["components"].as_object().into_iter().flatten().filter_map(|(_, one)| one.as_str()) {
        *counts.entry(status).or_default() += 1;
    }
    let counts: Vec<_> =
        counts.iter().map(|(status, count)| format!("{count} {}", units::word(status))).collect();
    let goes_on = match text("resumes").as_str() {
        "" => String::new(),
        before => format!("  continues {before}"),
    };
    format!(
        "{}  {}  {}  {}  {}  {}{goes_on}",
        text("run_id"),
        text("began"),
        pad(&text("operation"), 11),
        pad(&text("state"), 8),
        counts.join(", "),
        text("user"),
    )
    .trim_end()
    .to_owned()
}

/// `networking  id 4f0c...  since 2026-01-01T00:00:00Z  orchestrate by root on infra-1, process 4711, run 01JD3K`
pub fn locks(environment: &str, locks: &[Value]) -> String {
    let many = if locks.is_empty() { "nothing is locked" } else { "locked now" };
    let mut text = format!("{environment}: {many}\n");
    for lock in locks {
        let said = |key: &str| quote::line(&lock[key]);
        let holder = |key: &str| quote::line(&lock["holder"][key]);
        text.push_str(&format!(
            "  {}  id {}  since {}  {} by {} on {}, process {}, run {}\n",
            said("component"),
            said("id"),
            holder("since"),
            holder("operation"),
            holder("user"),
            holder("host"),
            lock["holder"]["pid"],
            holder("run_id"),
        ));
    }
    text
}

/// `12:00:01.123  app  ended  failed`
pub fn steps(run: &Value, steps: &[Value]) -> String {
    let mut text = format!("{}\n", line(run));
    for step in steps {
        let said = |key: &str| quote::line(&step[key]);
        let detail = [said("status"), said("reason"), said("error"), said("snapshot_id")].join(" ");
        let line =
            format!("  {}  {} {}  {}", said("at"), pad(&said("step"), 9), said("component"), detail.trim());
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if run["state"] == "died" {
        let run_id = quote::line(&run["run_id"]);
        text.push_str(&format!(
            "\n  it crashed; to complete it: salt-run infrastructure.resume run_id={run_id}\n"
        ));
    }
    text
}
