//! Checks the outputs that a component reads against the outputs that modules declare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inputs::place;
use crate::model::{
    Component, Hook, Interface, Name, OutputRef, Problem, SecretOrigin, Source, component_name, hint, listed,
};

/// Checks the outputs that the component reads from other modules.
pub(super) fn outputs(
    component: &Component,
    mentioned: &BTreeSet<Name>,
    interfaces: &BTreeMap<Name, Arc<Interface>>,
    problems: &mut Vec<Problem>,
) {
    for secret in component.task_secrets.values() {
        let SecretOrigin::Output(reference) = &secret.origin else { continue };
        if let Some(message) = unreadable(reference, mentioned, interfaces) {
            problems.push(Problem::new(&secret.path, message));
        }
    }
    for (variable, input) in &component.inputs {
        for reference in input.outputs() {
            let producer = &reference.component;
            let message = if let Some(message) = unreadable(reference, mentioned, interfaces) {
                message
            } else if let Some(interface) = interfaces.get(producer)
                && let Some(Source::Service(service)) = &component.source
                && !variable.strip_prefix("env_").is_some_and(|name| service.literals.contains(name))
                && interface.output(&reference.output).is_some_and(|output| output.sensitive)
            {
                format!(
                    "{reference} is sensitive, and everyone who may inspect the job could read it: set it in \
                     secrets, as {{output: {reference}}}"
                )
            } else if component.step.is_some()
                && let Some(output) = interfaces.get(producer).and_then(|one| one.output(&reference.output))
                && output.sensitive
            {
                SENSITIVE.to_owned()
            } else {
                continue;
            };
            problems.push(Problem::new(&place(component, variable), message));
        }
    }
}

/// Why this output cannot be read, or None.
fn unreadable(
    reference: &OutputRef,
    mentioned: &BTreeSet<Name>,
    interfaces: &BTreeMap<Name, Arc<Interface>>,
) -> Option<String> {
    let producer = &reference.component;
    if !mentioned.contains(producer) {
        return Some(no_component(producer, mentioned));
    }
    let interface = interfaces.get(producer)?;
    let missing = interface.output(&reference.output).is_none();
    missing.then(|| no_output(producer, &reference.output, interface))
}

const SENSITIVE: &str =
    "is a sensitive output, and Salt stores the arguments of a job: let the state read the secret itself";

/// Checks the outputs that the component's health gates read, against its own module.
pub(super) fn gates(component: &Component, interface: &Interface, problems: &mut Vec<Problem>) {
    for gate in &component.health {
        for (key, own) in gate.outputs().filter(|(_, own)| interface.output(&own.output).is_none()) {
            let pillar_path = gate.path.child(gate.kind()).child(key).child("output");
            problems.push(Problem::new(&pillar_path, no_output(&component.name, &own.output, interface)));
        }
    }
}

/// Checks the outputs that the component's hooks publish. A sensitive output is refused.
pub(super) fn hooks(component: &Component, interface: &Interface, problems: &mut Vec<Problem>) {
    for (pillar_path, own) in component.hooks.iter().filter(|hook| !hook.is_shared).flat_map(Hook::outputs) {
        let message = match interface.output(&own.output) {
            None => no_output(&component.name, &own.output, interface),
            Some(output) if output.sensitive => {
                "is a sensitive output, and hooks do not send secrets".to_owned()
            }
            Some(_) => continue,
        };
        problems.push(Problem::new(&pillar_path.child("output"), message));
    }
}

pub(super) fn no_component(name: &Name, mentioned: &BTreeSet<Name>) -> String {
    let service = component_name(name.as_str());
    let hint = match mentioned.contains(service.as_str()) {
        true => format!("the service's component is called {service:?}"),
        false => hint(name.as_str(), mentioned.iter().map(Name::as_str)),
    };
    format!("no component {:?}; {hint}", name.as_str())
}

fn no_output(producer: &Name, output: &str, interface: &Interface) -> String {
    let has = match listed(interface.outputs.keys().map(String::as_str)) {
        none if none.is_empty() => "none".to_owned(),
        some => some,
    };
    format!("{producer} has no output '{output}'; its outputs: {has}")
}
