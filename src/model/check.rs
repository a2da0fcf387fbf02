//! The pillar against the modules' interfaces: what is undeclared, missing, of the wrong type or circular.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::draft::Draft;
use super::nearest::listed;
use super::read_step::is_reserved;
use super::{
    Blueprint, Component, Hook, Input, Interface, Name, Node, OutputRef, PillarPath, Problem, SecretOrigin,
    Source, Step, What, component_name, hint, lookalikes,
};
use crate::digest::sha256;
use crate::graph::Graph;

/// Where an input is set.
fn place(component: &Component, variable: &str) -> PillarPath {
    let set = component.variables.get(variable);
    set.cloned().unwrap_or_else(|| component.path.child("variables").child(variable))
}

impl Draft {
    /// `interfaces` lacks components whose module could not be read; that brings no further problem.
    pub fn check(
        mut self,
        interfaces: &BTreeMap<Name, Arc<Interface>>,
        mut problems: Vec<Problem>,
    ) -> Result<Blueprint, Vec<Problem>> {
        // A step declares nothing, and nothing can be read from it.
        let steps = self.components.values().filter(|component| component.step.is_some());
        let steps = steps.map(|component| (component.name.clone(), Arc::default()));
        let interfaces: &BTreeMap<Name, Arc<Interface>> =
            &interfaces.iter().map(|(name, one)| (name.clone(), one.clone())).chain(steps).collect();
        let mut lacking = BTreeMap::new();
        for component in self.components.values() {
            let (faults, lacks) = self.faults(component, interfaces);
            problems.extend(faults);
            lacking.insert(component.name.clone(), lacks);
            for needed in component.depends_on.names.iter().filter(|needed| !self.mentioned.contains(*needed))
            {
                problems.push(Problem::new(
                    &component.place("depends_on"),
                    no_component(needed, &self.mentioned),
                ));
            }
        }
        let graph = match Graph::new(self.edges()) {
            Ok(graph) => graph,
            Err(cycle) => {
                problems
                    .push(Problem::new(&PillarPath::root().child("components"), say_cycle(&cycle, &self)));
                Graph::default()
            }
        };
        if !problems.is_empty() {
            problems
                .extend(self.components.values().flat_map(|one| lacking_too(one, lacking.get(&one.name))));
            return Err(problems);
        }
        let environment = self.environment.clone();
        let mut nodes = BTreeMap::new();
        for (name, mut component) in std::mem::take(&mut self.components) {
            let Some(interface) = interfaces.get(&name).cloned() else {
                continue;
            };
            let deployment_id = deployment_id(&environment, &component, &interface);
            standard_inputs(&environment, &mut component, &interface, &deployment_id);
            let lacks = lacking.remove(&name).unwrap_or_default();
            nodes.insert(name, Node { component, interface, deployment_id, lacks });
        }
        Ok(Blueprint { environment, settings: self.settings, nodes, graph })
    }

    /// What is wrong between one component and its module, or a module that it reads from; and the required variables
    /// that nothing sets.
    pub fn faults(
        &self,
        component: &Component,
        interfaces: &BTreeMap<Name, Arc<Interface>>,
    ) -> (Vec<Problem>, BTreeSet<String>) {
        let mut problems = Vec::new();
        let mut lacks = BTreeSet::new();
        if let Some(interface) = interfaces.get(&component.name) {
            lacks = inputs(component, interface, &mut problems);
            gates(component, interface, &mut problems);
            hooks(component, interface, &mut problems);
        }
        outputs(component, &self.mentioned, interfaces, &mut problems);
        (problems, lacks)
    }

    fn edges(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let needed = |component: &Component| {
            let read = component.reads().map(|one| one.component.clone());
            let mut needed: BTreeSet<Name> = read.chain(component.depends_on.names.iter().cloned()).collect();
            if component.depends_on.everything {
                needed.extend(self.components.keys().filter(|other| **other != component.name).cloned());
            }
            needed
        };
        self.components.iter().map(|(name, component)| (name.clone(), needed(component))).collect()
    }
}

/// Alone it would not refuse the pillar. Where that is refused, a person wants to know of everything at once.
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
        Some(star) => format!("a cycle: {joined} ({star} depends on \"*\", everything else)"),
        None => format!("a cycle: {joined}"),
    }
}

/// Terraform asks for their values again when it applies a plan.
const EPHEMERAL: &str = "not yet: values for ephemeral variables";

/// Against what the component's own module declares; a step takes whatever it is given. Returns the required variables
/// that nothing sets: a state or a call may give them, and much is done without them.
fn inputs(component: &Component, interface: &Interface, problems: &mut Vec<Problem>) -> BTreeSet<String> {
    let mut lacks = BTreeSet::new();
    if let Some(step) = &component.step {
        twice(component, step, problems);
        return lacks;
    }
    if let Some(file) = &interface.own_backend {
        let message = format!(
            "the module declares a backend of its own in {file}; take it out: Eos writes it from infrastructure:settings:backend"
        );
        problems.push(Problem::new(&component.place("source"), message));
    }
    for (variable, input) in &component.inputs {
        let at = place(component, variable);
        let Some(declared) = interface.variable(variable) else {
            let hint = hint(variable, interface.variables.keys().map(String::as_str));
            problems.push(Problem::new(&at, format!("the module has no variable {variable:?}; {hint}")));
            continue;
        };
        if declared.ephemeral {
            problems.push(Problem::new(&at, EPHEMERAL));
        }
        let Input::Literal(value) = input else {
            continue;
        };
        if value.is_null() {
            if !declared.nullable && !declared.has_default {
                problems.push(Problem::new(
                    &at,
                    "null is not allowed: the variable is not nullable and has no default",
                ));
            }
        } else if let Err(reason) = declared.constraint.accepts(value) {
            problems.push(Problem::new(&at, reason));
        } else if declared.sensitive {
            let found = lookalikes(value).into_iter();
            problems.extend(found.map(|(place, scheme)| Problem::new(&at, meant(variable, &place, scheme))));
        }
    }
    // What could not be read may set a variable: Terraform will say which is missing.
    for (variable, declared) in interface.variables.iter().filter(|_| !interface.incomplete) {
        let given = component.variables.contains_key(variable) || interface.preset.contains(variable);
        if !given && !declared.has_default && !STANDARD.contains(&variable.as_str()) {
            if declared.ephemeral {
                let message = format!("the module's variable {variable:?} has no default; {EPHEMERAL}");
                problems.push(Problem::new(&component.path.child("variables"), message));
            } else {
                lacks.insert(variable.clone());
            }
        }
    }
    lacks
}

/// A reference in `variables` would itself be the secret. The message does not hold the text, which may be one.
fn meant(variable: &str, place: &str, scheme: &str) -> String {
    let what = "looks like a reference, and variables takes texts as they are";
    // What a reference leads to is not read as another reference.
    let literal = "A text that really begins so goes into a file: file:/path takes it as it is";
    match place {
        "" => format!("{what}. Move it to secrets: {{{variable}: {scheme}...}}. {literal}"),
        _ => format!(
            "{place} {what}; a reference stands for a whole variable. Give the module a variable of its own for this \
             secret, and set that in secrets. {literal}"
        ),
    }
}

/// What a step is given by outputs and by literals both.
fn twice(component: &Component, step: &Step, problems: &mut Vec<Problem>) {
    let (key, literals) = match &step.what {
        What::States { pillar, .. } => ("pillar", pillar),
        What::Function { kwargs, .. } => ("kwargs", kwargs),
    };
    for variable in component.inputs.keys() {
        let at = place(component, variable);
        if literals.contains_key(variable) {
            problems.push(Problem::new(&at, format!("is set twice: here and in salt:{key}")));
        } else if is_reserved(variable) {
            problems.push(Problem::new(&at, format!("{variable} is set by Eos, or by Salt itself")));
        }
    }
}

/// Against what the modules it reads from declare.
fn outputs(
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
                    "{reference} is sensitive, and a job shows what it holds to all who may inspect it: name it in secrets, as {{output: {reference}}}"
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

/// Why nobody has this output.
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
    "is a sensitive output: Salt keeps what a job is given; let the state read the secret itself";

/// The outputs that its health gates read, against its own module.
fn gates(component: &Component, interface: &Interface, problems: &mut Vec<Problem>) {
    for gate in &component.health {
        for (key, own) in gate.outputs().filter(|(_, own)| interface.output(&own.output).is_none()) {
            let place = gate.path.child(gate.kind()).child(key).child("output");
            problems.push(Problem::new(&place, no_output(&component.name, &own.output, interface)));
        }
    }
}

/// The outputs that its hooks tell others; what they tell is no secret.
fn hooks(component: &Component, interface: &Interface, problems: &mut Vec<Problem>) {
    for (place, own) in component.hooks.iter().flat_map(Hook::outputs) {
        let message = match interface.output(&own.output) {
            None => no_output(&component.name, &own.output, interface),
            Some(output) if output.sensitive => {
                "is a sensitive output, and hooks tell nobody a secret".to_owned()
            }
            Some(_) => continue,
        };
        problems.push(Problem::new(&place.child("output"), message));
    }
}

fn no_component(name: &Name, mentioned: &BTreeSet<Name>) -> String {
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
    format!("{producer} has no output '{output}'; it has: {has}")
}

/// Set by us where the module declares them and nothing else does.
const STANDARD: [&str; 4] = ["environment", "component", "deployment_id", "managed_by"];

fn standard_inputs(
    environment: &Name,
    component: &mut Component,
    interface: &Interface,
    deployment_id: &str,
) {
    let values = [environment.as_str(), component.name.as_str(), deployment_id, "eos"].map(Value::from);
    for (name, value) in STANDARD.into_iter().zip(values) {
        let wanted = interface.variables.contains_key(name) && !interface.preset.contains(name);
        if wanted && !component.inputs.contains_key(name) {
            component.inputs.insert(name.to_owned(), Input::Literal(value));
        }
    }
}

/// Changes only with what the component is made from: a fresh one would make every plan a change.
fn deployment_id(environment: &Name, component: &Component, interface: &Interface) -> String {
    let texts = |many: &[OutputRef]| many.iter().map(OutputRef::to_string).collect::<Vec<_>>();
    let inputs: BTreeMap<_, _> = component
        .inputs
        .iter()
        .map(|(variable, input)| match input {
            Input::Literal(value) => (variable, json!({ "value": value })),
            Input::Output(one) => (variable, json!({ "output": one.to_string() })),
            Input::Outputs(many) => (variable, json!({ "outputs": texts(many) })),
            Input::Secret(reference) => (variable, json!({ "secret": reference.to_string() })),
        })
        .collect();
    let content = json!([environment, component.name, interface.digest, inputs]).to_string();
    sha256(content)[..12].to_owned()
}
