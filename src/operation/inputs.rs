//! What goes into a module's variables when its turn comes.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::decide::StateOutput;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::{Input, Name, Node, OutputRef, OwnOutput, Reference, SecretOrigin};
use crate::words::Words;

use super::handing::Handed;
use super::secrets::Reading;

/// What a component gives to those that read it.
#[derive(Clone, Debug, Default)]
pub struct Produced {
    pub outputs: BTreeMap<String, StateOutput>,
    pub pending: Pending,
}

/// Outputs that a change which was not applied will decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pending {
    #[default]
    None,
    Some(Vec<String>),
    All,
}

impl Pending {
    fn holds(&self, output: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(names) => names.iter().any(|name| name == output),
            Self::All => true,
        }
    }
}

/// Values for the variables. No Debug: it holds secrets in clear.
#[derive(Default)]
pub struct Inputs {
    /// May stand in a file and in a report.
    pub known: BTreeMap<String, Value>,
    /// Go to terraform through a descriptor, and nowhere else.
    pub secret: BTreeMap<String, Value>,
    /// `component.output` that is not decided yet.
    pub pending: Vec<String>,
    /// Goes to the tasks of a service, and not to terraform.
    pub handed: Handed,
}

/// Finds every input of a component; `produced` holds all that it reads from.
pub async fn inputs(
    node: &Node,
    produced: &dyn Fn(&Name) -> Option<Produced>,
    reading: &Reading,
) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    for (variable, input) in &node.component.inputs {
        let declared = node.interface.variable(variable);
        let declared_sensitive = declared.is_some_and(|one| one.sensitive);
        let takes_null = declared.is_none_or(|one| one.nullable || one.has_default);
        let (value, sensitive) = match input {
            Input::Literal(value) => (value.clone(), false),
            Input::Secret(reference) => (Value::from(reading.read(reference).await?.expose_secret()), true),
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
                            let remedy = "give the variable another value, or make it nullable in the module";
                            return Err(null(variable, reference, "the module takes no null for it", remedy));
                        }
                        value => value.unwrap_or_default(),
                    },
                    _ => Value::Array(values),
                };
                (value, sensitive)
            }
        };
        match sensitive || declared_sensitive {
            true => inputs.secret.insert(variable.clone(), value),
            false => inputs.known.insert(variable.clone(), value),
        };
    }
    Ok(inputs)
}

/// The outputs that the tasks of a service are given, by the names that they have there; and those that are not decided
/// yet.
pub fn handed(
    node: &Node,
    produced: &dyn Fn(&Name) -> Option<Produced>,
) -> Result<(BTreeMap<String, Value>, Vec<String>)> {
    let (mut values, mut pending) = (BTreeMap::new(), Vec::new());
    for (name, secret) in &node.component.task_secrets {
        let SecretOrigin::Output(reference) = &secret.origin else { continue };
        match output(name, reference, produced)? {
            Some((Value::Null, _)) => {
                let remedy = "take it out of the service's secrets, or let that component give it a text";
                return Err(null(name, reference, "a task's environment holds texts", remedy));
            }
            Some((value, _)) => drop(values.insert(name.clone(), value)),
            None => pending.push(format!("{}.{}", reference.component, reference.output)),
        }
    }
    Ok((values, pending))
}

/// Its value, which may be null, and whether that is sensitive; None where it is not decided yet.
fn output(
    variable: &str,
    reference: &OutputRef,
    produced: &dyn Fn(&Name) -> Option<Produced>,
) -> Result<Option<(Value, bool)>> {
    let producer = produced(&reference.component).ok_or_else(|| never_ran(variable, reference))?;
    if producer.pending.holds(&reference.output) {
        return Ok(None);
    }
    let output = producer.outputs.get(&reference.output).ok_or_else(|| never_ran(variable, reference))?;
    Ok(Some((follow(variable, reference, &output.value)?, output.sensitive)))
}

/// The value behind a reference of this host; the error names the place, never the value.
pub fn read(reference: &Reference) -> Result<SecretString> {
    let refuse = |message: String, remedy: &'static str| {
        Error::new(Layer::Salt, Phase::Preparation, "reference", message, remedy)
    };
    match reference {
        Reference::Plain(text) => Ok(text.clone().into()),
        Reference::Env(name) => match std::env::var(name) {
            Ok(value) => Ok(value.into()),
            Err(std::env::VarError::NotPresent) => Err(refuse(
                format!("env:{name} is not set"),
                "set it in the environment of the process that runs this (salt-run, or the minion)",
            )),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(refuse(format!("env:{name} is not UTF-8"), "set it to a text"))
            }
        },
        Reference::File(path) => match std::fs::read_to_string(path) {
            // Editors end a file with a newline that is no part of the secret.
            Ok(text) => Ok(text.strip_suffix('\n').map_or(text.as_str(), |text| text).into()),
            Err(error) => Err(refuse(
                format!("file:{} cannot be read: {error}", path.display()),
                "make it a readable UTF-8 file for the user that runs Salt",
            )),
        },
        Reference::Vault { .. } | Reference::Sdb(_) => Err(refuse(
            format!("{reference} cannot be read outside of a component's turn"),
            "use env:NAME or file:/path here",
        )),
    }
}

fn never_ran(variable: &str, reference: &OutputRef) -> Error {
    let OutputRef { component, output, .. } = reference;
    let message = format!("variable {variable:?} reads {component}.{output}, which has no value yet");
    let remedy = format!("run {component} first, or use include_dependencies=True");
    Error::new(Layer::Salt, Phase::Preparation, "missing_output", message, remedy)
}

/// The output has a value, and that is null, which its reader cannot take.
fn null(variable: &str, reference: &OutputRef, why: &str, remedy: impl Into<Words>) -> Error {
    let message = format!("variable {variable:?} reads {reference}, which is null: {why}");
    Error::new(Layer::Salt, Phase::Preparation, "null_output", message, remedy)
}

/// What stands at a key or an index.
fn below<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    }
}

/// What a gate or a hook reads of an output of its own component. The error names the output, never its value.
pub fn own<T>(
    own: &OwnOutput,
    output: &Value,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<T, String> {
    let mut value = output;
    for step in &own.path {
        value = below(value, step).ok_or_else(|| format!("output {own}: there is no {step:?}"))?;
    }
    match value {
        Value::Null => Err(format!("output {own} is null")),
        value => read(value).map_err(|reason| format!("output {own} {reason}")),
    }
}

/// Goes down an output's keys and indices.
fn follow(variable: &str, reference: &OutputRef, output: &Value) -> Result<Value> {
    let mut value = output;
    for (at, step) in reference.path.iter().enumerate() {
        if value.is_null() {
            let above = OutputRef { path: reference.path[..at].to_vec(), ..reference.clone() };
            let why = format!("there is no {step:?} below it");
            let remedy = "read the whole output, and let the module look into it";
            return Err(null(variable, &above, &why, remedy));
        }
        value = below(value, step).ok_or_else(|| {
            let OutputRef { component, output, path } = reference;
            let message = format!(
                "variable {variable:?} reads {component}.{output}.{}: there is no {step:?}",
                path.join(".")
            );
            Error::new(
                Layer::Salt,
                Phase::Preparation,
                "missing_output",
                message,
                "correct the path in from_outputs",
            )
        })?;
    }
    Ok(value.clone())
}
