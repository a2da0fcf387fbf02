//! Reads `hooks` of a component.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Fields, mapping};
use super::health::{given, given_in, header};
use super::problems::Problems;
use super::scalars::absolute;
use super::tree::{Tree, TreeKind};
use super::{scalars, server, step};
use crate::model::hook::{
    ConsulService, Hook, HookAction, HookFailure, NodeCheck, PrometheusTargets, Webhook,
};
use crate::model::{Tls, address, hint};

const KINDS: [&str; 5] = ["consul_kv", "consul_service", "prometheus", "salt", "webhook"];
/// Keys that Eos sets in the body of a webhook.
const OURS: [&str; 4] = ["component", "environment", "report", "run_id"];

pub(super) fn hooks(tree: Tree, problems: &Problems) -> Vec<Hook> {
    match tree.kind {
        TreeKind::List(items) => items.into_iter().filter_map(|item| hook(item, problems)).collect(),
        TreeKind::Leaf(Value::Null) => Vec::new(),
        TreeKind::Map(ref map) if map.is_empty() => Vec::new(),
        _ => {
            problems.add(&tree.path, "must be a list of hooks, such as [{consul_kv: {}}]");
            Vec::new()
        }
    }
}

/// `{KIND: {..., on_failure: warn}}`.
fn hook(tree: Tree, problems: &Problems) -> Option<Hook> {
    let path = tree.path.clone();
    let known = KINDS.join(", ");
    let mut entries = match tree.kind {
        TreeKind::Map(map) => map.into_iter(),
        _ => Default::default(),
    };
    let (Some((kind, mut tree)), None) = (entries.next(), entries.next()) else {
        problems.add(&path, format!("must be a mapping with one key of: {known}"));
        return None;
    };
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
                "consul_kv" => Some(consul_kv(&mut fields)),
                "consul_service" => consul_service(&mut fields).map(HookAction::ConsulService),
                "prometheus" => prometheus(&mut fields).map(HookAction::Prometheus),
                _ => webhook(&mut fields).map(HookAction::Webhook),
            };
            fields.close();
            action
        }
        other => {
            problems.add(&tree.path, format!("unknown kind of hook; {}", hint(other, KINDS.into_iter())));
            None
        }
    };
    Some(Hook { path, on_failure: on_failure.unwrap_or(HookFailure::Warn), action: action? })
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

fn consul_kv(fields: &mut Fields<'_>) -> HookAction {
    let prefix = fields.read("prefix", scalars::prefix);
    HookAction::ConsulKv { prefix: prefix.unwrap_or_else(|| "terraform".to_owned()) }
}

fn consul_service(fields: &mut Fields<'_>) -> Option<ConsulService> {
    let name = required(fields, "name", scalars::label);
    let address = given(fields, "address", address::host);
    let port_place = fields.place("port");
    let port = port_place.is_some().then(|| given(fields, "port", address::port));
    let tags = fields.read("tags", scalars::texts).unwrap_or_default();
    let checks = list(fields, "checks", check);
    Some(ConsulService { name: name?, address: address?, port: port.flatten(), tags, checks })
}

fn check(tree: Tree, problems: &Problems) -> Option<NodeCheck> {
    let mut fields = Fields::open(tree, problems);
    let name = required(&mut fields, "name", text);
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
    let file = required(fields, "file", |tree| match absolute(tree)? {
        path if path.extension().is_some_and(|end| end == "json") => Ok(path),
        _ => Err("must be an absolute path that ends with .json".to_owned()),
    });
    if fields.place("targets").is_none() {
        fields
            .problems
            .add(&fields.path.child("targets"), "is missing: a list of host:port, or of {output: NAME}");
    }
    let targets = list(fields, "targets", |tree, problems| given_in(tree, problems, target));
    let label = |name: &str, tree: &Tree| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = name.bytes().all(good) && !name.starts_with(|letter: char| letter.is_ascii_digit());
        match is_name && !name.is_empty() && !name.starts_with("__") {
            true => text(tree),
            false => Err("must be a valid name of a Prometheus label".to_owned()),
        }
    };
    let labels: BTreeMap<_, _> = mapping(fields.take_or_empty("labels"), fields.problems, label);
    let file: PathBuf = file?;
    Some(PrometheusTargets { file, targets, labels })
}

fn target(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| address::is_authority(text));
    text.map(str::to_owned).ok_or_else(|| "must be host:port".to_owned())
}

fn webhook(fields: &mut Fields<'_>) -> Option<Webhook> {
    let url = required(fields, "url", |tree| address::url(&tree.to_value()));
    let headers = mapping(fields.take_or_empty("headers"), fields.problems, header);
    let body: Map<String, Value> =
        mapping(fields.take_or_empty("body"), fields.problems, |name, tree| match OURS.contains(&name) {
            true => Err("is set by Eos".to_owned()),
            false => Ok(tree.to_value()),
        })
        .into_iter()
        .collect();
    let timeout = fields.read("timeout", scalars::limit).unwrap_or(Duration::from_secs(10));
    let tls_place = fields.place("tls");
    let tls = server::tls(fields.take_or_empty("tls"), fields.problems);
    if let (Some(url), Some(pillar_path)) = (&url, tls_place)
        && tls != Tls::default()
        && url.starts_with("http:")
    {
        fields.problems.add(&pillar_path, "has no meaning for an http:// address; write https://");
    }
    Some(Webhook { url: url?, headers, body, timeout, tls })
}

fn required<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: impl FnOnce(&Tree) -> Result<T, String>,
) -> Option<T> {
    if fields.place(key).is_none() {
        fields.problems.add(&fields.path.child(key), "is missing");
    }
    fields.read(key, read)
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
        _ => Err("must be a text".to_owned()),
    }
}
