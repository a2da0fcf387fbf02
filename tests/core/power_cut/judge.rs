//! Starts the next run on a disk, and compares what really exists with what the run says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::disk::{Leaf, Tree};

/// Something that terraform made: its address, and its id once it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    pub address: String,
    pub id: String,
}

/// What exists outside of the disk. A power cut changes nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct World {
    pub there: BTreeSet<Thing>,
    /// Ids of things whose destruction began.
    pub gone: BTreeSet<String>,
}

impl World {
    /// Adds what a stream of an apply began. `ids` has the id of each creation by its address.
    pub fn hear(&mut self, stream: &[u8], ids: &BTreeMap<String, String>) {
        for line in lines(stream).filter(|line| line["type"] == "apply_start") {
            let address = word(&line["hook"]["resource"]["addr"]);
            match line["hook"]["action"].as_str() {
                // It may exist from now on.
                Some("create") => drop(self.there.insert(Thing { id: ids[&address].clone(), address })),
                Some("delete") => {
                    let id = word(&line["hook"]["id_value"]);
                    self.there.retain(|thing| thing.id != id);
                    self.gone.insert(id);
                }
                _ => {}
            }
        }
    }
}

/// The ids of all creations of a complete stream, by their addresses. A creation that failed has its id only in the state.
pub fn ids(stream: &[u8], state: &BTreeSet<Thing>) -> BTreeMap<String, String> {
    let done =
        lines(stream).filter(|line| line["type"] == "apply_complete" && line["hook"]["action"] == "create");
    let done = done.map(|line| (word(&line["hook"]["resource"]["addr"]), word(&line["hook"]["id_value"])));
    state.iter().map(|thing| (thing.address.clone(), thing.id.clone())).chain(done).collect()
}

/// All streams of applies below a root, by their paths.
pub fn streams(tree: &Tree) -> BTreeMap<&Path, &[u8]> {
    let files = tree.iter().filter_map(|(path, leaf)| match leaf {
        Leaf::File(bytes) if path.ends_with("apply.stdout") => Some((path.as_path(), bytes.as_slice())),
        _ => None,
    });
    files.collect()
}

/// The managed things in a state.
pub fn in_state(text: &[u8]) -> BTreeSet<Thing> {
    let state: Value = serde_json::from_slice(text).unwrap_or_default();
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let managed = resources.iter().filter(|one| one["mode"] == "managed");
    let things = managed.flat_map(|one| {
        let address = format!("{}.{}", word(&one["type"]), word(&one["name"]));
        let instances = one["instances"].as_array().cloned().unwrap_or_default();
        instances
            .into_iter()
            .map(move |instance| Thing { address: address.clone(), id: word(&instance["attributes"]["id"]) })
    });
    things.collect()
}

/// The addresses that a report names as possible orphans.
pub fn told(report: &Value) -> BTreeSet<String> {
    let all = report["components"]["pair"]["possible_orphans"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| word(&one["address"])).collect()
}

/// What is wrong after the last run.
pub fn verdict(world: &World, state: &BTreeSet<Thing>, told: &BTreeSet<String>) -> Vec<String> {
    let lost = world.there.iter().filter(|thing| !state.contains(thing) && !told.contains(&thing.address));
    let lost = lost.map(|thing| format!("{thing:?} exists, is in no state, and nobody was told"));
    let invented =
        state.iter().filter(|thing| !world.there.contains(thing) && !world.gone.contains(&thing.id));
    lost.chain(invented.map(|thing| format!("{thing:?} is in the state and never existed"))).collect()
}

fn lines(stream: &[u8]) -> impl Iterator<Item = Value> {
    stream.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
