//! The turns of one run: which components get one, and what a turn leaves for the others.

use std::collections::{BTreeMap, BTreeSet};

use super::as_applied;
use super::data::KeepingComponents;
use super::foreseen_outputs::ForeseenOutputs;
use crate::error::Code;
use crate::graph::Graph;
use crate::model::Name;
use crate::operation::fingerprint::Passing;
use crate::operation::intent::Intent;
use crate::operation::session::Session;
use crate::operation::session::pending_changes::PendingChanges;
use crate::report::ComponentReport;

/// How often one component may meet the rate limit of an API in one run.
const MOST_LIMITS: u32 = 9;

pub(super) struct Turns<'a> {
    session: &'a Session,
    intent: &'a Intent,
    /// The fingerprints, if the call passes over what is as they say.
    passing: Option<&'a Passing<'a>>,
    /// All components of the run.
    names: BTreeSet<Name>,
    foreseen: ForeseenOutputs<'a>,
    keeping: KeepingComponents<'a>,
}

impl<'a> Turns<'a> {
    pub fn new(
        session: &'a Session,
        intent: &'a Intent,
        graph: &Graph,
        passing: Option<&'a Passing<'a>>,
        pending: &'a PendingChanges,
    ) -> Self {
        let names: BTreeSet<Name> = graph.names().cloned().collect();
        let foreseen = ForeseenOutputs::new(session, pending, names.clone());
        Self { session, intent, passing, names, foreseen, keeping: KeepingComponents::new(session) }
    }

    /// The turn of this component, or its report if it needs none.
    pub async fn run(&self, name: Name) -> ComponentReport {
        if let Some(report) = self.keeping.needed(&name).filter(|_| self.intent.preserves_data()) {
            return report;
        }
        if let Some(report) = self.passing.and_then(|passing| passing.report(&name, &self.names)) {
            self.session.ledger.note_end(&name, &report);
            return report;
        }
        let before = self.passing.and_then(|passing| passing.before(&name));
        // On the heap, because a turn is large: what waits for it would contain a copy of it.
        let turn = Box::pin(self.within_limits(&name));
        let report = match self.intent.foresees_outputs() {
            true => self.foreseen.before(&name, turn).await,
            false => turn.await,
        };
        self.keeping.note(&name, &report);
        self.remember(&name, before, &report);
        report
    }

    /// A turn that meets the rate limit of an API is taken again: what the first one did is in the state. A saved plan
    /// is applied only once.
    async fn within_limits(&self, name: &Name) -> ComponentReport {
        let mut met = 0;
        loop {
            let mut report = as_applied::run(self.session, name, self.intent).await;
            let is_limited = report.error.as_ref().is_some_and(|error| error.code == Code::RateLimited);
            if is_limited && met < MOST_LIMITS && self.intent.plan_id().is_none() {
                met += 1;
                tracing::warn!("{name}: the rate limit of the API was exceeded: it gets another turn");
                continue;
            }
            if met > 0 {
                report.notes.push(format!(
                    "the rate limit of the API was exceeded: this is turn {} of this run, and the counts are \
                     those of this turn",
                    met + 1
                ));
            }
            return report;
        }
    }

    /// For later calls that pass over it. `before`: its fingerprint right before the turn.
    fn remember(&self, name: &Name, before: Option<String>, report: &ComponentReport) {
        let Some(passing) = self.passing else { return };
        passing.note(name, report);
        if self.intent.changes_things() && report.status.is_as_asked() {
            let version = self.session.call.tool.version.to_string();
            if let Err(error) = passing.remember(name, before, &version) {
                tracing::warn!("{name}: {error}");
            }
        }
    }

    /// What later states of the state run have to know. None if this run decides no outputs.
    pub fn pending_after(&self, reports: &BTreeMap<Name, ComponentReport>) -> Option<PendingChanges> {
        self.intent.decides_outputs().then(|| self.foreseen.after(reports))
    }
}
