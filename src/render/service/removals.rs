//! Nulls in `job` that remove nothing, and the question whether Nomad knows their names.

use std::collections::BTreeSet;

use super::body::{Body, Item, Term};
use super::job;
use super::json::{Json, json};
use super::merge::Idle;
use crate::model::PillarPath;
use crate::model::service::{
    JobPart, JobParts, JobShape, JobSource, NomadService, Opaque, PartKind, ServiceVariable, plain,
};

/// The removals of a service that find nothing. `names`: those in a mapping that Terraform supplies.
pub fn idle(service: &NomadService, names: impl Fn(ServiceVariable) -> Vec<String>) -> Vec<Idle> {
    let JobSource::Generated(shape) = &service.job else { return Vec::new() };
    let mut found = Vec::new();
    let body = job::merged(service, shape, &mut found);
    in_slots(&body, &names, &mut found);
    found
}

fn in_slots(body: &Body, names: &impl Fn(ServiceVariable) -> Vec<String>, found: &mut Vec<Idle>) {
    for item in &body.items {
        match item {
            Item::Block(block) => in_slots(&block.body, names, found),
            Item::Attribute(_, Term::Over(slot, map)) => {
                let slot = ServiceVariable::ALL.iter().find(|variable| variable.name() == *slot);
                let there = slot.map(|variable| names(*variable)).unwrap_or_default();
                let removed = map.iter().filter(|(key, part)| part.is_null() && !plain(key).1);
                let missing = removed.filter(|(key, _)| !there.contains(key));
                found.extend(missing.map(|(key, part)| Idle {
                    path: part.path.clone(),
                    name: key.clone(),
                    there: there.clone(),
                    is_label: true,
                }));
            }
            Item::Attribute(..) => {}
        }
    }
}

/// A job in which each of these names is set. About a name that Nomad does not know, its parser says so, with the line.
pub fn question(service: &NomadService) -> Option<Json> {
    let JobSource::Generated(shape) = &service.job else { return None };
    let mut found = Vec::new();
    job::merged(service, shape, &mut found);
    let asked: BTreeSet<PillarPath> =
        found.into_iter().filter(|one| !one.is_label).map(|one| one.path).collect();
    (!asked.is_empty()).then(|| json("", &body(service, shape, &asked)))
}

fn body(service: &NomadService, shape: &JobShape, asked: &BTreeSet<PillarPath>) -> Body {
    let mut file = Body::default();
    file.labelled("job", service.name.as_str(), |body| {
        for (key, part) in only(&shape.parts, asked) {
            body.set(&key, Term::Part(part));
        }
    });
    file
}

/// What leads to these names, and the names.
fn only(parts: &JobParts, asked: &BTreeSet<PillarPath>) -> JobParts {
    let kept = |(key, part): (&String, &JobPart)| Some((plain(key).0.to_owned(), one(part, asked)?));
    parts.iter().filter_map(kept).collect()
}

fn one(part: &JobPart, asked: &BTreeSet<PillarPath>) -> Option<JobPart> {
    let kind = match &part.kind {
        // An empty list is no block, and never the value of an attribute that takes another type.
        PartKind::Leaf(_) if asked.contains(&part.path) => PartKind::List(Vec::new()),
        PartKind::Leaf(Opaque(_)) => return None,
        PartKind::List(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| one(item, asked)).collect();
            PartKind::List(Some(items).filter(|items| !items.is_empty())?)
        }
        PartKind::Map(map) => PartKind::Map(Some(only(map, asked)).filter(|map| !map.is_empty())?),
    };
    Some(JobPart { path: part.path.clone(), kind })
}
