//! Merges parts of Nomad's own job, as the pillar writes them, into the generated one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::{Block, Body, Item, Term};
use super::config;
use crate::model::PillarPath;
use crate::model::service::{JobPart, JobParts, Opaque, PartKind, plain};

/// Blocks that have a label.
const LABELLED: [&str; 5] = ["action", "group", "port", "task", "volume"];
/// Blocks without a label that a body may have several times: a mapping is one more of them.
const REPEATED: [&str; 11] = [
    "affinity",
    "artifact",
    "check",
    "constraint",
    "device",
    "identity",
    "secret",
    "spread",
    "template",
    "upstreams",
    "volume_mount",
];
/// A registration has a name in place of a label.
const NAMED: &str = "service";

/// A null in `job` that finds nothing to remove.
pub struct Idle {
    pub path: PillarPath,
    pub name: String,
    /// What the job has at this place.
    pub there: Vec<String>,
    /// Whether the name is a label, which Nomad does not know.
    pub is_label: bool,
}

impl Idle {
    fn new(part: &JobPart, name: &str, there: Vec<String>) -> Self {
        Self { path: part.path.clone(), name: name.to_owned(), there, is_label: false }
    }
}

/// `idle` gets the removals that find nothing to remove.
pub fn merge(body: &mut Body, parts: &JobParts, idle: &mut Vec<Idle>) {
    for (key, part) in parts {
        let (name, replaces) = plain(key);
        if replaces || part.is_null() {
            let names = body.names();
            if !body.remove(name) && part.is_null() && !replaces {
                idle.push(Idle::new(part, name, names));
            }
            if !part.is_null() {
                add(body, name, part, idle);
            }
            continue;
        }
        match &part.kind {
            PartKind::Map(map) => one(body, name, part, map, idle),
            PartKind::List(items) if !items.is_empty() && items.iter().all(|item| item.map().is_some()) => {
                // Blocks are added to those that the job has, but an attribute has one value.
                body.items.retain(|item| item.name() != name || matches!(item, Item::Block(_)));
                for (item, map) in items.iter().filter_map(|item| Some((item, item.map()?))) {
                    match LABELLED.contains(&name) || name == NAMED {
                        true => one(body, name, item, map, idle),
                        false => add(body, name, item, idle),
                    }
                }
            }
            _ => {
                body.remove(name);
                add(body, name, part, idle);
            }
        }
    }
}

fn one(body: &mut Body, name: &str, part: &JobPart, map: &JobParts, idle: &mut Vec<Idle>) {
    if LABELLED.contains(&name) && map.values().all(|part| part.is_null() || part.map().is_some()) {
        map.iter().for_each(|(label, part)| labelled(body, name, label, part, idle));
        return;
    }
    let found = body.items.iter_mut().find(|item| item.name() == name && is_same(item, map));
    match found {
        Some(Item::Block(block)) if !REPEATED.contains(&name) => {
            merge(&mut block.body, map, idle);
        }
        Some(Item::Attribute(_, term @ Term::Slot("env" | "meta"))) => {
            if let Term::Slot(slot) = *term {
                *term = Term::Over(slot, map.clone());
            }
        }
        Some(Item::Attribute(_, Term::Value(base))) if base.is_object() => over(base, map, idle),
        Some(Item::Attribute(_, term)) => {
            below_new(part, idle);
            *term = Term::Part(part.clone());
        }
        _ => add(body, name, part, idle),
    }
}

/// Whether a mapping is about this item. A registration with another name is another one.
fn is_same(item: &Item, map: &JobParts) -> bool {
    let Item::Block(Block { kind, body, .. }) = item else { return true };
    if kind != NAMED {
        return true;
    }
    let own = body.items.iter().find_map(|item| match item {
        Item::Attribute(name, Term::Value(value)) if name == "name" => Some(value.clone()),
        Item::Attribute(name, Term::Part(part)) if name == "name" => Some(value(part)),
        _ => None,
    });
    map.get("name").is_none_or(|name| Some(value(name)) == own)
}

fn labelled(body: &mut Body, kind: &str, key: &str, part: &JobPart, idle: &mut Vec<Idle>) {
    let (label, replaces) = plain(key);
    let is_it = |item: &Item| matches!(item, Item::Block(block) if block.kind == kind && block.label.as_deref() == Some(label));
    if part.is_null() && !replaces && !body.items.iter().any(is_it) {
        idle.push(Idle { is_label: true, ..Idle::new(part, label, body.labels(kind)) });
    }
    if replaces || part.is_null() {
        body.items.retain(|item| !is_it(item));
    }
    let Some(map) = part.map() else { return };
    match body.items.iter_mut().find(|item| is_it(item)) {
        Some(Item::Block(block)) => merge(&mut block.body, map, idle),
        _ => body.add(kind, Some(label.to_owned()), Some(part.path.clone()), |body| merge(body, map, idle)),
    }
}

fn add(body: &mut Body, name: &str, part: &JobPart, idle: &mut Vec<Idle>) {
    // Several blocks of one name need bodies; everything else is written as it is.
    let beside = name == NAMED || body.items.iter().any(|item| item.name() == name);
    match part.map() {
        Some(map) if beside => body.add(name, None, Some(part.path.clone()), |body| merge(body, map, idle)),
        _ => {
            below_new(part, idle);
            body.set(name, Term::Part(part.clone()));
        }
    }
}

/// In a part that the job does not have, there is nothing to remove.
fn below_new(part: &JobPart, idle: &mut Vec<Idle>) {
    match &part.kind {
        PartKind::Leaf(_) => {}
        PartKind::List(items) => items.iter().for_each(|item| below_new(item, idle)),
        PartKind::Map(map) => {
            for (key, part) in map {
                match plain(key) {
                    (name, false) if part.is_null() => idle.push(Idle::new(part, name, Vec::new())),
                    _ => below_new(part, idle),
                }
            }
        }
    }
}

/// Mappings below a generated value are merged; everything else is replaced.
fn over(base: &mut Value, map: &JobParts, idle: &mut Vec<Idle>) {
    let Value::Object(base) = base else { return };
    for (key, part) in map {
        let (name, replaces) = plain(key);
        match (base.get_mut(name), part.map()) {
            (None, _) if part.is_null() && !replaces => {
                idle.push(Idle::new(part, name, base.keys().cloned().collect()));
            }
            _ if part.is_null() => drop(base.remove(name)),
            (Some(inner @ Value::Object(_)), Some(map)) if !replaces => over(inner, map, idle),
            _ => drop(base.insert(name.to_owned(), value(part))),
        }
    }
}

/// What Terraform has to merge into the values that it supplies. Null removes.
pub fn over_slots(body: &Body, into: &mut BTreeMap<&'static str, Value>) {
    for item in &body.items {
        match item {
            Item::Attribute(_, Term::Over(slot, map)) => {
                let pairs = map.iter().map(|(key, part)| (plain(key).0.to_owned(), value(part)));
                into.insert(slot, pairs.collect());
            }
            Item::Attribute(..) => {}
            Item::Block(block) => over_slots(&block.body, into),
        }
    }
}

/// The value without what it removes.
pub fn value(part: &JobPart) -> Value {
    match &part.kind {
        PartKind::Leaf(Opaque(value)) => value.clone(),
        PartKind::List(items) => items.iter().map(value).collect(),
        PartKind::Map(map) => {
            let kept = map.iter().filter(|(_, part)| !part.is_null());
            kept.map(|(key, part)| (plain(key).0.to_owned(), value(part))).collect()
        }
    }
}

/// The parts with the settings of drivers escaped: Nomad reads these as templates when the task starts.
pub fn escaped(parts: &JobParts) -> JobParts {
    below(parts, &["group", "*", "task", "*", "config"])
}

fn below(parts: &JobParts, names: &[&str]) -> JobParts {
    let Some((first, rest)) = names.split_first() else { return parts.clone() };
    let go = |(key, part): (&String, &JobPart)| {
        let meant = *first == "*" || plain(key).0 == *first;
        (key.clone(), if meant { within(part, rest) } else { part.clone() })
    };
    parts.iter().map(go).collect()
}

fn within(part: &JobPart, names: &[&str]) -> JobPart {
    let kind = match &part.kind {
        PartKind::Leaf(Opaque(value)) if names.is_empty() => PartKind::Leaf(Opaque(config::escape(value))),
        PartKind::Leaf(value) => PartKind::Leaf(value.clone()),
        PartKind::List(items) => PartKind::List(items.iter().map(|item| within(item, names)).collect()),
        PartKind::Map(map) if names.is_empty() => {
            PartKind::Map(map.iter().map(|(key, part)| (key.clone(), within(part, names))).collect())
        }
        PartKind::Map(map) => PartKind::Map(below(map, names)),
    };
    JobPart { path: part.path.clone(), kind }
}
