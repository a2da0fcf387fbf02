//! The components of a kept plan that have no plan of their own, and why.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::kept_text::KeptText;
use crate::error::{Code, Error, Layer, Phase};
use crate::model::{Name, listed};
use crate::operation::request::call::CallPlace;
use crate::report::{After, ComponentReport, Status};
use crate::words::{Words, words};

/// Why one component has no plan. Secrets are removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unplanned {
    pub status: String,
    pub reason: String,
    /// The message of its error.
    pub message: String,
    pub remedy: KeptText,
    /// The components whose outputs it reads, if one of these outputs was pending.
    pub reads: BTreeSet<Name>,
    /// The component after which its planning was not started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// Whether its plan was to destroy it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub destroys: bool,
}

impl Unplanned {
    /// None if the component has a plan, or needs none. `reads`: the components whose pending outputs it reads.
    pub fn of(report: &ComponentReport, reads: BTreeSet<Name>, destroys: bool) -> Option<Self> {
        let lacks_one = match report.status {
            Status::Blocked => !report.waits_for_approval(),
            Status::PendingInputs | Status::Failed | Status::Skipped | Status::Cancelled => true,
            _ => false,
        };
        let error = report.error.as_ref();
        lacks_one.then(|| Self {
            status: report.status.word().to_owned(),
            reason: report.reason().to_owned(),
            message: error.map(|error| error.message.to_string()).unwrap_or_default(),
            remedy: error.map(|error| KeptText::from(&error.remedy)).unwrap_or_default(),
            after: report.after.clone(),
            reads: if report.status == Status::PendingInputs { reads } else { BTreeSet::new() },
            destroys,
        })
    }

    /// What an earlier version stored: only the status.
    pub fn with_status(status: Status) -> Self {
        Self { status: status.word().to_owned(), ..Self::default() }
    }

    pub fn status(&self) -> Status {
        Status::from_word(&self.status)
    }

    /// Follows "it has no plan, because".
    pub fn because(&self) -> String {
        let first = self.message.lines().next().unwrap_or_default();
        let with = |what: &str| match first {
            "" => what.to_owned(),
            message => format!("{what}: {message}"),
        };
        match self.status() {
            Status::PendingInputs if self.reads.is_empty() => {
                "it reads an output that this plan decides".to_owned()
            }
            Status::PendingInputs => {
                format!("it reads outputs of {}", listed(self.reads.iter().map(Name::as_str)))
            }
            Status::Blocked => with("it was blocked when the plan was made"),
            Status::Skipped => {
                let unknown = || "something that it depends on failed or was blocked".to_owned();
                format!("{} when the plan was made", self.after.as_ref().map_or_else(unknown, After::then))
            }
            Status::Cancelled => "the planning was stopped".to_owned(),
            _ => with("its planning failed"),
        }
    }

    /// What to do. None if an apply of the plan makes it possible to plan this component: the apply says so.
    pub fn next(&self, name: &Name, environment: &Name, place: &CallPlace) -> Option<Words> {
        let again = match self.destroys {
            true => "make this plan again".into(),
            false => words!["plan again: ", place.plan_command(environment, [name])],
        };
        let remedy = Words::from(&self.remedy).without_end(", then run again");
        match self.status() {
            Status::PendingInputs => None,
            // Many components can have these. Their texts are the same, so that a report draws them once.
            Status::Skipped => Some(match &self.after {
                Some(After { component, status: Status::Blocked }) => {
                    words!["once ", component, " is not blocked any more, plan again"]
                }
                _ => "put that right, then plan again".into(),
            }),
            Status::Cancelled => Some("plan again".into()),
            _ if remedy.is_empty() => Some(again),
            _ => Some(words![remedy, "; then ", again]),
        }
    }

    /// One sentence for people.
    pub fn sentence(&self, name: &Name, environment: &Name, place: &CallPlace) -> Words {
        let next = self.next(name, environment, place).map(|next| words!["; next: ", next]);
        words!["it has no plan, because ", self.because(), next.unwrap_or_default()]
    }

    /// Its report in an apply of the plan.
    pub fn report(
        &self,
        plan_id: &str,
        name: &Name,
        environment: &Name,
        place: &CallPlace,
    ) -> ComponentReport {
        let status = match self.status() {
            Status::Blocked => return self.blocked(plan_id, name, environment, place),
            Status::PendingInputs => Status::PendingInputs,
            _ => Status::Skipped,
        };
        let mut report = ComponentReport::new(status, Code::LeftWithoutAPlan);
        report.after.clone_from(&self.after);
        report.notes.push(self.sentence(name, environment, place));
        report
    }

    /// Its report after the component that it waited for was applied with the plan: nothing is wrong with it.
    pub fn may_go_on(after: &After) -> ComponentReport {
        let mut report = ComponentReport::new(Status::PendingInputs, Code::LeftWithoutAPlan);
        report.notes.push(format!("it has no plan, because {} when the plan was made", after.then()));
        report
    }

    fn blocked(&self, plan_id: &str, name: &Name, environment: &Name, place: &CallPlace) -> ComponentReport {
        let message = words!["plan ", Words::own(plan_id), " has no plan of it, because ", self.because()];
        let remedy = self.next(name, environment, place).unwrap_or_default();
        let code = Code::from_text(&self.reason).unwrap_or(Code::LeftWithoutAPlan);
        let error = Error::new(Layer::Salt, Phase::Planning, code, message, remedy).of(name);
        ComponentReport { error: Some(error), ..ComponentReport::new(Status::Blocked, code) }
    }
}
