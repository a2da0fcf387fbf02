//! In a test: the outputs that a component reads, as they would be after the pending changes of the components that this
//! run does not plan.
//!
//! Such a component is planned before its reader, once, and is not reported. An earlier state of the same state run may
//! have planned it already.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tokio::sync::OnceCell;

use crate::error::Result;
use crate::model::{Blueprint, Name};
use crate::operation::component;
use crate::operation::component::inputs::upstream_outputs;
use crate::operation::session::Session;
use crate::operation::session::pending_changes::PendingChanges;
use crate::report::{ComponentReport, Status};
use crate::words::words;

pub(super) struct ForeseenOutputs<'a> {
    session: &'a Session,
    /// What earlier states of the state run would change.
    pending: &'a PendingChanges,
    /// The components that have a turn of their own.
    selected: BTreeSet<Name>,
    planned: RefCell<BTreeMap<Name, Rc<OnceCell<ComponentReport>>>>,
}

impl<'a> ForeseenOutputs<'a> {
    pub fn new(session: &'a Session, pending: &'a PendingChanges, selected: BTreeSet<Name>) -> Self {
        Self { session, pending, selected, planned: RefCell::default() }
    }

    /// Runs the turn of a component after the outputs that it reads are known.
    pub async fn before(&self, name: &Name, turn: impl Future<Output = ComponentReport>) -> ComponentReport {
        let mut found = Vec::new();
        let environment = &self.session.blueprint.environment;
        let is_known =
            |one: &Name| self.selected.contains(one) || self.pending.of(environment, one).is_some();
        for producer in producers(&self.session.blueprint, name, &is_known) {
            if self.selected.contains(&producer) {
                continue;
            }
            let cell = self.planned.borrow_mut().entry(producer.clone()).or_default().clone();
            let report = cell.get_or_init(|| self.plan(&producer)).await.clone();
            found.push((producer, report));
        }
        let mut report = turn.await;
        for (producer, its) in found {
            report.notes.extend(its.notes.into_iter().map(|note| words![&producer, ": ", note]));
            report.possible_orphans.extend(its.possible_orphans);
        }
        report
    }

    /// What later states of the same state run have to know: in a test the pending changes of all components that were
    /// planned, otherwise that the applied ones have none.
    pub fn after(&self, reports: &BTreeMap<Name, ComponentReport>) -> PendingChanges {
        let mut pending = self.pending.clone();
        let environment = &self.session.blueprint.environment;
        let produced = self.session.ledger.produced.borrow();
        let planned = self.planned.borrow();
        for name in reports.keys().chain(planned.keys()) {
            let is_done = reports.get(name).is_none_or(|report| report.status.result() != Some(false));
            let known = produced.get(name).filter(|_| is_done).map(|produced| produced.pending.clone());
            pending.set(environment, name, known);
        }
        pending
    }

    async fn plan(&self, producer: &Name) -> ComponentReport {
        match self.known(producer).await {
            Ok(Some(report)) => report,
            Ok(None) => component::plan_outputs(self.session, producer).await,
            Err(error) => ComponentReport::failed(error.of(producer)),
        }
    }

    /// None if the component has to be planned.
    async fn known(&self, producer: &Name) -> Result<Option<ComponentReport>> {
        let environment = &self.session.blueprint.environment;
        let Some(pending) = self.pending.of(environment, producer) else { return Ok(None) };
        upstream_outputs::produce_pending(self.session, producer, pending.clone()).await?;
        Ok(Some(ComponentReport::new(Status::Unchanged, None)))
    }
}

/// The components whose outputs it reads, directly or through others, each after those that it reads itself. A known one
/// needs no others. A disabled one has no pending change.
fn producers(blueprint: &Blueprint, name: &Name, is_known: &dyn Fn(&Name) -> bool) -> Vec<Name> {
    fn visit(blueprint: &Blueprint, name: &Name, is_known: &dyn Fn(&Name) -> bool, found: &mut Vec<Name>) {
        let Some(node) = blueprint.nodes.get(name) else { return };
        for reference in node.component.reads() {
            let producer = &reference.component;
            let is_planned = blueprint.nodes.get(producer).is_some_and(|node| node.component.enabled);
            if is_planned && !found.contains(producer) {
                if !is_known(producer) {
                    visit(blueprint, producer, is_known, found);
                }
                found.push(producer.clone());
            }
        }
    }
    let mut found = Vec::new();
    visit(blueprint, name, is_known, &mut found);
    found
}
