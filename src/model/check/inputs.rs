//! Checks the inputs of a component against the variables of its module, or of its step.

use std::collections::BTreeSet;

use super::standard::STANDARD;
use crate::model::unquoted::Unquoted;
use crate::model::{
    Change, Component, Input, Interface, PillarPath, Problem, SaltCall, SaltStep, is_reserved, lookalikes,
};

/// Checks the inputs against the variables that the component's module declares. A step accepts any input. Returns the
/// required variables that nothing sets. They are not a problem yet: a state or a call may supply them, and many
/// operations do not need them.
pub(super) fn inputs(
    component: &Component,
    interface: &Interface,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let mut lacks = BTreeSet::new();
    if let Some(step) = &component.step {
        twice(component, step, problems);
        return lacks;
    }
    if let Some(file) = &interface.own_backend {
        let message = format!(
            "the module declares its own backend in {file}; remove it: Eos writes the backend from \
             infrastructure:settings:backend"
        );
        problems.push(Problem::new(&component.place("source"), message));
    }
    if let Some(file) = &interface.encryption {
        let message = format!(
            "the module encrypts its state in {file}; remove the block: Eos reads states and plans. A backend or a \
             file system can encrypt them instead"
        );
        problems.push(Problem::new(&component.place("source"), message));
    }
    for (variable, input) in &component.inputs {
        let at = place(component, variable);
        let Some(declared) = interface.variable(variable) else {
            problems.push(Problem::new(&at, interface.no_variable(variable)));
            continue;
        };
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
            continue;
        }
        match declared.constraint.accepts(value) {
            Err(reason) => problems.push(Problem::new(&at, reason)),
            Ok(_) if component.literals_are_stored => {}
            Ok(altered) => {
                let refusals = altered.iter().filter_map(|one| one.refusal(!declared.is_hidden()));
                problems.extend(refusals.map(|message| Problem::new(&at, message)));
            }
        }
        if declared.is_hidden() {
            let found = lookalikes(value).into_iter();
            problems.extend(found.map(|(place, scheme)| Problem::new(&at, meant(variable, &place, scheme))));
        }
    }
    // A file that could not be read may set a variable. In that case Terraform reports the missing variables.
    for (variable, declared) in interface.variables.iter().filter(|_| !interface.incomplete) {
        let given = component.variables.contains_key(variable) || interface.preset.contains(variable);
        if !given && !declared.has_default && !STANDARD.contains(&variable.as_str()) {
            lacks.insert(variable.clone());
        }
    }
    lacks
}

/// A reference in `variables` would be passed to Terraform as if it were the secret. The message does not repeat the
/// text: it may be the secret itself.
fn meant(variable: &str, place: &str, scheme: &str) -> String {
    let what = "looks like a reference, but variables passes texts on unchanged";
    // The content of a file is never interpreted as another reference.
    let literal = "To pass a text that really begins this way, put it into a file: file:/path passes it on \
                   unchanged";
    match place {
        "" => format!("{what}. Move it to secrets: {{{variable}: {scheme}...}}. {literal}"),
        _ => format!(
            "{place} {what}, but a reference must be the whole value of a variable. Add a variable for this \
             secret to the module, and set it in secrets. {literal}"
        ),
    }
}

/// Reports keys that a step gets both from outputs and from literals.
fn twice(component: &Component, step: &SaltStep, problems: &mut Vec<Problem>) {
    let (key, literals) = match &step.what {
        SaltCall::States { pillar, .. } => ("pillar", pillar),
        SaltCall::Function { kwargs, .. } => ("kwargs", kwargs),
    };
    for variable in component.inputs.keys() {
        let at = place(component, variable);
        if literals.contains_key(variable) {
            problems.push(Problem::new(&at, format!("is set twice: here and in salt:{key}")));
        } else if is_reserved(variable) {
            problems.push(Problem::new(&at, format!("{variable} is set by Eos or by Salt")));
        }
    }
}

/// The variables, or places inside them, where an integer becomes a text.
pub(super) fn integers_as_texts(component: &Component, interface: &Interface) -> Vec<String> {
    let altered = component.inputs.iter().filter_map(|(variable, input)| {
        let altered = interface.variable(variable)?.constraint.accepts(input.literal()?).ok()?;
        Some(altered.into_iter().map(move |one| (variable, one)))
    });
    let integers = altered.flatten().filter(|(_, one)| one.change == Change::ToText(Unquoted::Integer));
    integers.map(|(variable, one)| format!("{variable}{}", one.place)).collect()
}

/// The place where an input is set.
pub(super) fn place(component: &Component, variable: &str) -> PillarPath {
    let set = component.variables.get(variable);
    set.cloned().unwrap_or_else(|| component.path.child("variables").child(variable))
}
