//! Draws failures: what failed, where, the original message, the resulting state, and what to do next.

use serde_json::Value;

use super::alike::{Alike, alike};
use super::quote::{block, line};
use crate::error::Code;

/// The failure of a whole operation. Nothing was run.
pub fn whole(report: &Value) -> String {
    let error = &report["error"];
    let problems = error["details"]["problems"].as_array();
    // As the programs write it.
    let is_environment = |path: &Value| path == "arguments:environment" || path == "arguments:ENV";
    let is_unclear = problems.into_iter().flatten().any(|problem| is_environment(&problem["path"]));
    let place = match report["environment"].as_str() {
        Some(environment) if !environment.is_empty() && !is_unclear => environment,
        _ => "infrastructure",
    };
    // Each problem itself says what would be right.
    let Some(problems) = problems else {
        let component = match line(&error["component"]).as_str() {
            "" => String::new(),
            component => format!("{component}: "),
        };
        let (message, remedy) = (block(&error["message"], "    "), block(&error["remedy"], "    "));
        return format!("{place}: {component}{message}\n    next: {remedy}\n");
    };
    let mut text = format!("{place}: {}\n", string(&error["message"]).lines().next().unwrap_or_default());
    for problem in problems {
        let (path, message) = (line(&problem["path"]), block(&problem["message"], "      "));
        text.push_str(&format!("  {path}\n      {message}\n"));
    }
    text
}

/// The hooks of the run that failed. They do not change its result.
pub fn hooks(report: &Value) -> String {
    let failed = report["failed_hooks"].as_array().into_iter().flatten();
    failed.map(|one| format!("\n  hook of the run: {}\n", block(one, "    "))).collect()
}

const WORST_FIRST: [&str; 7] =
    ["rollback_failed", "failed", "rollback_needs_approval", "kept", "rolled_back", "cancelled", "blocked"];

/// Each failed component, the worst first.
pub fn each(report: &Value) -> String {
    let rank = |status: &str| WORST_FIRST.iter().position(|one| *one == status).unwrap_or(WORST_FIRST.len());
    let components = report["components"].as_object().into_iter().flatten();
    let mut failed: Vec<_> = components.filter(|(_, one)| !one["error"].is_null()).collect();
    failed.sort_by_key(|(name, one)| (rank(&string(&one["status"])), name.to_owned()));
    let is_continued = report["resume_command"].is_string() || report["is_continued"] == true;
    let texts = failed.into_iter().map(|(name, one)| (name.as_str(), failure(one, is_continued)));
    let draw = |one: Alike<'_>| {
        let names = one.all_names("    ");
        let names = if names.is_empty() { names } else { format!("    all of them:\n{names}") };
        format!("\n  {}{}{names}", one.label(), one.text)
    };
    alike(report, texts).into_iter().map(draw).collect()
}

/// The failure after the name of its component. `is_continued`: the text ends with how to continue the run.
fn failure(one: &Value, is_continued: bool) -> String {
    let error = &one["error"];
    let addresses: Vec<_> =
        error["details"]["addresses"].as_array().into_iter().flatten().map(line).collect();
    let at = if addresses.is_empty() { String::new() } else { format!(", {}", addresses.join(", ")) };
    let status = string(&one["status"]);
    // What is blocked has not begun.
    let phase = if status == "blocked" { String::new() } else { format!(" at {}", string(&error["phase"])) };
    let mut text = format!("  {status}{phase}{at}\n");
    let who = if error["layer"] == "terraform" { "terraform: " } else { "" };
    text.push_str(&format!("    {who}{}\n", block(&error["message"], "    ")));
    for note in one["notes"].as_array().into_iter().flatten() {
        text.push_str(&format!("    {}\n", block(note, "    ")));
    }
    let remedy = block(&error["remedy"], "    ");
    let is_said = is_continued && error["code"] == Code::Cancelled.as_str();
    if !remedy.is_empty() && !is_said {
        text.push_str(&format!("    next: {remedy}\n"));
    }
    text
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
