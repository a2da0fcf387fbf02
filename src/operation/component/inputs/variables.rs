//! The values of a module's variables at the start of its turn.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Input, Name, Node, OutputRef, SecretOrigin, Variable};
use crate::operation::component::value_path::{below, with_dotted_key};
use crate::operation::session::produced_outputs::ProducedOutputs;
use crate::operation::session::secrets::SecretReader;
use crate::words::{Words, words};

/// Values for the variables. No Debug: it holds secrets in clear.
#[derive(Default)]
pub struct Inputs {
    /// Values that a file and a report may contain.
    pub known: BTreeMap<String, Value>,
    /// Values that go to terraform through a file descriptor, and nowhere else.
    pub secret: BTreeMap<String, Value>,
    /// The names in `secret` of ephemeral variables. No plan contains their values, so an apply needs them again.
    pub ephemeral: BTreeSet<String>,
    /// `component.output` references whose value is not known yet.
    pub pending: Vec<String>,
}

impl Inputs {
    /// What a plan depends on. Between a plan and its apply, an ephemeral value may change, but must not appear or
    /// vanish.
    pub(super) fn basis(&self) -> Value {
        json!([self.known, self.secret.iter().map(|one| self.lasting_one(one)).collect::<BTreeMap<_, _>>()])
    }

    /// The same for each variable.
    pub(super) fn lasting(&self) -> BTreeMap<String, Value> {
        self.known.iter().chain(&self.secret).map(|one| self.lasting_one(one)).collect()
    }

    fn lasting_one(&self, (name, value): (&String, &Value)) -> (String, Value) {
        let is_hidden = self.ephemeral.contains(name) && !value.is_null();
        (name.clone(), if is_hidden { json!("ephemeral") } else { value.clone() })
    }
}

/// Finds every input of a component. `produced` holds the outputs of all components that it reads.
pub(in crate::operation::component) async fn inputs(
    node: &Node,
    produced: &dyn Fn(&Name) -> Option<ProducedOutputs>,
    reader: &SecretReader,
) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    for (variable, input) in &node.component.inputs {
        let declared = node.interface.variable(variable);
        let is_hidden = declared.is_some_and(Variable::is_hidden);
        let takes_null = declared.is_none_or(|one| one.nullable || one.has_default);
        let (value, sensitive) = match input {
            Input::Literal(value) => (value.clone(), false),
            Input::Secret(reference) => {
                (Value::from(reader.read_for(variable, reference).await?.expose_secret()), true)
            }
            Input::Output(_) | Input::Outputs(_) => {
                let mut values = Vec::new();
                let mut sensitive = false;
                for reference in input.outputs() {
                    match output(variable, reference, produced)? {
                        Some((value, hidden)) => {
                            values.push(value);
                            sensitive |= hidden;
                        }
                        None => inputs.pending.push(format!("{}.{}", reference.component, reference.output)),
                    }
                }
                let value = match input {
                    Input::Output(reference) => match values.pop() {
                        Some(Value::Null) if !takes_null => {
                            let remedy =
                                "set the variable to another value, or make it nullable in the module";
                            return Err(null(
                                variable,
                                reference,
                                "the module does not accept null for it",
                                remedy,
                            ));
                        }
                        value => value.unwrap_or_default(),
                    },
                    _ => Value::Array(values),
                };
                (value, sensitive)
            }
        };
        if declared.is_some_and(|one| one.ephemeral) {
            inputs.ephemeral.insert(variable.clone());
        }
        match sensitive || is_hidden {
            true => inputs.secret.insert(variable.clone(), value),
            false => inputs.known.insert(variable.clone(), value),
        };
    }
    Ok(inputs)
}

/// The outputs for the tasks of a service, by their names in the task; and those that are not known yet.
pub(super) fn handed(
    node: &Node,
    produced: &dyn Fn(&Name) -> Option<ProducedOutputs>,
) -> Result<(BTreeMap<String, Value>, Vec<String>)> {
    let (mut values, mut pending) = (BTreeMap::new(), Vec::new());
    for (name, secret) in &node.component.task_secrets {
        let SecretOrigin::Output(reference) = &secret.origin else { continue };
        match output(name, reference, produced)? {
            Some((Value::Null, _)) => {
                let remedy = "remove it from the service's secrets, or make that output a text";
                return Err(null(name, reference, "the environment of a task contains only texts", remedy));
            }
            Some((value, _)) => drop(values.insert(name.clone(), value)),
            None => pending.push(format!("{}.{}", reference.component, reference.output)),
        }
    }
    Ok((values, pending))
}

/// The value, which may be null, and whether it is sensitive. None if it is not known yet.
fn output(
    variable: &str,
    reference: &OutputRef,
    produced: &dyn Fn(&Name) -> Option<ProducedOutputs>,
) -> Result<Option<(Value, bool)>> {
    let producer = produced(&reference.component).ok_or_else(|| never_ran(variable, reference))?;
    if producer.pending.holds(&reference.output) {
        return Ok(None);
    }
    let output = producer.outputs.get(&reference.output).ok_or_else(|| never_ran(variable, reference))?;
    Ok(Some((follow(variable, reference, &output.value)?, output.sensitive)))
}

fn never_ran(variable: &str, reference: &OutputRef) -> Error {
    let OutputRef { component, output, .. } = reference;
    let message = format!("variable {variable:?} reads {component}.{output}, which has no value yet");
    Error::new(Layer::Salt, Phase::Preparation, Code::MissingOutput, message, bring_up_first(component))
}

/// The remedy for an output that has no value yet.
pub(super) fn bring_up_first(producer: &Name) -> Words {
    words!["bring up ", producer, " first: ", command("orchestrate").here().with("components", producer)]
}

/// The output is null, and its reader cannot use null.
fn null(variable: &str, reference: &OutputRef, why: &str, remedy: impl Into<Words>) -> Error {
    let message = format!("variable {variable:?} reads {reference}, which is null: {why}");
    Error::new(Layer::Salt, Phase::Preparation, Code::NullOutput, message, remedy)
}

/// Follows the keys and indices of a reference into an output.
fn follow(variable: &str, reference: &OutputRef, output: &Value) -> Result<Value> {
    let mut value = output;
    for (at, step) in reference.path.iter().enumerate() {
        if value.is_null() {
            let above = OutputRef { path: reference.path[..at].to_vec(), ..reference.clone() };
            let why = format!("it has no {step:?}");
            let remedy = "read the whole output, and select the part in the module";
            return Err(null(variable, &above, &why, remedy));
        }
        value = below(value, step).ok_or_else(|| {
            let message = format!("variable {variable:?} reads {reference}, but there is no {step:?}");
            let remedy = match with_dotted_key(value, &reference.path, at) {
                Some(path) => format!("write {}", OutputRef { path, ..reference.clone() }),
                None => "correct the path in from_outputs".to_owned(),
            };
            Error::new(Layer::Salt, Phase::Preparation, Code::MissingOutput, message, remedy)
        })?;
    }
    Ok(value.clone())
}
