//! After a failed run: applies the known-good configuration again to the components that the run changed.
//!
//! An old state is never restored: resources that were created since would exist and be in no state.

pub mod request;
mod result;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::data::KeepingComponents;
use super::schedule::schedule;
use crate::decide::{ApplyFailure, ChangeProgress, RollbackDecision, State};
use crate::error::{Code, Result};
use crate::graph::Graph;
use crate::model::{Blueprint, Name, Node, OnFailure};
use crate::operation::blueprint::earlier_configuration;
use crate::operation::component;
use crate::operation::intent::rollback::{RollbackStep, RollbackTarget, RollbackTrigger};
use crate::operation::intent::{Destruction, Intent, Mode, What};
use crate::operation::session::produced_outputs::PendingOutputs;
use crate::operation::session::{PriorState, Session};
use crate::report::{ComponentReport, Status};
use crate::resolve::Module;
use crate::snapshot::SnapshotStore;

type Reports = BTreeMap<Name, ComponentReport>;
type RollbackTargets = BTreeMap<Name, RollbackTarget>;

/// What becomes of each component.
#[derive(Default)]
struct RollbackPlan {
    targets: RollbackTargets,
    /// These have no earlier configuration: they are destroyed.
    taken_down: BTreeMap<Name, Destruction>,
}

/// Rolls the run back if the pillar asks for it. The reports then say what happened to each component.
pub(super) async fn after(session: &Session, intent: &Intent, mut reports: Reports) -> Reports {
    let changed = session.ledger.changed();
    let failed = |name: &Name| {
        session.on_failure(name) == OnFailure::Rollback
            && reports.get(name).is_some_and(|report| report.status == Status::Failed)
    };
    // A state edit has no earlier configuration to roll back to.
    let applies = intent.changes_things()
        && !intent.is_state_edit()
        && !intent.destroys()
        && session.call.cancel.cause().is_none();
    if !applies || !session.blueprint.nodes.keys().any(failed) {
        return reports;
    }
    // After a failure whose result is unknown, the other components may be needed as they are.
    if changed.values().any(|prior| matches!(prior.progress, ChangeProgress::Failed(failure) if failure != ApplyFailure::StateKnown)) {
        for (name, prior) in &changed {
            result::kept(reports.get_mut(name), prior, Code::UnclearFailure);
        }
        return reports;
    }
    let (mut destroys, mut targets) = (BTreeMap::new(), RollbackTargets::new());
    for (name, prior) in &changed {
        match result::decide(session, name, prior) {
            RollbackDecision::Leave => {}
            RollbackDecision::Keep(reason) => result::kept(reports.get_mut(name), prior, reason),
            RollbackDecision::Destroy => drop(destroys.insert(name.clone(), existed(prior))),
            RollbackDecision::RollBack => drop(targets.insert(name.clone(), leg(prior))),
        }
    }
    if destroys.is_empty() && targets.is_empty() {
        return reports;
    }
    session.call.channel.note(&format!(
        "the run failed: rolling back {}",
        destroys.keys().chain(targets.keys()).map(Name::as_str).collect::<Vec<_>>().join(", ")
    ));
    let plan = RollbackPlan { targets, ..RollbackPlan::default() };
    let mut done = destroy(session, &destroys).await;
    done.extend(roll_back(session, &plan, RollbackTrigger::Automatic, Mode::Apply, None).await);
    for (name, back) in done {
        if let Some(report) = reports.get_mut(&name) {
            result::tell(&session.blueprint.environment, &name, report, back);
        }
    }
    reports
}

/// Destroys components that were never known good, dependents first.
async fn destroy(session: &Session, existed: &BTreeMap<Name, BTreeSet<String>>) -> Reports {
    let graph = session.blueprint.graph.restricted(&existed.keys().cloned().collect()).reversed();
    schedule(
        session,
        graph,
        |_| OnFailure::Continue,
        async |name| {
            let what = What::UndoCreate { before: existed[&name].clone() };
            component::run(session, &name, &Intent::new(what, Mode::Apply)).await
        },
    )
    .await
}

/// Creations and changes in dependency order; what is destroyed afterwards, and the other way round.
/// `given` is an order that was asked for.
async fn roll_back(
    session: &Session,
    plan: &RollbackPlan,
    trigger: RollbackTrigger,
    mode: Mode,
    given: Option<Graph>,
) -> Reports {
    let (mut targets, mut reports) = (BTreeMap::new(), Reports::new());
    for (name, rollback_target) in &plan.targets {
        match earlier(session, name, &rollback_target.configuration) {
            Ok(target) => drop(targets.insert(name.clone(), target)),
            Err(error) => drop(reports.insert(name.clone(), ComponentReport::failed(error.of(name)))),
        }
    }
    let today = |name: &Name| (session.blueprint.nodes[name].clone(), session.modules[name].clone());
    targets.extend(plan.taken_down.keys().map(|name| (name.clone(), today(name))));
    let graph = given.unwrap_or_else(|| order(&session.blueprint.graph, &targets));
    let toward = session.toward(targets);
    let (back, keeping) = (RefCell::new(BTreeSet::new()), KeepingComponents::new(&toward));
    let turn = async |name: Name, waits: bool| {
        if let Some(destruction) = plan.taken_down.get(&name) {
            // It goes when nothing reads it any more.
            if waits {
                return ComponentReport::new(Status::Planned, Code::Waits);
            }
            let intent = Intent::new(What::Destroy(*destruction), mode);
            if let Some(report) = keeping.needed(&name).filter(|_| intent.preserves_data()) {
                return report;
            }
            let report = component::run(&toward, &name, &intent).await;
            keeping.note(&name, &report);
            return report;
        }
        let target = plan.targets[&name].clone();
        let to = result::rolled_back_to(session, &name, &target);
        let read = read(&session.blueprint, &name, &plan.targets, &back.borrow());
        let unforeseen = unforeseen(&toward, &name);
        let defers_destroys = waits && mode == Mode::Apply;
        let step = RollbackStep { target, trigger, read, unforeseen, defers_destroys };
        let intent = Intent::new(What::RollbackStep(step), mode);
        let mut report = component::run(&toward, &name, &intent).await;
        keeping.note(&name, &report);
        let would_be = matches!(report.status, Status::Planned | Status::PendingInputs);
        if result::is_back(&report) || (mode == Mode::Preview && would_be) {
            report.back_to(to);
        }
        if report.status == Status::PendingInputs {
            report.notes.push(
                "what it would change is known only once that is rolled back. To delete or replace something, it \
                 then needs a confirmation of its own",
            );
        }
        if result::is_back(&report) {
            back.borrow_mut().insert(name);
        }
        report
    };
    let go_on = |_: &Name| OnFailure::Continue;
    let first = schedule(&toward, graph.clone(), go_on, async |name| waiting(turn(name, true).await)).await;
    let (waiting, done): (Reports, Reports) =
        first.into_iter().partition(|(_, report)| report.reason == Some(Code::Waits));
    reports.extend(done);
    let last = graph.restricted(&waiting.into_keys().collect()).reversed();
    reports.extend(schedule(&toward, last, go_on, async |name| turn(name, false).await).await);
    reports
}

fn leg(prior: &PriorState) -> RollbackTarget {
    RollbackTarget {
        configuration: prior.known_good.clone().unwrap_or_default(),
        snapshot_id: None,
        before: Some(existed(prior)),
        perpetual_diff: prior.perpetual_diff.clone(),
        known_good: prior.known_good.clone(),
        preserve_data: false,
    }
}

/// The addresses that existed before this run changed the component.
fn existed(prior: &PriorState) -> BTreeSet<String> {
    addresses(prior.state.as_ref().map(|text| text.as_slice()))
}

/// A component that waits is not a failure: its dependents get their turn.
fn waiting(report: ComponentReport) -> ComponentReport {
    match report.reason == Some(Code::Waits) {
        true => ComponentReport::new(Status::Planned, Code::Waits),
        false => report,
    }
}

/// The component with this configuration. Its module is laid out in the run's folder.
fn earlier(session: &Session, name: &Name, configuration: &str) -> Result<(Node, Arc<Module>)> {
    let store = SnapshotStore::new(session.call.layout.component(name)?.snapshots());
    let configuration = store.configuration(configuration)?;
    let folder = session.call.layout.run(&session.call.run_id).join(name).join("earlier");
    earlier_configuration::whole(&session.blueprint.nodes[name], &configuration, &store, &folder)
}

/// The order by which the targets read from each other and, where that makes no cycle, their dependencies of today.
fn order(graph: &Graph, targets: &BTreeMap<Name, (Node, Arc<Module>)>) -> Graph {
    let names: BTreeSet<Name> = targets.keys().cloned().collect();
    let today = graph.restricted(&names);
    let reads =
        |node: &Node| node.component.reads().map(|output| output.component.clone()).collect::<BTreeSet<_>>();
    let edges = |with: &dyn Fn(&Name) -> BTreeSet<Name>| {
        let edge = |(name, (node, _)): (&Name, &(Node, Arc<Module>))| {
            (name.clone(), reads(node).union(&with(name)).cloned().collect())
        };
        Graph::new(targets.iter().map(edge).collect())
    };
    let both = edges(&|name| today.dependencies(name).clone());
    both.or_else(|_| edges(&|_| BTreeSet::new())).unwrap_or(today)
}

/// The outputs of `name` that others read, that this run changed, and that are not rolled back yet.
fn read(
    blueprint: &Blueprint,
    name: &Name,
    targets: &RollbackTargets,
    back: &BTreeSet<Name>,
) -> BTreeSet<String> {
    let pending = targets.keys().filter(|other| *other != name && !back.contains(*other));
    let outputs = pending.flat_map(|other| blueprint.nodes[other].component.reads());
    outputs.filter(|output| output.component == *name).map(|output| output.output.clone()).collect()
}

/// The outputs that it reads and that an earlier turn of this rollback changed.
fn unforeseen(toward: &Session, name: &Name) -> BTreeSet<String> {
    let reads = toward.blueprint.nodes[name].component.reads();
    let found: BTreeSet<_> = reads.filter(|output| toward.ledger.is_unforeseen(output)).collect();
    if !found.is_empty() {
        // Its own plan was unknown too.
        toward.ledger.changes_outputs(name, PendingOutputs::All);
    }
    found.into_iter().map(|output| format!("{}.{}", output.component, output.output)).collect()
}

fn addresses(state: Option<&[u8]>) -> BTreeSet<String> {
    let state = state.and_then(|text| State::parse(text).ok()).unwrap_or_default();
    state.instances.into_keys().collect()
}
