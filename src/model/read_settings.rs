//! `infrastructure:settings`, and those of its parts that a component may override.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::reader::{self, Fields, Problems};
use super::reference::{is_variable_name, reference};
use super::settings::{
    Backend, FirstFailure, Loss, OnFailure, Policy, Rollback, Settings, Terraform, Timeouts,
};
use super::tree::{Kind, Tree};
use super::{DriftRules, Pattern, PillarPath, Reference, VersionConstraint, credentials, hint, read_server};

const MINUTE: u64 = 60;

pub fn settings(tree: Tree, environments: &[String], problems: &Problems) -> Settings {
    let mut fields = Fields::open(tree, problems);
    // A call that names no environment reads it; an environment of its own has no use for it.
    fields.read("default_environment", |tree| default_environment(tree, environments));
    let root = fields.read("root", absolute);
    let settings = Settings {
        root: root.unwrap_or_else(|| "/srv/terraform".into()),
        terraform: terraform(fields.take_or_empty("terraform"), problems),
        backend: backend(fields.take_or_empty("backend"), problems),
        lock: super::read_lock::lock(fields.take_or_empty("lock"), problems),
        lock_timeout: fields
            .read("lock_timeout", reader::duration)
            .unwrap_or(Duration::from_secs(5 * MINUTE)),
        parallelism: fields
            .read("parallelism", reader::positive)
            .unwrap_or(const { NonZeroUsize::new(4).unwrap() }),
        concurrency: mapping(fields.take_or_empty("concurrency"), problems, |_, tree| reader::positive(tree)),
        timeouts: timeouts(fields.take_or_empty("timeouts"), problems),
        on_failure: fields.read("on_failure", on_failure).unwrap_or(OnFailure::Stop),
        policy: policy(fields.take_or_empty("policy"), problems),
        rollback: rollback(fields.take_or_empty("rollback"), problems),
        drift: drift(fields.take_or_empty("drift"), problems),
        nomad: read_server::nomad(fields.take_or_empty("nomad"), problems),
        consul: read_server::consul(fields.take_or_empty("consul"), problems),
        vault: super::read_vault::vault(fields.take_or_empty("vault"), problems),
        credentials: super::read_provider::credentials(fields.take_or_empty("credentials"), problems),
    };
    fields.close();
    settings
}

fn default_environment(tree: &Tree, environments: &[String]) -> Result<(), String> {
    if tree.path != PillarPath::root().child("settings").child("default_environment") {
        return Err("belongs in infrastructure:settings: it is one for all environments".to_owned());
    }
    match tree.text() {
        Some(name) if environments.iter().any(|one| one == name) => Ok(()),
        Some(name) => {
            Err(format!("no environment {name:?}; {}", hint(name, environments.iter().map(String::as_str))))
        }
        None => Err("must be the name of an environment, as a text".to_owned()),
    }
}

fn terraform(tree: Tree, problems: &Problems) -> Terraform {
    let mut fields = Fields::open(tree, problems);
    let version = fields.read("version", |tree| {
        VersionConstraint::parse(&reader::text(tree)?)
            .ok_or_else(|| "must be a version constraint, such as \">=1.5, <2\"".to_owned())
    });
    let terraform = Terraform {
        binary: fields.read("binary", binary).unwrap_or_else(|| "terraform".to_owned()),
        version: version.unwrap_or_else(VersionConstraint::oldest),
        env: mapping(fields.take_or_empty("env"), problems, variable),
        pass_env: fields.read("pass_env", pass_env).unwrap_or_default(),
        cli_config_file: fields.read("cli_config_file", absolute),
    };
    fields.close();
    terraform
}

pub fn absolute(tree: &Tree) -> Result<PathBuf, String> {
    match reader::text(tree)? {
        text if text.contains('\0') => Err("may not hold a NUL".to_owned()),
        text if text.starts_with('/') => Ok(text.into()),
        _ => Err("must be an absolute path".to_owned()),
    }
}

fn binary(tree: &Tree) -> Result<String, String> {
    match reader::text(tree)? {
        text if text.starts_with('/') || !(text.is_empty() || text.contains('/')) => Ok(text),
        _ => Err("must be a program's name, such as tofu, or an absolute path".to_owned()),
    }
}

fn pass_env(tree: &Tree) -> Result<BTreeSet<String>, String> {
    let names = reader::texts(tree)?;
    names.iter().try_for_each(|name| variable_name(name))?;
    Ok(names.into_iter().collect())
}

/// A variable of the environment: a value or a reference. Numbers and booleans are texts there.
fn variable(name: &str, tree: &Tree) -> Result<Reference, String> {
    variable_name(name)?;
    match &tree.kind {
        // A process starts with no such value.
        Kind::Leaf(Value::String(text)) if text.contains('\0') => Err("may not hold a NUL".to_owned()),
        Kind::Leaf(Value::String(text)) => reference(text),
        Kind::Leaf(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Reference::Plain(value.to_string())),
        _ => Err("must be a text or a reference".to_owned()),
    }
}

fn variable_name(name: &str) -> Result<(), String> {
    match is_variable_name(name) {
        true => Ok(()),
        false => Err("must be named with letters, digits and '_', no digit first".to_owned()),
    }
}

pub fn backend(tree: Tree, problems: &Problems) -> Backend {
    let path = tree.path.clone();
    let mut arguments = reader::entries(tree, problems);
    let kind = match arguments.remove("type") {
        None if arguments.is_empty() => return local(),
        None => {
            problems.add(&path, "needs a type, such as local, s3, pg, http");
            return local();
        }
        Some(kind) => match kind.text() {
            Some(text) => text.to_owned(),
            None => {
                problems.add(&kind.path, "must be a text");
                return local();
            }
        },
    };
    for (name, tree) in &arguments {
        if kind == "local" {
            problems.add(&tree.path, "the local backend takes no arguments: state is kept in the workdir");
        } else {
            credentials::refuse(name, tree, problems);
        }
    }
    Backend { kind, arguments: arguments.into_iter().map(|(name, tree)| (name, tree.to_value())).collect() }
}

fn local() -> Backend {
    Backend { kind: "local".to_owned(), arguments: BTreeMap::new() }
}

pub fn timeouts(tree: Tree, problems: &Problems) -> Timeouts {
    let mut fields = Fields::open(tree, problems);
    let mut read =
        |key, minutes: u64| fields.read(key, reader::limit).unwrap_or(Duration::from_secs(minutes * MINUTE));
    let timeouts = Timeouts {
        init: read("init", 10),
        plan: read("plan", 30),
        apply: read("apply", 120),
        stop_grace: read("stop_grace", 10),
    };
    fields.close();
    timeouts
}

pub fn on_failure(tree: &Tree) -> Result<OnFailure, String> {
    match tree.text() {
        Some("stop") => Ok(OnFailure::Stop),
        Some("continue") => Ok(OnFailure::Continue),
        Some("rollback") => Ok(OnFailure::Rollback),
        _ => Err("must be one of: stop, continue, rollback".to_owned()),
    }
}

pub fn policy(tree: Tree, problems: &Problems) -> Policy {
    let default = Policy::default();
    let mut fields = Fields::open(tree, problems);
    let policy = Policy {
        allow_destroy: fields.read("allow_destroy", reader::flag).unwrap_or(default.allow_destroy),
        max_destroys: fields.read("max_destroys", reader::count),
        protect: fields.read("protect", reader::texts).unwrap_or_default().into_iter().collect(),
        max_plan_age: fields.read("max_plan_age", reader::duration).unwrap_or(default.max_plan_age),
    };
    fields.close();
    policy
}

pub fn rollback(tree: Tree, problems: &Problems) -> Rollback {
    let default = Rollback::default();
    let mut fields = Fields::open(tree, problems);
    let rollback = Rollback {
        needs_approval_for: fields.read("needs_approval_for", losses).unwrap_or(default.needs_approval_for),
        on_first_failure: fields.read("on_first_failure", first_failure).unwrap_or(default.on_first_failure),
    };
    fields.close();
    rollback
}

fn losses(tree: &Tree) -> Result<BTreeSet<Loss>, String> {
    let words = reader::texts(tree)?;
    words
        .iter()
        .map(|word| match word.as_str() {
            "delete" => Ok(Loss::Delete),
            "replace" => Ok(Loss::Replace),
            _ => Err("must be a list of: delete, replace".to_owned()),
        })
        .collect()
}

fn first_failure(tree: &Tree) -> Result<FirstFailure, String> {
    match tree.text() {
        Some("keep") => Ok(FirstFailure::Keep),
        Some("destroy") => Ok(FirstFailure::Destroy),
        _ => Err("must be one of: keep, destroy".to_owned()),
    }
}

pub fn drift(tree: Tree, problems: &Problems) -> DriftRules {
    let default = DriftRules::default();
    let mut fields = Fields::open(tree, problems);
    let rules = DriftRules {
        ignore: fields.read("ignore", patterns).unwrap_or_default(),
        equal_empty: fields.read("equal_empty", reader::flag).unwrap_or(default.equal_empty),
        alert_after: fields.read("alert_after", checks).unwrap_or(default.alert_after),
    };
    fields.close();
    rules
}

fn patterns(tree: &Tree) -> Result<Vec<Pattern>, String> {
    reader::texts(tree)?.iter().map(|text| Pattern::new(text)).collect()
}

fn checks(tree: &Tree) -> Result<NonZeroU64, String> {
    reader::count(tree)
        .ok()
        .and_then(NonZeroU64::new)
        .ok_or_else(|| "must be a whole number from 1".to_owned())
}

/// A mapping whose keys are not ours.
pub fn mapping<T>(
    tree: Tree,
    problems: &Problems,
    read: impl Fn(&str, &Tree) -> Result<T, String>,
) -> BTreeMap<String, T> {
    let mut values = BTreeMap::new();
    for (key, tree) in reader::entries(tree, problems) {
        match read(&key, &tree) {
            Ok(value) => drop(values.insert(key, value)),
            Err(message) => problems.add(&tree.path, message),
        }
    }
    values
}
