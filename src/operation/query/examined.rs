//! What a look into the modules finds: what Terraform will refuse, and what only Terraform can check.

use std::collections::{BTreeMap, BTreeSet};

use super::dead_references::{DeadReference, dead};
use crate::error::{Code, Error, Layer, Phase};
use crate::model::{self, Blueprint, Name, Node, Source};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::component::inputs::missing_variables;
use crate::operation::component::plan::removals;
use crate::operation::component::reports::ended;
use crate::operation::request::call::CallPlace;
use crate::report::ComponentReport;
use crate::resolve::{Examination, examine};
use crate::words::{Words, words};

#[derive(Default)]
pub struct Examined {
    /// The components that a run will refuse: they lack a variable, or Terraform will not take their modules.
    pub refused: BTreeMap<Name, ComponentReport>,
    /// The components of whose modules a part was not understood.
    pub unchecked: BTreeSet<Name>,
    /// What a person should know of a component or of the settings, one sentence each.
    pub notes: BTreeMap<String, Vec<String>>,
}

impl Examined {
    /// Without a look into the modules.
    pub fn without_modules(prepared: &Prepared) -> Self {
        let nodes = prepared.blueprint.nodes.iter();
        let notes = nodes.clone().map(|(name, node)| {
            let mut notes = model::notes(node);
            notes.extend(removals::notes(&node.component));
            (name.to_string(), notes)
        });
        let lacks =
            |(name, node): (&Name, &Node)| Some((name.clone(), ended(missing_variables::note(node)?)));
        Self {
            refused: nodes.filter_map(lacks).collect(),
            notes: notes.filter(|(_, notes)| !notes.is_empty()).collect(),
            ..Self::default()
        }
    }

    pub fn of(prepared: &Prepared, place: &CallPlace) -> Self {
        let mut examined = Self::without_modules(prepared);
        let environment = &prepared.blueprint.environment;
        for (name, node) in &prepared.blueprint.nodes {
            // Eos itself writes the module of a service.
            let is_ours = matches!(node.component.source, Some(Source::Service(_)));
            let Some(module) = prepared.modules.get(name).filter(|_| !is_ours) else { continue };
            let Examination { faults, unchecked } = examine(module)
                .unwrap_or_else(|message| Examination { faults: Vec::new(), unchecked: vec![message] });
            let notes = examined.notes.entry(name.to_string()).or_default();
            if !faults.is_empty() {
                notes.retain(|note| !faults.iter().any(|fault| place_of(fault) == place_of(note)));
                let command = place.plan_command(environment, [name]);
                let remedy = words!["correct the module. To see what Terraform says: ", command];
                examined.refused.insert(name.clone(), ended(refused(&faults, remedy).of(name)));
            } else if !unchecked.is_empty() || !node.interface.notes.is_empty() {
                examined.unchecked.insert(name.clone());
            }
            let known: Vec<_> = notes.iter().map(|note| place_of(note).to_owned()).collect();
            notes.extend(
                unchecked.into_iter().filter(|one| !known.iter().any(|place| place_of(one) == place)),
            );
        }
        for DeadReference { component, place, error, .. } in dead_references(prepared) {
            let about = component.map_or_else(|| "settings".to_owned(), |name| name.to_string());
            let note = format!("{place}: {}. A run on this host would not have it", error.message);
            examined.notes.entry(about).or_default().push(note);
        }
        examined.notes.retain(|_, notes| !notes.is_empty());
        examined
    }
}

fn dead_references(prepared: &Prepared) -> Vec<DeadReference> {
    let Blueprint { settings, nodes, .. } = &prepared.blueprint;
    let components = nodes.values().map(|node| &node.component);
    dead(settings, components, |name| nodes.get(name).map(|node| &*node.interface))
}

fn refused(faults: &[String], remedy: Words) -> Error {
    let message = Words::own(faults.join("\n"));
    Error::new(Layer::Salt, Phase::Validation, Code::ModuleInvalid, message, remedy)
}

/// `main.tf, line 3`
fn place_of(sentence: &str) -> &str {
    sentence.split_once(": ").map_or(sentence, |(place, _)| place)
}
