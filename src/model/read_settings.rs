//! `infrastructure:settings`, and those of its parts that a component may override.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::Reference;
use super::reader::{self, Fields, Problems};
use super::reference::reference;
use super::settings::{Backend, OnFailure, Policy, Settings, Terraform, Timeouts};
use super::tree::{Kind, Tree};

const MINUTE: u64 = 60;
/// Arguments that are credentials in some backend: the rendered block is written to disk.
const CREDENTIALS: &[&str] = &[
    "access_key",
    "secret_key",
    "token",
    "session_token",
    "password",
    "username",
    "sas_token",
    "client_secret",
    "client_certificate_password",
    "encryption_key",
    "credentials",
    "access_token",
    "conn_str",
    "private_key",
    "security_token",
    "secret_id",
    "customer_encryption_key",
    "sse_customer_key",
    "oidc_token",
    "http_auth",
];

pub fn settings(tree: Tree, problems: &Problems) -> Settings {
    let mut fields = Fields::open(tree, problems);
    let root = fields.read("root", |tree| {
        let path = PathBuf::from(reader::text(tree)?);
        if path.is_absolute() { Ok(path) } else { Err("must be an absolute path".to_owned()) }
    });
    let settings = Settings {
        root: root.unwrap_or_else(|| "/srv/terraform".into()),
        terraform: terraform(fields.take_or_empty("terraform"), problems),
        backend: backend(fields.take_or_empty("backend"), problems),
        lock_timeout: fields
            .read("lock_timeout", reader::duration)
            .unwrap_or(Duration::from_secs(5 * MINUTE)),
        parallelism: fields
            .read("parallelism", reader::positive)
            .unwrap_or(const { NonZeroUsize::new(4).unwrap() }),
        concurrency: mapping(fields.take_or_empty("concurrency"), problems, reader::positive),
        timeouts: timeouts(fields.take_or_empty("timeouts"), problems),
        on_failure: fields.read("on_failure", on_failure).unwrap_or(OnFailure::Stop),
        policy: policy(fields.take_or_empty("policy"), problems),
    };
    fields.not_yet("rollback", "rollback", &rollback_defaults());
    fields.not_yet("lock", "locks other than on a local file", &json!({ "type": "file" }));
    fields.not_yet("credentials", "credentials; name them in terraform: {env: {...}}", &json!({}));
    fields.not_yet("nomad", "the Nomad layer", &json!({}));
    fields.not_yet("consul", "the Consul layer", &json!({}));
    fields.not_yet("vault", "the Vault layer", &json!({}));
    fields.close();
    settings
}

pub fn rollback_defaults() -> Value {
    json!({ "needs_approval_for": ["delete", "replace"], "on_first_failure": "keep" })
}

fn terraform(tree: Tree, problems: &Problems) -> Terraform {
    let mut fields = Fields::open(tree, problems);
    let version = fields.read("version", |tree| {
        let text = reader::text(tree)?;
        match super::VersionConstraint::parse(&text) {
            Some(_) => Ok(text),
            None => Err("must be a version constraint, such as \">=1.5, <2\"".to_owned()),
        }
    });
    let terraform = Terraform {
        binary: fields.read("binary", reader::text).unwrap_or_else(|| "terraform".to_owned()),
        version: version.unwrap_or_else(|| ">=1.5".to_owned()),
        env: mapping(fields.take_or_empty("env"), problems, variable),
        pass_env: fields.read("pass_env", reader::texts).unwrap_or_default().into_iter().collect(),
        cli_config_file: fields.read("cli_config_file", |tree| {
            let path = PathBuf::from(reader::text(tree)?);
            if path.is_absolute() { Ok(path) } else { Err("must be an absolute path".to_owned()) }
        }),
    };
    fields.close();
    terraform
}

/// A variable of the environment: a value or a reference. Numbers and booleans are texts there.
fn variable(tree: &Tree) -> Result<Reference, String> {
    match &tree.kind {
        Kind::Leaf(Value::String(text)) => reference(text),
        Kind::Leaf(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Reference::Plain(value.to_string())),
        _ => Err("must be a text or a reference".to_owned()),
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
        } else if CREDENTIALS.contains(&name.as_str()) {
            problems.add(
                &tree.path,
                "is a credential: set it as a variable in infrastructure:settings:terraform:env",
            );
        }
    }
    Backend { kind, arguments: arguments.into_iter().map(|(name, tree)| (name, tree.to_value())).collect() }
}

fn local() -> Backend {
    Backend { kind: "local".to_owned(), arguments: BTreeMap::new() }
}

pub fn timeouts(tree: Tree, problems: &Problems) -> Timeouts {
    let mut fields = Fields::open(tree, problems);
    let mut read = |key, minutes: u64| {
        fields.read(key, reader::duration).unwrap_or(Duration::from_secs(minutes * MINUTE))
    };
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
        Some("rollback") => Err("not yet: on_failure: rollback; stop and continue work".to_owned()),
        _ => Err("must be one of: stop, continue".to_owned()),
    }
}

pub fn policy(tree: Tree, problems: &Problems) -> Policy {
    let mut fields = Fields::open(tree, problems);
    let policy = Policy {
        allow_destroy: fields.read("allow_destroy", reader::flag).unwrap_or(false),
        max_destroys: fields.read("max_destroys", reader::count),
        protect: fields.read("protect", reader::texts).unwrap_or_default().into_iter().collect(),
    };
    fields.close();
    policy
}

/// A mapping whose keys are not ours.
pub fn mapping<T>(
    tree: Tree,
    problems: &Problems,
    read: impl Fn(&Tree) -> Result<T, String>,
) -> BTreeMap<String, T> {
    let mut values = BTreeMap::new();
    for (key, tree) in reader::entries(tree, problems) {
        match read(&tree) {
            Ok(value) => drop(values.insert(key, value)),
            Err(message) => problems.add(&tree.path, message),
        }
    }
    values
}
