//! Reads the ports of a service, its registration and its health check.

use std::collections::BTreeMap;

use serde_json::Value;

use super::blocks;
use super::context::ServiceContext;
use super::files::Files;
use super::registered::with_environment;
use super::values::{ServiceValues, url_path};
use crate::model::read::fields::{Fields, entries};
use crate::model::read::scalars;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::service::{JobBlock, MeshUpstream, Port, PortNumber, Registry, ServiceVariable};
use crate::model::{Name, address};

/// The label of the only port, if the pillar gives it no name.
const MAIN: &str = "http";

pub(super) struct ServiceNetwork {
    pub ports: BTreeMap<String, Port>,
    pub main: Option<String>,
    pub registry: Registry,
    pub checks: Vec<JobBlock>,
    pub mesh: Option<Vec<MeshUpstream>>,
}

pub(super) fn number(tree: &Tree) -> Result<Value, String> {
    address::port(&tree.to_value()).map(Value::from)
}

pub(super) fn network(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    driver: &str,
    context: &ServiceContext<'_>,
    files: &mut Files,
) -> ServiceNetwork {
    let problems = fields.problems;
    let connect = fields.take("connect");
    let connect_place = connect.as_ref().map(|tree| tree.path.clone());
    let mesh = connect.and_then(|tree| mesh(tree, fields, context.environment));
    let inside = mesh.is_some() || matches!(driver, "docker" | "podman");
    let plain = |number| match inside {
        true => Port { to: Some(number), fixed: None, host_network: None },
        false => Port { to: None, fixed: Some(number), host_network: None },
    };
    let port = fields.take("port");
    let (label, port) = match port {
        Some(tree) if tree.text().is_some() => (Some(tree), None),
        other => (None, other),
    };
    let port_place = port.as_ref().map(|tree| tree.path.clone());
    let has_port = values.given(fields, ServiceVariable::Port, port, number);
    let several = fields.take("ports");
    let mut ports = BTreeMap::new();
    match several {
        Some(tree) if has_port => problems.add(
            &tree.path,
            format!(
                "port and ports exclude each other ({})",
                port_place.map_or_else(|| "from_outputs".to_owned(), |pillar_path| pillar_path.to_string())
            ),
        ),
        Some(tree) => {
            for (label, tree) in entries(tree, problems) {
                if let Err(reason) = Name::new(&label) {
                    problems.add(&tree.path, format!("this key {reason}"));
                } else if let Some(port) = one(tree, fields, &plain) {
                    ports.insert(label, port);
                }
            }
        }
        None if has_port => drop(ports.insert(MAIN.to_owned(), plain(PortNumber::FromVariable))),
        None => {}
    }
    let main = main(label, &ports, fields);
    let registry = fields.read("provider", registry).unwrap_or(Registry::Consul);
    let mut checks = checks(fields, files);
    if !checks.is_empty() && main.is_none() && ports.is_empty() {
        problems.add(&fields.path, "a check needs a port");
    }
    if let Some(pillar_path) = connect_place.filter(|_| mesh.is_some()) {
        let target = main.as_ref().and_then(|label| ports.get(label)).and_then(|port| port.to);
        if registry == Registry::Nomad {
            problems.add(&pillar_path, "the mesh needs Consul: remove provider or connect");
        } else if target.is_none() {
            problems.add(
                &pillar_path,
                "needs the port on which the task listens inside its network: port, or ports: {http: {to: \
                 8080}}",
            );
        }
        if checks.iter().any(|check| check.body.text("type") == Some("tcp")) {
            problems.add(&pillar_path, "does not work with a tcp check: use an http check, with health_path");
        }
    }
    if mesh.is_some() {
        checks.iter_mut().for_each(blocks::exposed);
    }
    ServiceNetwork { ports, main, registry, checks, mesh }
}

/// Reads a number or `{to, static}`. With an empty mapping, Nomad chooses the port.
fn one(tree: Tree, fields: &Fields<'_>, plain: &dyn Fn(PortNumber) -> Port) -> Option<Port> {
    let read = |tree: &Tree| address::port(&tree.to_value()).map(PortNumber::Fixed);
    if !matches!(tree.kind, TreeKind::Map(_)) {
        return read(&tree).map(plain).map_err(|message| fields.problems.add(&tree.path, message)).ok();
    }
    let mut inner = Fields::open(tree, fields.problems);
    let port = Port {
        to: inner.read("to", read),
        fixed: inner.read("static", read),
        host_network: inner.read("host_network", scalars::label),
    };
    inner.close();
    Some(port)
}

/// The label in `port`, or else `http`, or else the only port.
fn main(label: Option<Tree>, ports: &BTreeMap<String, Port>, fields: &Fields<'_>) -> Option<String> {
    if let Some(tree) = label {
        let named = tree.text().filter(|label| ports.contains_key(*label));
        if named.is_none() {
            fields.problems.add(&tree.path, "must be a port number, or one of the names in ports");
        }
        return named.map(str::to_owned);
    }
    if ports.contains_key(MAIN) {
        return Some(MAIN.to_owned());
    }
    if ports.len() > 1 {
        let message = "does not say which port to register: name one of them http, or set port: NAME";
        fields.problems.add(&fields.path.child("ports"), message);
    }
    ports.keys().next().cloned()
}

fn registry(tree: &Tree) -> Result<Registry, String> {
    match tree.text() {
        Some("consul") => Ok(Registry::Consul),
        Some("nomad") => Ok(Registry::Nomad),
        _ => Err("must be consul or nomad".to_owned()),
    }
}

/// `health_path`, or `check`: one of them or a list.
fn checks(fields: &mut Fields<'_>, files: &mut Files) -> Vec<JobBlock> {
    let problems = fields.problems;
    let short = fields.take("health_path");
    let Some(long) = fields.take("check") else {
        let check = |tree: Tree| match url_path(&tree) {
            Ok(path) => Some(blocks::http_check(path, tree.path)),
            Err(message) => {
                problems.add(&tree.path, message);
                None
            }
        };
        return short.and_then(check).into_iter().collect();
    };
    if let Some(tree) = short {
        problems.add(&tree.path, "health_path and check exclude each other");
    }
    blocks::blocks(long, &blocks::tables::CHECK, files, problems)
}

/// `true`, or `{upstreams: [{name, port}]}`.
fn mesh(tree: Tree, fields: &Fields<'_>, environment: &Name) -> Option<Vec<MeshUpstream>> {
    let problems = fields.problems;
    match tree.kind {
        TreeKind::Leaf(Value::Bool(on)) => return on.then(Vec::new),
        TreeKind::Map(_) => {}
        _ => {
            problems.add(&tree.path, "must be true, false, or {upstreams: [{name: db, port: 5432}]}");
            return None;
        }
    }
    let mut inner = Fields::open(tree, problems);
    let upstreams = inner.take("upstreams");
    inner.close();
    let Some(upstreams) = upstreams else { return Some(Vec::new()) };
    let TreeKind::List(items) = upstreams.kind else {
        problems.add(&upstreams.path, "must be a list of {name, port}");
        return Some(Vec::new());
    };
    let mut found = Vec::new();
    for item in items {
        let mut item = Fields::open(item, problems);
        for key in ["name", "port"] {
            if item.place(key).is_none() {
                problems.add(&item.path.child(key), "is missing");
            }
        }
        let name = item.read("name", |tree| {
            let name = with_environment(&scalars::text(tree)?, environment.as_str());
            scalars::label(&Tree::new(&name.into(), tree.path.clone()))
        });
        let port = item.read("port", |tree| address::port(&tree.to_value()));
        item.close();
        found.extend(name.zip(port).map(|(name, port)| MeshUpstream { name, port }));
    }
    Some(found)
}
