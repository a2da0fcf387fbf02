//! The sections of components: what each changed or why it failed. Equal ones of many components are one section.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

use super::component::Body;
use super::escape::{brief, size};
use super::kind::Kind;
use super::work::Work;
use crate::view::alike::alike;
use crate::view::{history, statuses, units};

/// Lines that are shown without being asked for, in one section and in all.
const SHORT: usize = 30;
const SCREENS: usize = 240;
/// Bytes of the HTML around a section.
const AROUND: usize = 500;

#[derive(Template)]
#[template(path = "sections.html")]
pub struct Sections {
    title: &'static str,
    id: &'static str,
    all: Vec<Section>,
    /// The number of components that have no room.
    left: usize,
}

struct Section {
    id: String,
    label: String,
    class: &'static str,
    mark: char,
    status: String,
    counts: String,
    took: String,
    names: String,
    body: String,
    is_open: bool,
}

/// The section of each component, by its place in `Work`.
#[derive(Default)]
pub struct Links(BTreeMap<usize, String>);

impl Links {
    pub fn of(&self, place: usize) -> String {
        self.0.get(&place).cloned().unwrap_or_else(|| "components".to_owned())
    }
}

/// The sections of the failures, and those of all other components, in at most `room` bytes.
pub fn sections(
    report: &Value,
    work: &Work<'_>,
    mut room: usize,
) -> ((Option<Sections>, Option<Sections>), Links) {
    let mut links = Links::default();
    let mut lines = 0;
    let mut some = |title: &'static str, id: &'static str, is_failure: bool| {
        let bodies: BTreeMap<&str, Body> = work
            .components
            .iter()
            .filter(|one| one.report["error"].is_null() != is_failure)
            .map(|one| (one.name, Body::new(one.name, one.report)))
            .filter(|(_, body)| !body.is_empty())
            .collect();
        let mut texts: Vec<(&str, String)> = bodies
            .iter()
            .filter_map(|(name, body)| {
                Some((*name, format!("{}{}", status(report, name), body.render().ok()?)))
            })
            .collect();
        texts.sort_by_key(|(name, _)| (statuses::rank(status(report, name)), *name));
        let (mut all, mut left) = (Vec::new(), 0);
        for group in alike(report, texts.into_iter()) {
            let first = group.names[0];
            let section = Section::new(report, first, &group.names, group.label(), &group.text);
            let used = section.body.len() + size(&section.names) + size(&section.label) + AROUND;
            if used > room {
                left += group.names.len();
                continue;
            }
            room -= used;
            let (own, id) = (bodies[first].lines(), format!("c{}", links.0.len()));
            lines += own;
            let is_open = (is_failure || own <= SHORT) && lines <= SCREENS;
            let places = group.names.iter().filter_map(|name| work.place(name));
            links.0.extend(places.map(|place| (place, id.clone())));
            all.push(Section { id, is_open, ..section });
        }
        (!all.is_empty() || left > 0).then_some(Sections { title, id, all, left })
    };
    let failures = some("What failed", "failures", true);
    let others = some("What each component changed", "changes", false);
    ((failures, others), links)
}

fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    report["components"][name]["status"].as_str().unwrap_or_default()
}

impl Section {
    fn new(report: &Value, first: &str, names: &[&str], label: String, text: &str) -> Self {
        let (status, one) = (status(report, first), &report["components"][first]);
        let kind = Kind::of(status);
        let took = one["duration"].as_f64().filter(|seconds| *seconds > 0.0 && names.len() == 1);
        let counts = Some(history::counts(&one["changes"])).filter(|counts| counts != "+0 ~0 -0");
        Self {
            id: String::new(),
            label: brief(&label),
            class: kind.class(),
            mark: kind.mark(),
            status: brief(&units::word(status)),
            counts: counts.unwrap_or_default(),
            took: took.map_or_else(String::new, units::seconds),
            names: if names.len() > 1 { names.join(", ") } else { String::new() },
            body: text.strip_prefix(status).unwrap_or(text).to_owned(),
            is_open: false,
        }
    }
}
