//! A sentence about a run, for events and hooks, and for the mails and chats that they send.

use serde_json::Value;

use super::quote::{flat_text, line};
use super::{statuses, units};
use crate::count::counted;
use crate::model::Name;
use crate::printable::one_line;
use crate::report::{ComponentReport, Counts, Report, Status};

/// How many failed components a message names, and the greatest number of characters of each reason.
const NAMED: usize = 3;
const LONGEST: usize = 300;

/// Which run it is.
pub struct RunTitle<'a> {
    pub environment: &'a str,
    pub operation: &'a str,
    pub user: &'a str,
    pub run_id: &'a str,
}

impl RunTitle<'_> {
    /// `staging: orchestrate by root`
    fn text(&self) -> String {
        let Self { environment, operation, user, .. } = self;
        match one_line(user) {
            user if user.is_empty() => format!("{environment}: {operation}"),
            user => format!("{environment}: {operation} by {user}"),
        }
    }
}

/// `staging: orchestrate by root started: 6 components, run 01JD3K`
pub fn started(title: &RunTitle<'_>, components: usize) -> String {
    format!("{} started: {}, run {}", title.text(), counted(components, "component"), title.run_id)
}

/// `staging: orchestrate by root failed: 1 failed, 5 applied, +14 ~2 -0, 41.0s, run 01JD3K`, and a line for each of the
/// first failures.
pub fn ended(value: &Value, report: &Report) -> String {
    let word = if report.result == Some(false) { "failed" } else { "finished" };
    let mut facts = match &report.error {
        Some(error) => vec![brief(&error.message)],
        None => statuses::counted(
            value["components"].as_object().into_iter().flatten().map(|(_, one)| &one["status"]),
        ),
    };
    if facts.is_empty() {
        facts.push("no components".to_owned());
    }
    let changes = Counts::of_report(value);
    if !changes.is_empty() {
        facts.push(units::counts(&changes));
    }
    facts.push(units::seconds(report.duration));
    // `show` does not know a call that was refused.
    if report.run_kept {
        facts.push(format!("run {}", report.run_id));
    }
    let title = RunTitle {
        environment: &report.environment,
        operation: &report.operation,
        user: &report.user,
        run_id: &report.run_id,
    };
    let mut text = format!("{} {word}: {}", title.text(), facts.join(", "));
    let failed: Vec<_> = report.components.iter().filter(|(_, one)| is_cause(one)).collect();
    for (name, one) in failed.iter().take(NAMED) {
        text.push_str(&format!("\n{name}: {}: {}", units::word(one.status.word()), why(one)));
    }
    if failed.len() > NAMED {
        text.push_str(&format!("\nand {} more", failed.len() - NAMED));
    }
    if let Some(command) = report.extra.get("approve_command") {
        text.push_str(&format!("\nto approve what is blocked: {}", line(command)));
    }
    text
}

/// A run that was killed.
pub fn died(title: &RunTitle<'_>, host: &str, since: &str) -> String {
    let (text, run_id) = (title.text(), title.run_id);
    format!("{text} failed: it was killed or crashed on {}, began {since}, run {run_id}", one_line(host))
}

/// `staging/web: applied, +1 ~0 -0`
pub fn of_component(environment: &Name, name: &Name, report: &ComponentReport) -> String {
    let mut text = format!("{environment}/{name}: {}", units::word(report.status.word()));
    if !report.changes.is_empty() {
        text.push_str(&format!(", {}", units::counts(&report.changes)));
    }
    text
}

/// Why a component is not as requested.
pub fn why(report: &ComponentReport) -> String {
    let note = || report.notes.first().map(|note| brief(note));
    match (&report.error, report.status) {
        (Some(error), _) => brief(&error.message),
        (None, status) => note().unwrap_or_else(|| match report.reason() {
            "" => units::word(status.word()),
            reason => units::word(reason),
        }),
    }
}

/// Whether the component is a cause of the failure. Skipped ones are only counted.
pub fn is_cause(report: &ComponentReport) -> bool {
    report.status.result() == Some(false) && report.status != Status::Skipped
}

/// One line of limited length.
fn brief(text: &str) -> String {
    let text = flat_text(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}
