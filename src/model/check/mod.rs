//! Checks the pillar against the modules' interfaces: undeclared or missing variables, wrong types, circular
//! dependencies.

mod inputs;
mod mesh;
mod outputs;
mod shared_hooks;
mod standard;

pub use mesh::unchecked_in_mesh;
pub use standard::standard_value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Blueprint, Component, Draft, Interface, Name, Node, PillarPath, Problem, Source, listed};
use crate::graph::Graph;

/// `interfaces` has no entry for a module that could not be read. Its absence causes no further problem.
pub fn check(
    mut draft: Draft,
    interfaces: &BTreeMap<Name, Arc<Interface>>,
    mut problems: Vec<Problem>,
) -> Result<Blueprint, Vec<Problem>> {
    // A step declares no variables, and it has no outputs.
    let steps = draft.components.values().filter(|component| component.step.is_some());
    let steps = steps.map(|component| (component.name.clone(), Arc::default()));
    let interfaces: &BTreeMap<Name, Arc<Interface>> =
        &interfaces.iter().map(|(name, one)| (name.clone(), one.clone())).chain(steps).collect();
    let mut lacking = BTreeMap::new();
    for component in draft.components.values() {
        let (faults, lacks) = faults(&draft, component, interfaces);
        problems.extend(faults);
        lacking.insert(component.name.clone(), lacks);
        for needed in component.depends_on.names.iter().filter(|needed| !draft.mentioned.contains(*needed)) {
            problems.push(Problem::new(
                &component.place("depends_on"),
                outputs::no_component(needed, &draft.mentioned),
            ));
        }
    }
    shared_hooks::check(&draft, interfaces, &mut problems);
    let graph = match Graph::new(edges(&draft)) {
        Ok(graph) => graph,
        Err(cycle) => {
            problems.push(Problem::new(&PillarPath::root().child("components"), say_cycle(&cycle, &draft)));
            Graph::default()
        }
    };
    if !problems.is_empty() {
        problems.extend(draft.components.values().flat_map(|one| lacking_too(one, lacking.get(&one.name))));
        return Err(problems);
    }
    let environment = draft.environment.clone();
    let mut nodes = BTreeMap::new();
    for (name, mut component) in std::mem::take(&mut draft.components) {
        let Some(interface) = interfaces.get(&name).cloned() else {
            continue;
        };
        shared_hooks::keep_usable(&mut component, &interface);
        let deployment_id = standard::deployment_id(&environment, &component, &interface);
        standard::standard_inputs(&environment, &mut component, &interface, &deployment_id);
        let lacks = lacking.remove(&name).unwrap_or_default();
        nodes.insert(name, Node { component, interface, deployment_id, missing_variables: lacks });
    }
    Ok(Blueprint { environment, settings: draft.settings, nodes, graph })
}

/// Returns the problems between one component and its module, and between it and the modules whose outputs it reads.
/// Also returns the required variables that nothing sets.
pub fn faults(
    draft: &Draft,
    component: &Component,
    interfaces: &BTreeMap<Name, Arc<Interface>>,
) -> (Vec<Problem>, BTreeSet<String>) {
    let mut problems = Vec::new();
    let mut lacks = BTreeSet::new();
    if let Some(interface) = interfaces.get(&component.name) {
        lacks = inputs::inputs(component, interface, &mut problems);
        outputs::gates(component, interface, &mut problems);
        outputs::hooks(component, interface, &mut problems);
    }
    outputs::outputs(component, &draft.mentioned, interfaces, &mut problems);
    (problems, lacks)
}

/// What a person should know about a component that has no problem.
pub fn notes(node: &Node) -> Vec<String> {
    let mut notes = node.interface.notes.clone();
    notes.extend(unchecked_in_mesh(&node.component));
    // Eos itself reads the values of a service.
    if !matches!(node.component.source, Some(Source::Service(_))) {
        let places = inputs::integers_as_texts(&node.component, &node.interface);
        if !places.is_empty() {
            notes.push(format!(
                "integers become texts: {}. Quote a value that was written as 0755, 1_000 or 22:30, because Salt \
                 has already made another number of it",
                listed(places.iter().map(String::as_str))
            ));
        }
    }
    notes
}

/// Each component, and the components that it needs.
pub fn edges(draft: &Draft) -> BTreeMap<Name, BTreeSet<Name>> {
    let needed = |component: &Component| {
        let read = component.reads().map(|one| one.component.clone());
        let mut needed: BTreeSet<Name> = read.chain(component.depends_on.names.iter().cloned()).collect();
        if component.depends_on.everything {
            needed.extend(draft.components.keys().filter(|other| **other != component.name).cloned());
        }
        needed
    };
    draft.components.iter().map(|(name, component)| (name.clone(), needed(component))).collect()
}

/// Missing values alone do not refuse the pillar. If other problems refuse it, these are listed too, so that a person
/// sees everything at once.
fn lacking_too<'a>(
    component: &'a Component,
    lacks: Option<&'a BTreeSet<String>>,
) -> impl Iterator<Item = Problem> + 'a {
    lacks.into_iter().flatten().map(|variable| {
        let message = format!(
            "the module's variable {variable:?} has no default: set it in variables, from_outputs or secrets"
        );
        Problem::new(&component.path.child("variables"), message)
    })
}

fn say_cycle(cycle: &[Name], draft: &Draft) -> String {
    let joined = cycle.iter().map(Name::as_str).collect::<Vec<_>>().join(" -> ");
    let star =
        cycle.iter().find(|name| draft.components.get(*name).is_some_and(|one| one.depends_on.everything));
    match star {
        Some(star) => format!("a cycle: {joined} ({star} depends on \"*\", all other components)"),
        None => format!("a cycle: {joined}"),
    }
}
