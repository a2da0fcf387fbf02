//! Reads `hooks` of a component, and those of the settings, which are for all components.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::fields::{Fields, mapping};
use super::health::{given, given_in};
use super::problems::Problems;
use super::scalars::absolute;
use super::tree::{Tree, TreeKind};
use super::webhook::webhook;
use super::{scalars, step};
use crate::model::hook::{
    COMPONENT, ConsulService, ENVIRONMENT, Hook, HookAction, HookFailure, NodeCheck, PrometheusTargets,
};
use crate::model::{PillarPath, address, hint};

const KINDS: [&str; 5] = ["consul_kv", "consul_service", "prometheus", "salt", "webhook"];
/// Keys that Eos sets in the body of a webhook.
const OURS: [&str; 4] = ["component", "environment", "report", "run_id"];

pub(super) fn hooks(tree: Tree, problems: &Problems) -> Vec<Hook> {
    items(tree, problems).into_iter().filter_map(|item| hook(item, problems)).collect()
}

/// The hooks of all components. Each of them needs a file of its own.
pub(super) fn shared(tree: Tree, problems: &Problems) -> Vec<Hook> {
    let mut hooks = hooks(tree, problems);
    for hook in &mut hooks {
        hook.is_shared = true;
        if let HookAction::Prometheus(prometheus) = &hook.action {
            let path = hook.path.child(hook.kind()).child("file");
            needs(&path, &prometheus.file, &[COMPONENT, ENVIRONMENT], problems);
        }
    }
    hooks
}

/// Refuses a file that several components or environments would write, because each would replace the others'.
/// An environment's own settings need not name the environment.
pub(super) fn needs(path: &PillarPath, file: &Path, placeholders: &[&str], problems: &Problems) {
    let is_common = path.is_below(&PillarPath::root().child("settings"));
    let text = file.to_string_lossy();
    for missing in placeholders.iter().filter(|one| !text.contains(**one)) {
        if *missing != ENVIRONMENT || is_common {
            problems
                .add(path, format!("must contain {missing}: each one would replace the file of the others"));
        }
    }
}

/// The items of a list of hooks.
pub(super) fn items(tree: Tree, problems: &Problems) -> Vec<Tree> {
    match tree.kind {
        TreeKind::List(items) => items,
        TreeKind::Leaf(Value::Null) => Vec::new(),
        TreeKind::Map(ref map) if map.is_empty() => Vec::new(),
        _ => {
            problems.add(&tree.path, "must be a list of hooks, such as [{consul_kv: {}}]");
            Vec::new()
        }
    }
}

/// The only key of a hook, which is its kind, and what is below it.
pub(super) fn kind(tree: Tree, kinds: &[&str], problems: &Problems) -> Option<(String, Tree)> {
    let path = tree.path.clone();
    let mut entries = match tree.kind {
        TreeKind::Map(map) => map.into_iter(),
        _ => Default::default(),
    };
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        problems.add(&path, format!("must be a mapping with one key of: {}", kinds.join(", ")));
        return None;
    };
    Some(entry)
}

/// `{KIND: {..., on_failure: warn}}`.
fn hook(tree: Tree, problems: &Problems) -> Option<Hook> {
    let path = tree.path.clone();
    let (kind, mut tree) = kind(tree, &KINDS, problems)?;
    let on_failure = take(&mut tree, "on_failure");
    let on_failure = on_failure.map(|tree| {
        let word = failure(&tree);
        word.map_err(|message| problems.add(&tree.path, message)).unwrap_or(HookFailure::Warn)
    });
    let action = match kind.as_str() {
        // The reader of steps closes the fields itself.
        "salt" => step::step(tree, problems).map(HookAction::Salt),
        "consul_kv" | "consul_service" | "prometheus" | "webhook" => {
            let mut fields = Fields::open(tree, problems);
            let action = match kind.as_str() {
                "consul_kv" => Some(HookAction::ConsulKv { prefix: consul_prefix(&mut fields) }),
                "consul_service" => consul_service(&mut fields).map(HookAction::ConsulService),
                "prometheus" => prometheus(&mut fields).map(HookAction::Prometheus),
                _ => webhook(&mut fields, &OURS).map(HookAction::Webhook),
            };
            fields.close();
            action
        }
        other => {
            problems.add(&tree.path, format!("unknown kind of hook; {}", hint(other, KINDS.into_iter())));
            None
        }
    };
    let on_failure = on_failure.unwrap_or(HookFailure::Warn);
    Some(Hook { path, is_shared: false, on_failure, action: action? })
}

fn take(tree: &mut Tree, key: &str) -> Option<Tree> {
    match &mut tree.kind {
        TreeKind::Map(map) => map.remove(key).filter(|tree| !tree.is_null()),
        _ => None,
    }
}

fn failure(tree: &Tree) -> Result<HookFailure, String> {
    match tree.text() {
        Some("warn") => Ok(HookFailure::Warn),
        Some("fail") => Ok(HookFailure::Fail),
        _ => Err("must be one of: warn, fail".to_owned()),
    }
}

/// The prefix of keys in Consul.
pub(super) fn consul_prefix(fields: &mut Fields<'_>) -> String {
    fields.read("prefix", scalars::prefix).unwrap_or_else(|| "terraform".to_owned())
}

fn consul_service(fields: &mut Fields<'_>) -> Option<ConsulService> {
    let name = fields.required("name", scalars::label);
    let address = given(fields, "address", address::host);
    let port_place = fields.place("port");
    let port = port_place.is_some().then(|| given(fields, "port", address::port));
    let tags = fields.read("tags", scalars::texts).unwrap_or_default();
    let checks = list(fields, "checks", check);
    Some(ConsulService { name: name?, address: address?, port: port.flatten(), tags, checks })
}

fn check(tree: Tree, problems: &Problems) -> Option<NodeCheck> {
    let mut fields = Fields::open(tree, problems);
    let name = fields.required("name", text);
    let http = fields.read("http", |tree| address::url(&tree.to_value()));
    let tcp = fields.read("tcp", |tree| match address::is_authority(&scalars::text(tree)?) {
        true => scalars::text(tree),
        false => Err("must be host:port".to_owned()),
    });
    if http.is_some() == tcp.is_some() {
        problems.add(&fields.path, "needs exactly one of http and tcp");
    }
    let interval = fields.read("interval", scalars::limit).unwrap_or(Duration::from_secs(10));
    fields.close();
    Some(NodeCheck { name: name?, http, tcp, interval })
}

fn prometheus(fields: &mut Fields<'_>) -> Option<PrometheusTargets> {
    let file = fields.required("file", |tree| match absolute(tree)? {
        path if path.extension().is_some_and(|end| end == "json") => Ok(path),
        _ => Err("must be an absolute path that ends with .json".to_owned()),
    });
    if fields.place("targets").is_none() {
        fields
            .problems
            .add(&fields.path.child("targets"), "is missing: a list of host:port, or of {output: NAME}");
    }
    let targets = list(fields, "targets", |tree, problems| given_in(tree, problems, target));
    let labels = labels(fields);
    let file: PathBuf = file?;
    Some(PrometheusTargets { file, targets, labels })
}

/// Labels of Prometheus.
pub(super) fn labels(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    mapping(fields.take_or_empty("labels"), fields.problems, |name: &str, tree: &Tree| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = name.bytes().all(good) && !name.starts_with(|letter: char| letter.is_ascii_digit());
        match is_name && !name.is_empty() && !name.starts_with("__") {
            true => text(tree),
            false => Err("must be a valid name of a Prometheus label".to_owned()),
        }
    })
}

fn target(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| address::is_authority(text));
    text.map(str::to_owned).ok_or_else(|| "must be host:port".to_owned())
}

/// All items that can be read. A single item counts as a list of one.
fn list<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: impl Fn(Tree, &Problems) -> Option<T>,
) -> Vec<T> {
    let Some(tree) = fields.take(key) else { return Vec::new() };
    let items = match tree.kind {
        TreeKind::List(items) => items,
        _ => vec![tree],
    };
    items.into_iter().filter_map(|item| read(item, fields.problems)).collect()
}

/// Numbers and booleans become texts.
fn text(tree: &Tree) -> Result<String, String> {
    match tree.to_value() {
        Value::String(text) if !text.is_empty() && !text.contains(char::is_control) => Ok(text),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
        _ => Err("must be a text that is not empty and has no control characters".to_owned()),
    }
}
