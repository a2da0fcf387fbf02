//! Required variables that neither the pillar nor the call sets. Often only a state passes their values.
//!
//! An operation that needs the values is refused, for this component alone. A destroy uses the values of the last
//! apply. A question uses them too, to remove secrets from its answer. A secret from the pillar or from a call is
//! stored nowhere: where Terraform does not depend on the value, null is used in its place.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::command_line::{self, command};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Input, Name, Node, Variable, output, reference};
use crate::operation::session::Session;
use crate::operation::store::configurations;
use crate::record::Record;
use crate::resolve::{Module, needed_to_destroy};
use crate::snapshot::{Configuration, SnapshotStore, ValueOrigin};
use crate::words::{Words, words};

/// With this, no value is missing the next time.
const KEEP: &str = "apply it again with the value in secrets, as a reference, which is recorded";

/// This component with a value for each required variable. `missing_variables` then names the variables whose value is null
/// instead.
pub(in crate::operation::component) async fn supply<'a>(
    session: &Session,
    node: &'a Node,
    record: Option<&Record>,
    destroys: bool,
) -> Result<Cow<'a, Node>> {
    match (node.missing_variables.is_empty(), destroys) {
        (true, _) => Ok(Cow::Borrowed(node)),
        (false, false) => Err(refuse(node)),
        (false, true) => {
            let name = &node.component.name;
            let last = last(session, node, record).await?;
            let environment = &session.blueprint.environment;
            let how = |input, variable: &str, value: &str| {
                let destroy = command("destroy").of(environment).with("components", name);
                let destroy = destroy.with("confirm", environment).input(input, variable, value);
                words!["give its value: ", destroy]
            };
            with_nulls(last, &session.modules[name], how).map(Cow::Owned)
        }
    }
}

/// The same for a plan that only tells which outputs would change. Values that only a state or a call gives are assumed
/// to be those of the last apply.
pub(in crate::operation::component) async fn supply_last<'a>(
    session: &Session,
    node: &'a Node,
    record: Option<&Record>,
) -> Result<Cow<'a, Node>> {
    if node.missing_variables.is_empty() {
        return Ok(Cow::Borrowed(node));
    }
    let last = last(session, node, record).await?;
    match last.missing_variables.is_empty() {
        true => Ok(Cow::Owned(last)),
        false => Err(refuse(&last)),
    }
}

fn refuse(node: &Node) -> Error {
    let (variables, verb) = named(&node.missing_variables);
    let pillar_path = node.component.path.child("variables");
    let message = format!(
        "the module's {variables} {verb} no default, and neither {pillar_path} nor this call sets a value"
    );
    let mut plan = command("plan").here().with("components", &node.component.name);
    for name in &node.missing_variables {
        let (input, value) = asked(node.interface.variables.get(name));
        plan = plan.input(input, name, value);
    }
    let remedy = words![
        "set it in variables, from_outputs or secrets of the pillar. If a state sets it, call that state. Or \
         give it in a call for this component: ",
        plan
    ];
    Error::new(Layer::Salt, Phase::Preparation, Code::MissingVariable, message, remedy)
}

/// How a call gives a value to this variable, and a word in place of the value.
fn asked(declared: Option<&Variable>) -> (command_line::Input, &'static str) {
    match declared.is_some_and(Variable::is_hidden) {
        true => (command_line::Input::Secret, "vault:mount/path#key"),
        false => (command_line::Input::Variable, "VALUE"),
    }
}

/// One sentence, for a question about the pillar.
pub fn note(node: &Node) -> Option<Error> {
    (!node.missing_variables.is_empty()).then(|| refuse(node).of(&node.component.name))
}

fn named(variables: &BTreeSet<String>) -> (String, &'static str) {
    let all: Vec<_> = variables.iter().map(|one| format!("{one:?}")).collect();
    match all.as_slice() {
        [one] => (format!("variable {one}"), "has"),
        many => (format!("variables {}", many.join(", ")), "have"),
    }
}

/// This component with the stored values of the last apply.
async fn last(session: &Session, node: &Node, record: Option<&Record>) -> Result<Node> {
    let name = &node.component.name;
    let store = SnapshotStore::new(session.call.layout.component(name)?.snapshots());
    let digest = record.and_then(|record| record.applied.clone()).or_else(|| store.tried());
    let Some(digest) = digest else { return Ok(node.clone()) };
    configurations::download(&session.call.locks, &session.blueprint.environment, name, &store, &digest)
        .await;
    match store.configuration(&digest) {
        Ok(configuration) => Ok(with_last(node, &configuration, &store)),
        Err(error) => {
            tracing::warn!("{name}: the values of its last apply cannot be read: {error}");
            Ok(node.clone())
        }
    }
}

/// Adds the values of this configuration for variables that have none now.
pub(in crate::operation::component) fn with_last(
    node: &Node,
    configuration: &Configuration,
    store: &SnapshotStore,
) -> Node {
    let text = store.object(&configuration.variables).unwrap_or_default();
    let values: Map<String, Value> = serde_json::from_slice(&text).unwrap_or_default();
    let mut node = node.clone();
    for variable in std::mem::take(&mut node.missing_variables) {
        let input = match (values.get(&variable), configuration.secrets.get(&variable)) {
            (Some(value), _) => Some(Input::Literal(value.clone())),
            (None, Some(origin)) => again(origin),
            (None, None) => None,
        };
        match input {
            Some(input) => drop(node.component.inputs.insert(variable, input)),
            None => drop(node.missing_variables.insert(variable)),
        }
    }
    node
}

/// How to get a value that is not stored. None if only the pillar or a call had it.
fn again(origin: &ValueOrigin) -> Option<Input> {
    match origin {
        ValueOrigin::Reference(text) => reference(text).ok().map(Input::Secret),
        ValueOrigin::Output(text) => output(text).ok().map(Input::Output),
        ValueOrigin::Outputs(texts) => {
            texts.iter().map(|text| output(text)).collect::<Result<_, _>>().ok().map(Input::Outputs)
        }
        ValueOrigin::Pillar => None,
    }
}

/// Sets null for each variable that still has no value. An error if Terraform would read it: `how` tells how to pass
/// an argument.
pub(in crate::operation::component) fn with_nulls(
    mut node: Node,
    module: &Module,
    how: impl Fn(command_line::Input, &str, &str) -> Words,
) -> Result<Node> {
    if node.missing_variables.is_empty() {
        return Ok(node);
    }
    let read = needed_to_destroy(module);
    for variable in &node.missing_variables {
        let declared = node.interface.variables.get(variable);
        let why = match read.get(variable) {
            Some(place) => format!("{place} reads it"),
            None if declared.is_some_and(|one| !one.nullable) => {
                "the module does not accept null for it".to_owned()
            }
            None => {
                node.component.inputs.insert(variable.clone(), Input::Literal(Value::Null));
                continue;
            }
        };
        let message =
            format!("variable {variable:?} has no default, its last value is not stored, and {why}");
        let (input, value) = asked(declared);
        return Err(Error::new(
            Layer::Salt,
            Phase::Preparation,
            Code::MissingVariable,
            message,
            how(input, variable, value),
        ));
    }
    Ok(node)
}

/// The variables that have no value, or null instead of a value.
pub(in crate::operation::component) fn names(node: &Node) -> String {
    node.missing_variables.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The error of a plan that used null for a missing value: the null may be its cause.
pub(in crate::operation::component) fn blame(node: &Node, error: Error) -> Error {
    if node.missing_variables.is_empty() || error.layer != Layer::Terraform {
        return error;
    }
    let message =
        format!("planned with null for {}, whose value is not stored: {}", names(node), error.message);
    Error { code: Code::MissingVariable, message: message.into(), remedy: KEEP.into(), ..error }
}

/// The values that the last apply got through references, as far as they can be read now. They are removed from
/// answers.
pub async fn given(session: &Session, node: &Node, name: &Name) -> Result<Vec<Input>> {
    if node.missing_variables.is_empty() {
        return Ok(Vec::new());
    }
    let paths = session.call.layout.component(name)?;
    let record = session.records().latest(name, &paths).await?;
    let last = last(session, node, record.as_ref()).await?;
    let given =
        node.missing_variables.iter().filter_map(|variable| last.component.inputs.get(variable).cloned());
    Ok(given.collect())
}
