//! Salt saves the arguments of a runner's call: in the job cache, and on the bus.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::command_line::secret;
use crate::model::{Name, Overrides, PillarPath, Problem};
use crate::resolve::Module;

/// The functions of the runner that take variables. A call of a module or a state has another prefix.
const FUNCTIONS: [&str; 4] = ["plan", "orchestrate", "destroy", "why"];

/// A problem for each literal of the call that the module declares as sensitive or ephemeral.
pub fn secret_literals(
    operation: &str,
    given: &Overrides,
    modules: &BTreeMap<Name, Arc<Module>>,
) -> Vec<Problem> {
    let given = given.variables.as_ref().filter(|_| FUNCTIONS.contains(&operation));
    let Some((component, values)) = given else { return Vec::new() };
    let Some(module) = modules.get(component) else { return Vec::new() };
    let is_hidden =
        |name: &&String| module.interface.variable(name).is_some_and(|variable| variable.is_hidden());
    let names = values.as_object().into_iter().flatten().map(|(name, _)| name).filter(is_hidden);
    let at = |name: &String| PillarPath::arguments().child("variables").child(name);
    let problem = |name: &String| {
        let message = format!(
            "is a secret of the module, and Salt saves the arguments of a call. Give a reference: {}. The \
             command eos can ask for the value: --secret {name}",
            secret(name, "env:NAME")
        );
        Problem::new(&at(name), message)
    };
    names.map(problem).collect()
}
