//! Checks the hooks of the settings, and finds the components for which each of them is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Component, Draft, Hook, Interface, Name, Problem};

/// A hook that reads outputs is only for components that have all of them. One that is for no component, or that would
/// send a secret, is a problem.
pub(super) fn check(draft: &Draft, interfaces: &BTreeMap<Name, Arc<Interface>>, problems: &mut Vec<Problem>) {
    for hook in draft.settings.hooks.iter().filter(|hook| !hook.outputs().is_empty()) {
        let modules: Vec<_> = draft.components.keys().map(|name| (name, interfaces.get(name))).collect();
        for (name, interface) in modules.iter().filter_map(|(name, one)| Some((*name, one.as_ref()?))) {
            let sensitive = |output: &str| interface.outputs.get(output).is_some_and(|one| one.sensitive);
            for (path, _) in hook.outputs().into_iter().filter(|(_, own)| sensitive(&own.output)) {
                let message = format!("is a sensitive output of {name}, and hooks do not send secrets");
                problems.push(Problem::new(&path.child("output"), message));
            }
        }
        // The outputs of a module that could not be read are not known.
        let is_for = |interface: &Option<&Arc<Interface>>| {
            interface.is_none_or(|interface| interface.incomplete || has_outputs(hook, interface))
        };
        if !modules.iter().any(|(_, interface)| is_for(interface)) {
            problems.push(Problem::new(&hook.path, "reads outputs that no component has"));
        }
    }
}

/// Leaves out the shared hooks that read outputs which the component does not have.
pub(super) fn keep_usable(component: &mut Component, interface: &Interface) {
    component.hooks.retain(|hook| !hook.is_shared || has_outputs(hook, interface));
}

fn has_outputs(hook: &Hook, interface: &Interface) -> bool {
    hook.outputs().iter().all(|(_, own)| interface.outputs.contains_key(&own.output))
}
