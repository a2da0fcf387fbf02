//! Claims about the pillar, tested through `read` and `check` as the operations call them.

mod backends;
mod checking;
mod components;
mod health;
mod hooks;
mod identity;
mod lock;
mod merging;
mod names;
mod profile;
mod run_hooks;
mod service_secrets;
mod services;
mod settings;
mod shared_names;
mod steps;
mod trace;
mod vault;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Blueprint, Constraint, Draft, Interface, Name, Output, Overrides, Problem, Variable, read, refusal,
};

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A pillar with one environment, `staging`, which has no keys of its own.
pub fn pillar(settings: Value, components: Value) -> Value {
    json!({ "settings": settings, "components": components, "environments": { "staging": {} } })
}

/// `path: message` of each problem of reading, in order.
pub fn said(problems: Vec<Problem>) -> Vec<String> {
    let details = refusal(problems).details;
    let problems = details["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|one| format!("{}: {}", one["path"].as_str().unwrap(), one["message"].as_str().unwrap()))
        .collect()
}

pub fn problems(infrastructure: &Value) -> Vec<String> {
    said(read(infrastructure, "staging", &Overrides::default()).1)
}

/// The draft of a pillar without problems.
pub fn draft(infrastructure: &Value) -> Draft {
    draft_with(infrastructure, &Overrides::default())
}

pub fn draft_with(infrastructure: &Value, overrides: &Overrides) -> Draft {
    let (draft, problems) = read(infrastructure, "staging", overrides);
    assert_eq!(said(problems), Vec::<String>::new());
    draft.unwrap()
}

/// A module with these variables and outputs. `name` is a required variable, `name?` has a default; all are texts.
pub fn module(variables: &[&str], outputs: &[&str]) -> Interface {
    let variable = |text: &&str| {
        let required = Variable {
            constraint: Constraint::String,
            has_default: text.ends_with('?'),
            nullable: true,
            sensitive: false,
            ephemeral: false,
        };
        (text.trim_end_matches('?').to_owned(), required)
    };
    Interface {
        variables: variables.iter().map(variable).collect(),
        outputs: outputs.iter().map(|text| ((*text).to_owned(), Output::default())).collect(),
        ..Interface::default()
    }
}

/// Reads and checks a pillar. Returns the problems of both.
pub fn checked(infrastructure: &Value, modules: Vec<(&str, Interface)>) -> Result<Blueprint, Vec<String>> {
    checked_with(infrastructure, modules, &Overrides::default())
}

pub fn checked_with(
    infrastructure: &Value,
    modules: Vec<(&str, Interface)>,
    overrides: &Overrides,
) -> Result<Blueprint, Vec<String>> {
    let interfaces: BTreeMap<_, _> =
        modules.into_iter().map(|(component, module)| (name(component), Arc::new(module))).collect();
    let (draft, problems) = read(infrastructure, "staging", overrides);
    super::check(draft.unwrap(), &interfaces, problems).map_err(said)
}
