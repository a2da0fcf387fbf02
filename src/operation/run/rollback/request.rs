//! A rollback that a person requests: to a snapshot, or to the configuration before the last one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reports, RollbackPlan, addresses, roll_back};
use crate::command_line::{command, option, switch};
use crate::decide::{Baseline, Consent, RollbackFacts, RollbackGoal, rollback_goal};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::graph::Graph;
use crate::journal;
use crate::model::Name;
use crate::operation::intent::rollback::{RollbackRequest, RollbackTarget, RollbackTrigger};
use crate::operation::intent::{Destruction, Mode};
use crate::operation::run::refuse_needed::refuse_needed;
use crate::operation::session::Session;
use crate::operation::store::configurations;
use crate::record::Record;
use crate::report::{ComponentReport, Status};
use crate::snapshot::{Snapshot, SnapshotStore};
use crate::words::{Words, words};

/// A rollback that can begin: each component has a goal.
pub(in crate::operation::run) struct RequestedRollback {
    plan: RollbackPlan,
    trigger: RollbackTrigger,
    mode: Mode,
    order: Option<Graph>,
}

/// Finds the goal of each component. An error refuses the call.
pub(in crate::operation::run) async fn requested(
    session: &Session,
    names: &BTreeSet<Name>,
    request: &RollbackRequest,
    mode: Mode,
) -> Result<RequestedRollback> {
    let order = request.order.as_ref().map(|order| chain(&session.blueprint.graph, order)).transpose()?;
    let mut plan = RollbackPlan::default();
    for name in names {
        match leg(session, name, request).await.map_err(|error| error.of(name))? {
            Some(target) => drop(plan.targets.insert(name.clone(), target)),
            None => {
                // A preview shows what a confirmation would allow.
                let is_confirmed = request.confirmed || mode == Mode::Preview;
                let consent = if is_confirmed { Consent::Confirmed } else { Consent::None };
                let destruction = Destruction { preserve_data: request.preserve_data, consent };
                plan.taken_down.insert(name.clone(), destruction);
            }
        }
    }
    if !plan.taken_down.is_empty() {
        refuse_needed(&session.blueprint, &session.call.layout, names)?;
    }
    let trigger = if request.confirmed { RollbackTrigger::Confirmed } else { RollbackTrigger::Requested };
    Ok(RequestedRollback { plan, trigger, mode, order })
}

impl RequestedRollback {
    pub async fn run(self, session: &Session) -> Reports {
        let Self { plan, trigger, mode, order } = self;
        let mut reports = roll_back(session, &plan, trigger, mode, order).await;
        for (name, report) in &mut reports {
            if plan.taken_down.contains_key(name) {
                tell(&session.blueprint.environment, report);
            }
        }
        reports
    }
}

/// Says why the component is taken down, and how to confirm it.
fn tell(environment: &Name, report: &mut ComponentReport) {
    if report.status.is_taken_down() || report.status == Status::Planned {
        report.notes.put_first("nothing was applied before this configuration, so it is taken down");
    }
    if let (Some(Code::Destroys), Some(error)) = (report.reason, &mut report.error) {
        error.message = words!["nothing was applied before this configuration, so ", &error.message];
        let confirm = Words::own(option("confirm", environment));
        error.remedy = words!["to take it down, add ", confirm, "; ", &error.remedy];
    }
}

/// Where the component returns to. None: it is taken down.
async fn leg(session: &Session, name: &Name, request: &RollbackRequest) -> Result<Option<RollbackTarget>> {
    let paths = session.call.layout.component(name)?;
    let store = SnapshotStore::new(paths.snapshots());
    let record = session.records().latest(name, &paths).await?;
    let snapshots = Snapshots::read(&store, record.as_ref())?;
    let (configuration, state) = match &request.snapshot_id {
        Some(snapshot_id) => of_snapshot(store.read(snapshot_id)?)?,
        None => match snapshots.goal(record.as_ref(), request.takes_down) {
            RollbackGoal::Configuration(digest) => {
                let state = snapshots.left_by(&digest);
                (digest, state)
            }
            RollbackGoal::TakeDown => return Ok(None),
            RollbackGoal::Unknown => return Err(nothing_earlier(request.takes_down)),
        },
    };
    let (locks, environment) = (&session.call.locks, &session.blueprint.environment);
    configurations::download(locks, environment, name, &store, &configuration).await;
    let state = state.map(|digest| store.object(&digest)).transpose()?;
    let record = record.unwrap_or_default();
    Ok(Some(RollbackTarget {
        configuration,
        snapshot_id: request.snapshot_id.clone(),
        before: state.map(|state| addresses(Some(&state))),
        preserve_data: request.preserve_data,
        perpetual_diff: record.residue,
        known_good: record.known_good,
    }))
}

/// The configuration of a snapshot, and the digest of its state.
fn of_snapshot(snapshot: Snapshot) -> Result<(String, Option<String>)> {
    let Snapshot { snapshot_id: id, configuration, state, .. } = snapshot;
    let configuration = configuration.ok_or_else(|| {
        refused(format!(
            "snapshot {id} was taken before the first apply, so there is no configuration to roll back to"
        ))
    })?;
    Ok((configuration, state))
}

/// The snapshots of a component, the newest first.
struct Snapshots(Vec<Snapshot>);

impl Snapshots {
    /// One that cannot be read stops a rollback only if the record alone cannot say where to.
    fn read(store: &SnapshotStore, record: Option<&Record>) -> Result<Self> {
        let all = store.list()?.into_iter().map(|id| store.read(&id));
        match record.is_some_and(|record| record.previous.is_some() || record.back.is_some()) {
            true => Ok(Self(all.flatten().collect())),
            false => all.collect::<Result<_>>().map(Self),
        }
    }

    fn goal(&self, record: Option<&Record>, may_take_down: bool) -> RollbackGoal {
        let baseline = record.map_or_else(Baseline::nothing, Record::baseline);
        let is_whole = record.is_some_and(Record::is_complete);
        let is_gone = record.is_none_or(Record::is_gone);
        let applied = baseline.applied.as_deref();
        let is_next = |snapshot: &Snapshot| applied == Some(snapshot.next.as_str());
        let mut configurations = self.0.iter().filter_map(|one| one.configuration.as_deref());
        rollback_goal(&RollbackFacts {
            baseline: &baseline,
            is_whole,
            is_gone,
            earlier: configurations.find(|one| !is_whole || is_gone || Some(*one) != applied),
            is_first: self.0.iter().any(|one| one.configuration.is_none() && is_next(one)),
            went_back: self.0.first().is_some_and(|one| one.operation == journal::ROLLBACK && is_next(one)),
            may_take_down,
        })
    }

    /// Digest of the state that the last apply of this configuration left.
    fn left_by(&self, configuration: &str) -> Option<String> {
        let is = |snapshot: &&Snapshot| snapshot.configuration.as_deref() == Some(configuration);
        self.0.iter().skip_while(|one| !is(one)).take_while(is).last()?.state.clone()
    }
}

/// Each component after the one before it. An error if that order breaks a dependency.
fn chain(graph: &Graph, order: &[Name]) -> Result<Graph> {
    let mut edges: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for (position, name) in order.iter().enumerate() {
        let needed = graph.closure(&[name.clone()].into());
        if let Some(early) = order[..position].iter().find(|early| *early != name && needed.contains(*early))
        {
            let message =
                format!("{early} comes before {name}, which depends on it: dependents must come first");
            let remedy = "correct the order, or omit it: the pillar determines the order";
            return Err(Error::new(Layer::Salt, Phase::Validation, Code::Order, message, remedy));
        }
        // When components are created again, the last of the order comes first.
        edges.insert(name.clone(), order[position + 1..].iter().cloned().collect());
    }
    Graph::new(edges).map_err(|_| {
        let remedy = "name each component once";
        Error::new(Layer::Salt, Phase::Validation, Code::Order, "a component is named twice", remedy)
    })
}

fn nothing_earlier(takes_down: bool) -> Error {
    let error =
        refused("no other configuration was ever applied, so there is nothing to roll back to".to_owned());
    match takes_down {
        // Another host may have applied one.
        true => Error {
            message: "this host does not know whether another configuration was ever applied".into(),
            remedy: words![
                "to take the component down and keep its data, destroy it with ",
                Words::own(switch("preserve_data"))
            ],
            ..error
        },
        false => error,
    }
}

fn refused(message: String) -> Error {
    let remedy = words![command("snapshots").here(), " lists the snapshots"];
    Error::new(Layer::Salt, Phase::Rollback, Code::NoEarlierConfiguration, message, remedy)
}
