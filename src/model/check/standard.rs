//! The standard inputs: values that Eos sets if the module declares the variables.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::digest::sha256;
use crate::model::{Component, Input, Interface, Name, OutputRef};

/// Eos sets these variables if the module declares them and nothing else sets them.
pub(super) const STANDARD: [&str; 4] = ["environment", "component", "deployment_id", "managed_by"];

pub(super) fn standard_inputs(
    environment: &Name,
    component: &mut Component,
    interface: &Interface,
    deployment_id: &str,
) {
    let values = [environment.as_str(), component.name.as_str(), deployment_id, "eos"].map(Value::from);
    for (name, value) in STANDARD.into_iter().zip(values) {
        if is_wanted(name, interface) && !component.inputs.contains_key(name) {
            component.inputs.insert(name.to_owned(), Input::Literal(value));
        }
    }
}

fn is_wanted(name: &str, interface: &Interface) -> bool {
    interface.variables.contains_key(name) && !interface.preset.contains(name)
}

/// The value that Eos sets for a variable that nothing else sets. None if Eos does not set the variable.
pub fn standard_value(
    name: &str,
    environment: &Name,
    component: &Component,
    interface: &Interface,
) -> Option<Value> {
    let place = STANDARD.iter().position(|one| *one == name && is_wanted(name, interface))?;
    let id = deployment_id(environment, component, interface);
    Some(Value::from([environment.as_str(), component.name.as_str(), &id, "eos"][place]))
}

/// Changes only when the content of the component changes. A new id in each run would make every plan a change. An
/// ephemeral value is no part of it: a state may contain the id.
pub(super) fn deployment_id(environment: &Name, component: &Component, interface: &Interface) -> String {
    let texts = |many: &[OutputRef]| many.iter().map(OutputRef::to_string).collect::<Vec<_>>();
    let inputs: BTreeMap<_, _> = component
        .inputs
        .iter()
        .map(|(variable, input)| match input {
            Input::Literal(_) if interface.variable(variable).is_some_and(|one| one.ephemeral) => {
                (variable, json!({ "value": "ephemeral" }))
            }
            Input::Literal(value) => (variable, json!({ "value": value })),
            Input::Output(one) => (variable, json!({ "output": one.to_string() })),
            Input::Outputs(many) => (variable, json!({ "outputs": texts(many) })),
            Input::Secret(reference) => (variable, json!({ "secret": reference.to_string() })),
        })
        .collect();
    let content = json!([environment, component.name, interface.digest, inputs]).to_string();
    sha256(content)[..12].to_owned()
}
