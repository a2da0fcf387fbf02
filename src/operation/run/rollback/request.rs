//! A rollback that a person requests: to a snapshot, or to the configuration before the last one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reports, RollbackTargets, addresses, roll_back};
use crate::decide::DATA;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::graph::Graph;
use crate::model::Name;
use crate::operation::intent::Mode;
use crate::operation::intent::rollback::{RollbackRequest, RollbackTarget, RollbackTrigger};
use crate::operation::session::Session;
use crate::record::Record;
use crate::report::Status;
use crate::snapshot::{Snapshot, SnapshotStore};

pub(in crate::operation::run) async fn asked(
    session: &Session,
    names: &BTreeSet<Name>,
    request: &RollbackRequest,
    mode: Mode,
) -> Result<Reports> {
    let given = request.order.as_ref().map(|order| chain(&session.blueprint.graph, order)).transpose()?;
    let targets: RollbackTargets = names
        .iter()
        .map(|name| Ok((name.clone(), leg(session, name, request).map_err(|error| error.of(name))?)))
        .collect::<Result<_>>()?;
    let trigger = if request.confirmed { RollbackTrigger::Confirmed } else { RollbackTrigger::Requested };
    Ok(roll_back(session, &targets, trigger, mode, given).await)
}

fn leg(session: &Session, name: &Name, request: &RollbackRequest) -> Result<RollbackTarget> {
    let paths = session.call.layout.component(name)?;
    let store = SnapshotStore::new(paths.snapshots());
    let record = Record::read(&paths.record())?.unwrap_or_default();
    let snapshot = match &request.snapshot_id {
        Some(snapshot_id) => store.read(snapshot_id)?,
        None => before(&store, &record)?,
    };
    let to = snapshot.configuration.ok_or_else(|| {
        let id = &snapshot.snapshot_id;
        refused(format!(
            "snapshot {id} was taken before the first apply, so there is no configuration to roll back to"
        ))
    })?;
    let state = snapshot.state.map(|digest| store.object(&digest)).transpose()?;
    let component = &session.blueprint.nodes[name].component;
    let data = match request.preserve_data {
        true => {
            let own = component.data.iter().chain(&component.policy.protect).cloned();
            own.chain(DATA.iter().map(|&kind| kind.to_owned())).collect()
        }
        false => BTreeSet::new(),
    };
    let before = addresses(state.as_deref());
    Ok(RollbackTarget {
        configuration: to,
        before,
        data,
        perpetual_diff: record.residue,
        known_good: record.known_good,
    })
}

/// The newest snapshot of a state with another configuration than today's.
fn before(store: &SnapshotStore, record: &Record) -> Result<Snapshot> {
    for id in store.list()? {
        let snapshot = store.read(&id)?;
        let failed = !Status::from_word(&record.outcome).is_as_asked();
        if snapshot.configuration.is_some() && (failed || snapshot.configuration != record.applied) {
            return Ok(snapshot);
        }
    }
    Err(refused("no other configuration was ever applied, so there is nothing to roll back to".to_owned()))
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

fn refused(message: String) -> Error {
    let remedy = "infrastructure.snapshots lists the snapshots";
    Error::new(Layer::Salt, Phase::Rollback, Code::NoEarlierConfiguration, message, remedy)
}
