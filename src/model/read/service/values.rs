//! The variables of a service's module: literals, and outputs of other components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::component::Input;
use crate::model::read::component::from_outputs;
use crate::model::read::fields::{Fields, entries};
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::reference::{is_variable_name, reference};
use crate::model::service::ServiceVariable;
use crate::model::unquoted::Unquoted;
use crate::model::{PillarPath, Reference};

/// Module variable to the origin of its value.
pub(super) struct ServiceValues {
    pub inputs: BTreeMap<String, Input>,
    pub places: BTreeMap<String, PillarPath>,
    pub variables: BTreeSet<ServiceVariable>,
    pub env_outputs: BTreeSet<String>,
    /// The names in `env_outputs` that are secrets.
    pub literals: BTreeSet<String>,
    pub own: BTreeSet<String>,
    /// The part of `from_outputs` that was not read yet.
    outputs: BTreeMap<String, Tree>,
}

/// A job may need texts that begin like other references, such as the tag `env:production`.
const REFERENCES: [&str; 2] = ["vault:", "sdb://"];

/// Terraform reserves these names, or the generated module already uses them.
const RESERVED: [&str; 13] = [
    "count",
    "depends_on",
    "deployment_id",
    "environment",
    "for_each",
    "lifecycle",
    "literal",
    "locals",
    "providers",
    "secrets_revision",
    "service",
    "source",
    "version",
];

impl ServiceValues {
    pub fn open(fields: &mut Fields<'_>) -> Self {
        let outputs = entries(fields.take_or_empty("from_outputs"), fields.problems);
        Self {
            outputs,
            inputs: BTreeMap::new(),
            places: BTreeMap::new(),
            variables: BTreeSet::new(),
            env_outputs: BTreeSet::new(),
            literals: BTreeSet::new(),
            own: BTreeSet::new(),
        }
    }

    /// Reads one variable from the pillar, either as a value or in `from_outputs`. Returns whether the pillar sets it.
    pub fn knob(
        &mut self,
        fields: &mut Fields<'_>,
        variable: ServiceVariable,
        read: impl FnOnce(&Tree) -> Result<Value, String>,
    ) -> bool {
        let tree = fields.take(variable.name());
        self.given(fields, variable, tree, read)
    }

    /// Like [`Self::knob`], for a value that was already taken.
    pub fn given(
        &mut self,
        fields: &Fields<'_>,
        variable: ServiceVariable,
        tree: Option<Tree>,
        read: impl FnOnce(&Tree) -> Result<Value, String>,
    ) -> bool {
        let problems = fields.problems;
        let output = self.outputs.remove(variable.name());
        let (tree, input) = match (tree, output) {
            (Some(_), Some(output)) => {
                problems.add(&output.path, "is set twice: here and as a value; keep one");
                return true;
            }
            (Some(tree), None) => {
                let read = read(&tree).map(Input::Literal);
                (tree, read)
            }
            (None, Some(tree)) => {
                let read = from_outputs(&tree);
                (tree, read)
            }
            (None, None) => return false,
        };
        match input {
            Ok(input) => self.set(variable, input),
            Err(message) => problems.add(&tree.path, message),
        }
        self.places.insert(variable.name().to_owned(), tree.path);
        true
    }

    pub fn set(&mut self, variable: ServiceVariable, input: Input) {
        self.variables.insert(variable);
        self.inputs.insert(variable.name().to_owned(), input);
    }

    pub fn or(&mut self, fields: &Fields<'_>, variable: ServiceVariable, value: impl Into<Value>) {
        self.places.insert(variable.name().to_owned(), fields.path.child(variable.name()));
        self.set(variable, Input::Literal(value.into()));
    }

    /// All remaining entries of `from_outputs` become variables of the task's environment.
    pub fn rest_is_environment(&mut self, fields: &Fields<'_>) {
        let problems = fields.problems;
        for (name, tree) in std::mem::take(&mut self.outputs) {
            let variable = format!("env_{name}");
            let literal = self.is_environment(&name);
            let input = match (environment_name(&name), from_outputs(&tree)) {
                (Err(message), _) | (_, Err(message)) => Err(message),
                (Ok(()), Ok(Input::Outputs(_))) => {
                    Err("an environment variable is a text: name one output".to_owned())
                }
                (Ok(()), Ok(_)) if literal => Err("is set twice: here and in env; keep one".to_owned()),
                (Ok(()), Ok(input)) => Ok(input),
            };
            match input {
                Ok(input) => {
                    self.env_outputs.insert(name);
                    self.places.insert(variable.clone(), tree.path);
                    self.inputs.insert(variable, input);
                }
                Err(message) => problems.add(&tree.path, message),
            }
        }
    }

    /// Whether the task's environment already has a variable with this name.
    pub fn is_environment(&self, name: &str) -> bool {
        let env = self.inputs.get(ServiceVariable::Env.name()).and_then(Input::literal);
        env.is_some_and(|env| env.get(name).is_some()) || self.env_outputs.contains(name)
    }

    /// Adds a secret that the job contains in clear text.
    pub fn literal(&mut self, name: String, input: Input, path: PillarPath) {
        let variable = format!("env_{name}");
        self.places.insert(variable.clone(), path);
        self.inputs.insert(variable, input);
        self.literals.insert(name.clone());
        self.env_outputs.insert(name);
    }

    /// For a user's template: `variables`, and all remaining entries of `from_outputs`.
    pub fn rest_is_own(&mut self, fields: &mut Fields<'_>) {
        let problems = fields.problems;
        let literals = entries(fields.take_or_empty("variables"), problems);
        let outputs = std::mem::take(&mut self.outputs);
        let all =
            literals.into_iter().map(|one| (one, false)).chain(outputs.into_iter().map(|one| (one, true)));
        for ((name, tree), output) in all {
            let input = match (own_name(&name), output) {
                (Err(message), _) => Err(message),
                (Ok(()), _) if self.own.contains(&name) => {
                    Err("is set twice: in variables and in from_outputs; keep one".to_owned())
                }
                (Ok(()), true) => from_outputs(&tree),
                (Ok(()), false) => Ok(Input::Literal(tree.to_value())),
            };
            match input {
                Ok(input) => {
                    self.places.insert(name.clone(), tree.path);
                    self.inputs.insert(name.clone(), input);
                    self.own.insert(name);
                }
                Err(message) => problems.add(&tree.path, message),
            }
        }
    }
}

fn own_name(name: &str) -> Result<(), String> {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !first || !is_variable_name(name) {
        return Err("must consist of letters, digits and '_', and begin with a letter".to_owned());
    }
    match RESERVED.contains(&name) || ServiceVariable::ALL.iter().any(|variable| variable.name() == name) {
        true => Err("is a name that the module already uses: choose another".to_owned()),
        false => Ok(()),
    }
}

pub(super) fn environment_name(name: &str) -> Result<(), String> {
    match is_variable_name(name) {
        true => Ok(()),
        false => Err("must consist of letters, digits and '_', and not begin with a digit".to_owned()),
    }
}

/// The name of a variable that the job sets itself. Programs of the JVM, for example, read names with dots.
pub(super) fn env_name(name: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    match name.bytes().next().is_some_and(|first| !first.is_ascii_digit()) && name.bytes().all(good) {
        true => Ok(()),
        false => {
            Err("must consist of letters, digits, '_', '.' and '-', and not begin with a digit".to_owned())
        }
    }
}

/// A text for the task. An integer becomes a text. A fraction or a boolean is refused, because YAML may have changed it.
pub(super) fn scalar(tree: &Tree) -> Result<String, String> {
    match &tree.kind {
        TreeKind::Leaf(Value::String(text)) if text.contains('\0') => {
            Err("must not contain a NUL".to_owned())
        }
        TreeKind::Leaf(Value::String(text)) => Ok(text.clone()),
        TreeKind::Leaf(value) => match Unquoted::of(value).map(|one| one.refusal(true)) {
            Some(None) => Ok(value.to_string()),
            Some(Some(refusal)) => Err(refusal),
            None => Err("must be a text or an integer".to_owned()),
        },
        _ => Err("must be a text or an integer".to_owned()),
    }
}

/// Like [`scalar`], but refuses references: everybody who may inspect a job can read its content.
pub(super) fn literal(tree: &Tree) -> Result<String, String> {
    let text = scalar(tree)?;
    match reference(&text)? {
        Reference::Plain(_) => Ok(text),
        _ => Err("is a reference, and env of a job is public: set it in secrets".to_owned()),
    }
}

/// Refuses references in a part of a job: they are resolved for `secrets` only.
pub(super) fn no_references(tree: &Tree, problems: &Problems) {
    match &tree.kind {
        TreeKind::Leaf(value) => {
            let text = value.as_str().unwrap_or_default();
            if REFERENCES.iter().any(|start| text.starts_with(start)) {
                problems.add(&tree.path, "is a reference, and a job is public: set it in secrets");
            }
        }
        TreeKind::List(items) => items.iter().for_each(|item| no_references(item, problems)),
        TreeKind::Map(map) => map.values().for_each(|tree| no_references(tree, problems)),
    }
}

/// A text that is not empty and contains no NUL.
pub(super) fn some_text(tree: &Tree) -> Result<String, String> {
    match scalars::text(tree)? {
        text if text.is_empty() || text.contains('\0') => {
            Err("must be a text that is not empty and has no NUL".to_owned())
        }
        text => Ok(text),
    }
}

/// An absolute folder without a colon: a container's mount option would be split at the colon.
pub(super) fn folder(tree: &Tree) -> Result<String, String> {
    match some_text(tree)? {
        text if text.starts_with('/') && !text.contains(':') && !text.contains(char::is_control) => Ok(text),
        _ => Err("must be an absolute path, without ':'".to_owned()),
    }
}

/// The path of a URL.
pub(super) fn url_path(tree: &Tree) -> Result<String, String> {
    let text = scalars::text(tree)?;
    match text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        true => Ok(text),
        false => Err("must be the path of a URL in encoded form, and begin with /".to_owned()),
    }
}
