//! Plans that are kept, to be applied later: exactly as shown, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::gather::{Gathered, gather};
use super::invoke::Invoker;
use super::session::Session;
use super::state;
use crate::change::Changes;
use crate::decide::State;
use crate::digest::sha256;
use crate::error::{Error, Layer, Phase, Result};
use crate::graph::Graph;
use crate::model::{Blueprint, Name};
use crate::report::{ComponentReport, Status};
use crate::workdir::{ensure_private, read_json, write_json};

#[derive(Serialize, Deserialize)]
struct Meta {
    facts: Facts,
    lineage: String,
    serial: u64,
    /// sha256 of the plan file.
    plan: String,
    destroy: bool,
    changes: Changes,
}

/// A kept plan that nothing has overtaken.
pub struct Kept {
    pub file: PathBuf,
    pub changes: Changes,
    pub destroy: bool,
}

pub fn plan_file(folder: &Path, component: &Name) -> Result<PathBuf> {
    ensure_private(folder)?;
    Ok(folder.join(format!("{component}.tfplan")))
}

fn meta_file(folder: &Path, component: &Name) -> PathBuf {
    folder.join(format!("{component}.json"))
}

/// Writes down what the plan in this folder was made from.
pub fn keep(
    folder: &Path,
    component: &Name,
    facts: &Facts,
    before: Option<&State>,
    changes: &Changes,
    destroy: bool,
) -> Result<()> {
    let file = plan_file(folder, component)?;
    let (lineage, serial) = before.map(|state| (state.lineage.clone(), state.serial)).unwrap_or_default();
    let meta = Meta {
        facts: facts.clone(),
        lineage,
        serial,
        plan: file_digest(&file)?,
        destroy,
        changes: changes.clone(),
    };
    write_json(&meta_file(folder, component), &meta)
}

/// Finds a kept plan, and refuses it if anything that it was made from has moved.
pub fn open(folder: &Path, component: &Name, now: &Facts, before: Option<&State>) -> Result<Kept> {
    let refuse = |code, message: String| {
        Error::new(Layer::Salt, Phase::Planning, code, message, "make a new plan").of(component)
    };
    let Some(meta) = read_json::<Meta>(&meta_file(folder, component))? else {
        return Err(refuse("no_such_plan", "there is no plan of it under this plan_id".to_owned()));
    };
    let file = plan_file(folder, component)?;
    let mut moved = meta.facts.moved(now);
    let (lineage, serial) = before.map(|state| (state.lineage.as_str(), state.serial)).unwrap_or_default();
    if (lineage, serial) != (meta.lineage.as_str(), meta.serial) {
        moved.push("the state");
    }
    if file_digest(&file)? != meta.plan {
        moved.push("the plan file itself");
    }
    let plan_id = folder.file_name().unwrap_or_default().display();
    match moved.is_empty() {
        true => Ok(Kept { file, changes: meta.changes, destroy: meta.destroy }),
        false => Err(refuse(
            "plan_moved",
            format!("since plan {plan_id} was made, these moved: {}", moved.join(", ")),
        )),
    }
}

/// Compares every kept plan with how things stand now, before the first is applied.
pub async fn check_all(session: &Session, graph: &Graph, folder: &Path) -> Result<()> {
    let mut moved = Vec::new();
    for name in graph.names() {
        if let Err(error) = check(session, name, folder).await {
            moved.push(error.of(name));
        }
    }
    // A producer's outputs are read anew once it is applied.
    session.produced.borrow_mut().clear();
    match moved.len() {
        0 => Ok(()),
        1 => Err(moved.remove(0)),
        _ => {
            let message = moved.iter().map(|error| format!("{error}")).collect::<Vec<_>>().join("; ");
            Err(Error::new(Layer::Salt, Phase::Planning, "plan_moved", message, "make a new plan"))
        }
    }
}

async fn check(session: &Session, name: &Name, folder: &Path) -> Result<()> {
    let node = &session.blueprint.nodes[name];
    let (place, module) = (session.layout.place(name), &session.modules[name]);
    let invoker = Invoker::new(session, &node.component, &place, &module.subdir, None)?;
    let Gathered { inputs, backend } = gather(session, node).await?;
    let now = Facts::of(&invoker, module, backend.as_deref(), &inputs)?;
    open(folder, name, &now, state::read(&invoker).await?.as_ref()).map(drop)
}

/// What a `plan` left under its plan_id.
#[derive(Serialize, Deserialize)]
pub struct Contents {
    pub statuses: BTreeMap<String, String>,
}

impl Contents {
    /// Components whose plans are here, and the reports of those that were left without one.
    pub fn split(
        &self,
        blueprint: &Blueprint,
        only: &Option<BTreeSet<Name>>,
    ) -> Result<(BTreeSet<Name>, BTreeMap<Name, ComponentReport>)> {
        let (mut planned, mut left) = (BTreeSet::new(), BTreeMap::new());
        for (name, status) in &self.statuses {
            let Some((name, _)) = Name::new(name).ok().and_then(|name| blueprint.nodes.get_key_value(&name))
            else {
                let message = format!("since this plan was made, {name} went from the pillar");
                return Err(Error::new(
                    Layer::Salt,
                    Phase::Planning,
                    "plan_moved",
                    message,
                    "make a new plan",
                ));
            };
            if only.as_ref().is_some_and(|only| !only.contains(name)) {
                continue;
            }
            match Status::from_word(status) {
                Status::Planned => drop(planned.insert(name.clone())),
                Status::PendingInputs => {
                    left.insert(
                        name.clone(),
                        ComponentReport::new(Status::PendingInputs, "left_without_a_plan"),
                    );
                }
                _ => {}
            }
        }
        Ok((planned, left))
    }
}

pub fn write_contents(folder: &Path, contents: &Contents) -> Result<()> {
    ensure_private(folder)?;
    write_json(&folder.join("plan.json"), contents)
}

pub fn read_contents(folder: &Path) -> Result<Contents> {
    read_json(&folder.join("plan.json"))?.ok_or_else(|| {
        let message = format!("there is no plan {}", folder.file_name().unwrap_or_default().display());
        let remedy = "make one by infrastructure.plan, in the same environment; only the newest are kept";
        Error::new(Layer::Salt, Phase::Validation, "no_such_plan", message, remedy)
    })
}

fn file_digest(file: &Path) -> Result<String> {
    std::fs::read(file).map(sha256).map_err(|error| Error::file(file, "read", &error))
}
