//! Compares the world's files with the states and with the possible orphans of the reports.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::scene::{COMPONENTS, Scene};

/// A possible orphan in a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    component: String,
    address: String,
    id: Option<String>,
    run_id: String,
}

/// The possible orphans in one report.
pub fn named(report: &Value) -> impl Iterator<Item = Named> {
    let components = report["components"].as_object().into_iter().flatten();
    components.flat_map(|(component, one)| {
        let all = one["possible_orphans"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        all.map(move |orphan| Named {
            component: component.clone(),
            address: text(&orphan["address"]).unwrap(),
            id: text(&orphan["id"]),
            run_id: text(&orphan["run_id"]).unwrap(),
        })
    })
}

#[derive(Default)]
pub struct Verdict {
    /// Things in the world that are in no state, but that a report named.
    pub named: u64,
    /// Named things that do not exist, or that are in a state.
    pub over_named: u64,
    /// Things in the world that are in no state and that no report named.
    pub unnamed: Vec<String>,
    /// Things in a state that are not in the world.
    pub missing: Vec<String>,
    /// Things in the world that are in no state.
    pub strays: Vec<String>,
}

/// Judges a scene after the last run. `named` has the possible orphans of all reports since the kill.
pub fn judge(scene: &Scene, named: &BTreeSet<Named>) -> Verdict {
    let mut verdict = Verdict::default();
    let things = scene.world.things();
    let kept: BTreeSet<String> = COMPONENTS.iter().flat_map(|name| scene.ids(name)).collect();
    verdict.missing = kept.iter().filter(|id| !things.contains_key(*id)).cloned().collect();
    let mut by_id: BTreeSet<&str> = named.iter().filter_map(|one| one.id.as_deref()).collect();
    // A possible orphan without an id counts for one thing with its address.
    let mut by_address: BTreeMap<String, u64> = BTreeMap::new();
    for one in named.iter().filter(|one| one.id.is_none()) {
        *by_address.entry(name_of(&one.component, &one.address)).or_default() += 1;
    }
    let mut left = Vec::new();
    for (id, thing) in things.iter().filter(|(id, _)| !kept.contains(*id)) {
        verdict.strays.push(id.clone());
        match by_id.remove(id.as_str()) {
            true => verdict.named += 1,
            false => left.push((id, thing["name"].as_str().unwrap())),
        }
    }
    for (id, name) in left {
        match by_address.get_mut(name).filter(|count| **count > 0) {
            Some(count) => (*count, verdict.named) = (*count - 1, verdict.named + 1),
            None => verdict.unnamed.push(id.clone()),
        }
    }
    verdict.over_named = by_id.len() as u64 + by_address.values().sum::<u64>();
    verdict
}

/// The thing's name: `net` and `world_thing.wide[0]` give `net-wide-0`.
fn name_of(component: &str, address: &str) -> String {
    let name = address.strip_prefix("world_thing.").unwrap();
    format!("{component}-{}", name.replace('[', "-").replace(']', ""))
}
