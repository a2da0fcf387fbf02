//! Which components of a saved plan a call approves, and why it can approve nothing.

use std::collections::BTreeSet;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Name, hint, listed};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::CallPlace;
use crate::operation::store::plan_contents::PlanContents;
use crate::operation::store::saved_plans::SavedPlans;
use crate::operation::store::unplanned::Unplanned;
use crate::report::Status;
use crate::words::{Words, words};

/// The components of a plan, of which some are approved.
pub(super) struct ApprovalChoice<'a> {
    pub plans: &'a SavedPlans,
    pub contents: &'a PlanContents,
    pub saved: &'a BTreeSet<Name>,
    pub plan_id: &'a str,
    pub environment: &'a Name,
    pub place: &'a CallPlace,
}

impl ApprovalChoice<'_> {
    /// The named components, or all that policy stopped.
    pub fn select(&self, named: Option<BTreeSet<Name>>) -> Result<BTreeSet<Name>> {
        let waiting: BTreeSet<Name> =
            self.saved.iter().filter(|name| self.was_stopped(name)).cloned().collect();
        // A pattern that matches nothing has a name in its place.
        let named =
            named.filter(|named| !(waiting.is_empty() && *named == [Arguments::placeholder()].into()));
        let Some(named) = named else {
            return if waiting.is_empty() { Err(self.nothing()) } else { Ok(waiting) };
        };
        match named.iter().find(|name| !waiting.contains(*name)) {
            None => Ok(named),
            Some(other) => Err(self.not_stopped(other, &waiting)),
        }
    }

    fn was_stopped(&self, name: &Name) -> bool {
        self.contents.statuses.get(name.as_str()).is_some_and(|status| status == Status::Blocked.word())
    }

    /// Policy stopped nothing. Something else may have.
    fn nothing(&self) -> Error {
        let Self { contents, plan_id, .. } = self;
        if let Some(used) = self.saved.iter().find_map(|name| self.plans.of(name).refuse_used().err()) {
            return used;
        }
        if let Some((name, unplanned)) = contents.unplanned.first_key_value()
            && self.saved.is_empty()
        {
            return self.unplanned(name, unplanned);
        }
        let blocked = contents.unplanned.iter().filter(|(_, one)| one.status() == Status::Blocked);
        let blocked = blocked.map(|(name, one)| format!("; {name} has no plan, because {}", one.because()));
        let message = format!(
            "plan {plan_id} needs no approval: policy stopped nothing in it{}",
            blocked.collect::<String>()
        );
        let remedy = match self.saved.is_empty() {
            true => "it contains no change, so there is nothing to apply either".into(),
            false => words![self.apply(), " applies this plan"],
        };
        refused(message, remedy)
    }

    fn not_stopped(&self, name: &Name, waiting: &BTreeSet<Name>) -> Error {
        let plan_id = self.plan_id;
        if let Some(unplanned) = self.contents.unplanned.get(name) {
            return self.unplanned(name, unplanned);
        }
        if !self.contents.statuses.contains_key(name.as_str()) {
            let names = self.contents.names();
            let hint = Words::own(hint(name.as_str(), names));
            return refused(format!("plan {plan_id} has no component {name}"), hint);
        }
        if let Err(used) = self.plans.of(name).refuse_used() {
            return used;
        }
        let message = format!("{name} in plan {plan_id} needs no approval: policy did not stop it");
        let remedy = match waiting.is_empty() {
            true => words![self.apply(), " applies this plan"],
            false => Words::own(format!(
                "these components of it need approval: {}",
                listed(waiting.iter().map(Name::as_str))
            )),
        };
        refused(message, remedy)
    }

    fn unplanned(&self, name: &Name, unplanned: &Unplanned) -> Error {
        let message = format!(
            "plan {} has no plan of {name}, so there is nothing to approve: {}",
            self.plan_id,
            unplanned.because()
        );
        let next = unplanned.next(name, self.environment, self.place);
        refused(message, next.unwrap_or_else(|| words![self.apply(), " decides what it reads"]))
    }

    fn apply(&self) -> Words {
        self.place.apply_command(self.plan_id, self.saved.iter(), self.environment.as_str())
    }
}

fn refused(message: String, remedy: Words) -> Error {
    Error::new(Layer::Salt, Phase::Validation, Code::NothingToApprove, Words::own(message), remedy)
}
