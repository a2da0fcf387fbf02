//! Reads one component whose levels are merged.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{Fields, entries};
use super::merge::VARIABLE_MAPS;
use super::problems::Problems;
use super::shared::SharedSettings;
use super::tree::{Tree, TreeKind};
use super::{backend, health, hooks, merge, provider, rules, scalars, source, step};
use crate::model::component::{Component, DependsOn, Input, Source, Template};
use crate::model::reference::{output, reference};
use crate::model::settings::Settings;
use crate::model::{Name, PillarPath, Reference, SaltStep, TaskSecret};

/// None if it has neither a source nor a step. Its problems are reported in both cases.
///
/// `shared` contains the unparsed settings that a component may override.
pub(super) fn component(
    name: Name,
    tree: Tree,
    shared: &SharedSettings,
    settings: &Settings,
    problems: &Problems,
) -> Option<Component> {
    let mut declared = match tree.to_value() {
        Value::Object(declared) => declared,
        _ => Map::new(),
    };
    declared.remove("variables");
    let mut fields = Fields::open(tree, problems);
    let places: BTreeMap<_, _> =
        ["source", "depends_on"].into_iter().filter_map(|key| Some((key, fields.place(key)?))).collect();
    let step = fields.take("salt").filter(|tree| !matches!(&tree.kind, TreeKind::Map(map) if map.is_empty()));
    let is_step = step.is_some();
    if is_step {
        refuse_in_step(&mut fields);
    }
    let step = step.and_then(|tree| step::step(tree, problems));
    // A missing source is reported by the reader of the draft, which knows the names of the other components.
    let source = fields.read("source", source::source);
    let is_whole = step.is_some() || (source.is_some() && !is_step);
    let (inputs, variables) = inputs(&mut fields);
    let made = ComponentParts {
        template: fields.read("template", template),
        source,
        step,
        inputs,
        variables,
        places,
        task_secrets: BTreeMap::new(),
        declared,
    };
    let component = finish(name, fields, made, shared, settings);
    is_whole.then_some(component)
}

/// The parts that differ between kinds of components.
pub(super) struct ComponentParts {
    pub source: Option<Source>,
    pub step: Option<SaltStep>,
    pub template: Option<Template>,
    pub inputs: BTreeMap<String, Input>,
    pub variables: BTreeMap<String, PillarPath>,
    pub places: BTreeMap<&'static str, PillarPath>,
    pub task_secrets: BTreeMap<String, TaskSecret>,
    pub declared: Map<String, Value>,
}

/// Reads the keys that all kinds of components have, and reports unknown keys.
pub(super) fn finish(
    name: Name,
    mut fields: Fields<'_>,
    made: ComponentParts,
    shared: &SharedSettings,
    settings: &Settings,
) -> Component {
    let ComponentParts { source, step, template, inputs, variables, mut places, task_secrets, mut declared } =
        made;
    let (path, problems) = (fields.path.clone(), fields.problems);
    let mut over = |key: &'static str, shared: &Tree| {
        let merged = merge::deep(shared.clone(), fields.take_or_empty(key));
        declared.insert(key.to_owned(), merged.to_value());
        merged
    };
    let backend = over("backend", &shared.backend);
    places.insert("backend", backend.path.clone());
    let backend = backend::backend(backend, problems);
    let policy = rules::policy(over("policy", &shared.policy), problems);
    let timeouts = rules::timeouts(over("timeouts", &shared.timeouts), problems);
    let rollback = rules::rollback(over("rollback", &shared.rollback), problems);
    let drift = rules::drift(over("drift", &shared.drift), problems);
    let credentials = provider::credentials(over("credentials", &shared.credentials), problems);
    let health = health::health(fields.take_or_empty("health"), problems);
    // The hooks of all components also run for a component with hooks of its own.
    let inherits = fields.read("inherit_hooks", scalars::flag).unwrap_or(true);
    let mut all_hooks = if inherits { settings.hooks.clone() } else { Vec::new() };
    all_hooks.extend(hooks::hooks(fields.take_or_empty("hooks"), problems));
    let component = Component {
        template,
        dialect: settings.terraform.dialect(),
        enabled: fields.read("enabled", scalars::flag).unwrap_or(true),
        depends_on: fields.read("depends_on", depends_on).unwrap_or_default(),
        inputs,
        literals_are_stored: false,
        variables,
        places,
        on_failure: fields.read("on_failure", rules::on_failure).unwrap_or(settings.on_failure),
        source,
        step,
        name,
        path,
        backend,
        policy,
        rollback,
        drift,
        timeouts,
        health,
        hooks: all_hooks,
        data: fields.read("data", scalars::texts).unwrap_or_default().into_iter().collect(),
        task_secrets,
        credentials,
        declared,
    };
    fields.close();
    component
}

/// Keys that only a component with a module may have.
const OF_A_MODULE: [&str; 11] = [
    "source",
    "template",
    "variables",
    "secrets",
    "credentials",
    "backend",
    "policy",
    "rollback",
    "drift",
    "timeouts",
    "data",
];

fn refuse_in_step(fields: &mut Fields<'_>) {
    for key in OF_A_MODULE {
        let says_something = |tree: &Tree| match (key, &tree.kind) {
            ("source" | "template", _) => true,
            ("data", kind) => !matches!(kind, TreeKind::List(items) if items.is_empty()),
            (_, kind) => !matches!(kind, TreeKind::Map(map) if map.is_empty()),
        };
        let Some(tree) = fields.take(key).filter(says_something) else { continue };
        let why = match key {
            "source" => "a component has either a source or a Salt step, not both",
            "variables" => {
                "has no meaning for a Salt step: states take salt:pillar, a function takes salt:kwargs"
            }
            "secrets" => {
                "has no meaning for a Salt step, because Salt stores the arguments of a job: let the state \
                 read the secret itself"
            }
            "timeouts" => "has no meaning for a Salt step: set salt:timeout",
            _ => "has no meaning for a Salt step",
        };
        fields.problems.add(&tree.path, why);
    }
}

fn template(tree: &Tree) -> Result<Template, String> {
    match tree.text() {
        Some("jinja") => Ok(Template::Jinja),
        _ => Err("must be jinja, or absent".to_owned()),
    }
}

fn depends_on(tree: &Tree) -> Result<DependsOn, String> {
    let mut found = DependsOn::default();
    for text in scalars::texts(tree)? {
        match text.as_str() {
            "*" => found.everything = true,
            text => drop(found.names.insert(Name::new(text).map_err(|reason| format!("{text:?} {reason}"))?)),
        }
    }
    Ok(found)
}

/// All inputs that could be read, and where each variable is set.
fn inputs(fields: &mut Fields<'_>) -> (BTreeMap<String, Input>, BTreeMap<String, PillarPath>) {
    let problems = fields.problems;
    let (mut inputs, mut places) = (BTreeMap::new(), BTreeMap::new());
    for key in VARIABLE_MAPS {
        for (variable, tree) in entries(fields.take_or_empty(key), problems) {
            if places.insert(variable.clone(), tree.path.clone()).is_some() {
                problems.add(
                    &tree.path,
                    "this variable is set twice: set it in only one of variables, from_outputs and secrets",
                );
            }
            let input = match key {
                "variables" => Ok(Input::Literal(tree.to_value())),
                "from_outputs" => from_outputs(&tree),
                _ => secret(&tree),
            };
            match input {
                Ok(input) => drop(inputs.insert(variable, input)),
                Err(message) => problems.add(&tree.path, message),
            }
        }
    }
    (inputs, places)
}

pub(super) fn from_outputs(tree: &Tree) -> Result<Input, String> {
    match &tree.kind {
        TreeKind::List(items) => items
            .iter()
            .map(|item| output(&scalars::text(item)?))
            .collect::<Result<_, _>>()
            .map(Input::Outputs),
        _ => output(&scalars::text(tree)?).map(Input::Output),
    }
}

fn secret(tree: &Tree) -> Result<Input, String> {
    match reference(&scalars::text(tree)?)? {
        // The text may be the secret itself, so the message does not repeat it.
        Reference::Plain(_) => {
            Err("must be a reference, such as env:NAME, file:/path or vault:mount/path#key, not the secret \
                 itself"
                .to_owned())
        }
        found => Ok(Input::Secret(found)),
    }
}
