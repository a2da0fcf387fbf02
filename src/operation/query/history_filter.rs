//! Which runs a history shows.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::operation_names;
use super::run_summary::RunState;
use crate::error::Result;
use crate::model::{Draft, Name, hint, nearest, some_listed};
use crate::operation::request::arguments::Arguments;
use crate::operation::store::run_log::LoggedRun;

/// The number of runs to show, unless the call gives one.
const SHOWN: usize = 20;

/// Every filter that is set must hold.
#[derive(Debug)]
pub struct HistoryFilter {
    components: Option<BTreeSet<Name>>,
    states: Option<Vec<RunState>>,
    since: Option<SystemTime>,
    user: Option<String>,
    operations: Option<BTreeSet<String>>,
    pub limit: usize,
}

impl HistoryFilter {
    /// `known`: the components that a filter may name. None if they are not known. `seen`: operations of the kept runs.
    pub fn read(arguments: &mut Arguments, known: Option<&BTreeSet<Name>>, seen: &BTreeSet<String>) -> Self {
        let components = arguments.named_among("component", || Some(known?.iter().cloned().collect()));
        if let (Some(named), Some(known)) = (&components, known)
            && arguments.is_right()
        {
            for name in named.difference(known) {
                let names = || known.iter().map(Name::as_str);
                let near = match nearest(name.as_str(), names()) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("there are: {}", some_listed(names())),
                };
                arguments.problem("component", format!("no component {:?}; {near}", name.as_str()));
            }
        }
        Self {
            components,
            states: states(arguments),
            since: since(arguments),
            user: arguments.text("user"),
            operations: operations(arguments, seen),
            limit: arguments.count("limit").unwrap_or(SHOWN),
        }
    }

    /// The components of the pillar, and those of earlier runs.
    pub fn components(draft: &Draft, runs: &[(String, Result<LoggedRun>)]) -> BTreeSet<Name> {
        let runs = runs.iter().filter_map(|(_, run)| run.as_ref().ok());
        let ran = runs.flat_map(|run| run.history.began.components.iter().chain(run.history.statuses.keys()));
        draft.mentioned.iter().chain(ran).cloned().collect()
    }

    /// The operations of earlier runs.
    pub fn operations(runs: &[(String, Result<LoggedRun>)]) -> BTreeSet<String> {
        let runs = runs.iter().filter_map(|(_, run)| run.as_ref().ok());
        runs.map(|run| run.history.began.who.operation.clone()).collect()
    }

    /// Whether it leaves runs out, apart from their number.
    pub fn is_set(&self) -> bool {
        let Self { components, states, since, user, operations, limit: _ } = self;
        components.is_some() || states.is_some() || since.is_some() || user.is_some() || operations.is_some()
    }

    /// Of a run whose journal cannot be read, only the state is known.
    pub fn takes(&self, run: &Result<LoggedRun>) -> bool {
        let state = run.as_ref().map_or(RunState::Unreadable, RunState::of);
        if self.states.as_ref().is_some_and(|states| !states.contains(&state)) {
            return false;
        }
        let Ok(run) = run else {
            return self.components.is_none()
                && self.since.is_none()
                && self.user.is_none()
                && self.operations.is_none();
        };
        let began = &run.history.began;
        let touched =
            |name: &Name| began.components.contains(name) || run.history.statuses.contains_key(name);
        // A time that cannot be read hides no run.
        let is_since = |since: &SystemTime| {
            humantime::parse_rfc3339(&began.who.since).map_or(true, |began| began >= *since)
        };
        self.components.as_ref().is_none_or(|names| names.iter().any(touched))
            && self.since.as_ref().is_none_or(is_since)
            && self.user.as_ref().is_none_or(|user| *user == began.user)
            && self.operations.as_ref().is_none_or(|operations| operations.contains(&began.who.operation))
    }
}

fn states(arguments: &mut Arguments) -> Option<Vec<RunState>> {
    let text = arguments.text("status")?;
    let words = RunState::ALL.map(RunState::word);
    let mut states = Vec::new();
    for word in text.split(',').map(str::trim) {
        match RunState::ALL.into_iter().find(|state| state.word() == word) {
            Some(state) => states.push(state),
            None => {
                let hint = hint(word, words.into_iter());
                arguments.problem("status", format!("{word:?} is not a status of a run; {hint}"));
            }
        }
    }
    Some(states)
}

fn operations(arguments: &mut Arguments, seen: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let text = arguments.text("operation")?;
    let meant = operation_names::meant_by(&text, seen);
    if meant.is_none() {
        let hint = hint(&text, operation_names::known(seen).iter().copied());
        arguments.problem("operation", format!("{text:?} is not an operation that a history has; {hint}"));
    }
    meant
}

fn since(arguments: &mut Arguments) -> Option<SystemTime> {
    let text = arguments.text("since")?;
    let since = time(&text, SystemTime::now());
    if since.is_none() {
        let message = format!(
            "{:?} is not a time: write 2d, 12h or 30m for that long ago, or a date such as 2026-01-31, or \
             2026-01-31T12:00:00Z",
            text.chars().take(60).collect::<String>()
        );
        arguments.problem("since", message);
    }
    since
}

/// A duration before now, a date, or a time. A time without a zone is UTC.
fn time(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim();
    if let Ok(ago) = humantime::parse_duration(text) {
        let first = SystemTime::UNIX_EPOCH;
        return Some(now.checked_sub(ago).map_or(first, |time| time.max(first)));
    }
    let minutes = |text: &str| humantime::parse_rfc3339_weak(text).ok();
    match text.len() {
        10 => minutes(&format!("{text} 00:00:00")),
        16 => minutes(&format!("{text}:00")),
        _ => minutes(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_relative_to_now_or_a_date_in_utc() {
        let now = humantime::parse_rfc3339("2026-03-10T12:00:00Z").unwrap();
        let read = |text: &str| time(text, now).map(|time| humantime::format_rfc3339(time).to_string());
        for (text, expected) in [
            ("2d", "2026-03-08T12:00:00Z"),
            ("12h", "2026-03-10T00:00:00Z"),
            ("1d 30m", "2026-03-09T11:30:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01 08:30", "2026-03-01T08:30:00Z"),
            ("2026-03-01T08:30:05Z", "2026-03-01T08:30:05Z"),
            ("100000000000d", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2", "2026-13-01", "-2d", "2026", "é2026-03-1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
