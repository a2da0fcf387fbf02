//! Reads a journal: how far a run came.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::entry::{CompletedComponent, JournalEntry, JournalLine, RunStart};
use crate::error::Code;
use crate::model::Name;
use crate::report::Status;

#[derive(Clone, Debug)]
pub struct RunHistory {
    pub began: Box<RunStart>,
    /// Each component that ended. If it succeeded, with its properties at that time.
    pub ended: BTreeMap<Name, Option<CompletedComponent>>,
    /// Components in which terraform was changing resources when the journal stopped.
    pub applying: BTreeSet<Name>,
    /// When the run finished, and its result. None: the run is in progress, or it crashed.
    pub finished: Option<(String, Option<bool>)>,
    /// The status of each component that has one.
    pub statuses: BTreeMap<Name, String>,
    /// Components whose saved plan cannot be applied any more: it was used, or refused.
    pub spent: BTreeSet<Name>,
    /// Whether a component had its turn.
    pub has_started: bool,
    /// Every step, as it was written.
    pub steps: Vec<Value>,
}

/// Why `resume` cannot continue a run that has work left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotResumable {
    /// It was about a drift, or a rollback, or a change of a state by hand: it is called again.
    CallAgain,
    /// The saved plans of these components cannot be applied any more.
    PlanAgain(BTreeSet<Name>),
}

impl RunHistory {
    /// A run of which only its first step is known.
    pub fn of(began: RunStart) -> Self {
        Self {
            began: Box::new(began),
            ended: BTreeMap::new(),
            applying: BTreeSet::new(),
            finished: None,
            statuses: BTreeMap::new(),
            spent: BTreeSet::new(),
            has_started: false,
            steps: Vec::new(),
        }
    }

    /// None if even the first step is incomplete. A line that cannot be parsed, such as an incomplete last line, is
    /// ignored.
    pub fn read(text: &[u8]) -> Option<Self> {
        let steps: Vec<Value> =
            text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let mut entries =
            steps.iter().filter_map(|step| serde_json::from_value::<JournalLine>(step.clone()).ok());
        let JournalEntry::Began(began) = entries.next()?.entry else { return None };
        let mut history = Self::of(*began);
        for JournalLine { at, entry } in entries {
            match entry {
                JournalEntry::Began(_) | JournalEntry::Approved { .. } => {}
                JournalEntry::Started { .. } => history.has_started = true,
                JournalEntry::Applying { component, .. } => {
                    history.spent.insert(component.clone());
                    history.applying.insert(component);
                }
                JournalEntry::Ended { component, status, done, reason } => {
                    history.applying.remove(&component);
                    if Code::from_text(&reason).is_some_and(Code::refuses_a_plan) {
                        history.spent.insert(component.clone());
                    }
                    history.statuses.insert(component.clone(), status);
                    history.ended.insert(component, done);
                }
                JournalEntry::Finished { result, components, .. } => {
                    (history.finished, history.statuses) = (Some((at, result)), components);
                }
            }
        }
        history.steps = steps;
        Some(history)
    }

    /// Whether everything in the request is done.
    pub fn is_complete(&self) -> bool {
        matches!(self.finished, Some((_, Some(true))))
    }

    pub fn ended_well(&self, name: &Name) -> bool {
        let status = self.statuses.get(name).map(|word| Status::from_word(word));
        self.is_complete() || status.is_some_and(Status::ended_well)
    }

    /// Its components that are not as it was to make them.
    pub fn unfinished(&self) -> impl Iterator<Item = &Name> {
        self.began.components.iter().filter(|name| !self.ended_well(name))
    }

    /// Whether it ended before its saved plans were used: they can be applied by the same call. An earlier version kept
    /// such calls also where their plans were refused.
    pub fn left_its_plans(&self) -> bool {
        self.began.plan_id.is_some() && self.finished.is_some() && !self.has_started
    }

    /// The one rule of what `resume` can continue. It says nothing about runs that are complete or still go on.
    pub fn why_not_resumable(&self) -> Option<NotResumable> {
        let began = &self.began;
        if began.is_about_drift() || began.is_rollback() || began.is_state_edit() {
            return Some(NotResumable::CallAgain);
        }
        began.plan_id.as_ref()?;
        // One plan that cannot be applied stops all of them.
        let spent: BTreeSet<_> =
            self.unfinished().filter(|name| self.spent.contains(*name)).cloned().collect();
        (!spent.is_empty()).then_some(NotResumable::PlanAgain(spent))
    }

    /// Whether the process that wrote the journal still runs and can continue.
    pub fn is_alive(&self) -> bool {
        self.finished.is_none() && !self.began.who.is_gone()
    }

    /// The components that succeeded, with their properties at that time.
    pub fn done(&self) -> BTreeMap<Name, CompletedComponent> {
        let done = self.ended.iter().filter_map(|(name, done)| Some((name.clone(), done.clone()?)));
        done.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Kind;
    use crate::lock::Holder;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn line(entry: JournalEntry) -> Vec<u8> {
        let mut line =
            serde_json::to_vec(&JournalLine { at: "2026-01-01T00:00:00Z".to_owned(), entry }).unwrap();
        line.push(b'\n');
        line
    }

    fn journal() -> Vec<u8> {
        let done = Some(CompletedComponent { made_from: "x".to_owned(), lineage: "l".to_owned(), serial: 3 });
        let applying = |component| JournalEntry::Applying { component: name(component), snapshot_id: None };
        let began = RunStart::new(Holder::here(), "", Kind::Apply, [name("net"), name("app")].into());
        [
            JournalEntry::Began(Box::new(began)),
            JournalEntry::Started { component: name("net"), deployment_id: "0123456789ab".to_owned() },
            applying("net"),
            JournalEntry::Ended {
                component: name("net"),
                status: "applied".to_owned(),
                reason: String::new(),
                done,
            },
            applying("app"),
        ]
        .into_iter()
        .flat_map(line)
        .collect()
    }

    #[test]
    fn the_journal_of_a_crashed_run_shows_completed_and_interrupted_steps() {
        let history = RunHistory::read(&journal()).unwrap();
        assert_eq!(history.done().keys().map(Name::as_str).collect::<Vec<_>>(), ["net"]);
        assert_eq!(history.applying, [name("app")].into());
        assert!(history.finished.is_none() && !history.is_complete() && history.is_alive());
    }

    #[test]
    fn a_truncated_journal_shows_fewer_steps_and_never_more() {
        let whole = journal();
        for length in 0..whole.len() {
            let Some(history) = RunHistory::read(&whole[..length]) else { continue };
            assert!(history.done().keys().all(|one| one.as_str() == "net"), "{length}");
            assert!(!history.is_complete());
        }
        assert!(RunHistory::read(b"").is_none());
    }

    #[test]
    fn steps_of_another_version_are_shown_and_change_nothing() {
        let mut text = journal();
        text.extend_from_slice(b"{\"at\": \"2030-01-01T00:00:00Z\", \"step\": \"promoted\"}\n");
        let history = RunHistory::read(&text).unwrap();
        assert_eq!((history.steps.len(), history.done().len()), (6, 1));
    }
}
