//! Reads `infrastructure:settings:terraform`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{Fields, mapping};
use super::problems::Problems;
use super::scalars::{self, absolute};
use super::tree::{Tree, TreeKind};
use crate::model::reference::{is_variable_name, reference};
use crate::model::settings::TerraformSettings;
use crate::model::{Reference, VersionConstraint, allow_variable};

pub(super) fn terraform(tree: Tree, problems: &Problems) -> TerraformSettings {
    let mut fields = Fields::open(tree, problems);
    let version = fields.read("version", |tree| {
        VersionConstraint::parse(&scalars::text(tree)?)
            .ok_or_else(|| "must be a version constraint, such as \">=1.5, <2\"".to_owned())
    });
    let terraform = TerraformSettings {
        binary: fields.read("binary", binary).unwrap_or_else(|| "terraform".to_owned()),
        version: version.unwrap_or_else(VersionConstraint::oldest),
        env: mapping(fields.take_or_empty("env"), problems, variable),
        pass_env: fields.read("pass_env", pass_env).unwrap_or_default(),
        cli_config_file: fields.read("cli_config_file", absolute),
    };
    fields.close();
    terraform
}

fn binary(tree: &Tree) -> Result<String, String> {
    match scalars::text(tree)? {
        text if text.starts_with('/') || !(text.is_empty() || text.contains('/')) => Ok(text),
        _ => Err("must be the name of a program, such as tofu, or an absolute path".to_owned()),
    }
}

fn pass_env(tree: &Tree) -> Result<BTreeSet<String>, String> {
    let names = scalars::texts(tree)?;
    names.iter().try_for_each(|name| variable_name(name))?;
    Ok(names.into_iter().collect())
}

/// An environment variable: a value or a reference. Numbers and booleans become texts.
fn variable(name: &str, tree: &Tree) -> Result<Reference, String> {
    variable_name(name)?;
    match &tree.kind {
        // The system cannot pass such a value to a process.
        TreeKind::Leaf(Value::String(text)) if text.contains('\0') => {
            Err("must not contain a NUL".to_owned())
        }
        TreeKind::Leaf(Value::String(text)) => reference(text),
        TreeKind::Leaf(value @ (Value::Number(_) | Value::Bool(_))) => {
            Ok(Reference::Plain(value.to_string()))
        }
        _ => Err("must be a text or a reference".to_owned()),
    }
}

fn variable_name(name: &str) -> Result<(), String> {
    match is_variable_name(name) {
        true => allow_variable(name),
        false => Err("must consist of letters, digits and '_', and not begin with a digit".to_owned()),
    }
}
