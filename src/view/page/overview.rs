//! The table of all components, the worst first.

use std::collections::BTreeMap;

use askama::Template;

use super::escape::brief;
use super::kind::Kind;
use super::sections::Links;
use super::work::Work;
use crate::view::alike::FEW;
use crate::view::{history, statuses, units};

#[derive(Template)]
#[template(path = "overview.html")]
pub struct Overview {
    groups: Vec<Group>,
    is_folded: bool,
}

struct Group {
    class: &'static str,
    mark: char,
    status: String,
    rows: Vec<Row>,
    is_open: bool,
}

struct Row {
    name: String,
    /// Empty if the page has nothing more of it.
    link: String,
    class: &'static str,
    mark: char,
    status: String,
    reason: String,
    counts: String,
    took: String,
}

impl Overview {
    pub fn new(work: &Work<'_>, links: &Links) -> Self {
        let is_folded = work.components.len() > FEW;
        let mut groups = BTreeMap::<(usize, &str), Vec<usize>>::new();
        for (place, one) in work.components.iter().enumerate() {
            groups.entry((statuses::rank(one.status), one.status)).or_default().push(place);
        }
        let row = |place: &usize| Row::new(work, *place, links);
        let group = |status: &str, places: &[usize]| Group {
            class: Kind::of(status).class(),
            mark: Kind::of(status).mark(),
            status: brief(&units::word(status)),
            rows: places.iter().map(row).collect(),
            is_open: places.len() <= FEW,
        };
        let groups = match is_folded {
            true => groups.iter().map(|((_, status), places)| group(status, places)).collect(),
            false => {
                let all: Vec<usize> = groups.into_values().flatten().collect();
                if all.is_empty() { Vec::new() } else { vec![group("", &all)] }
            }
        };
        Self { groups, is_folded }
    }
}

impl Row {
    fn new(work: &Work<'_>, place: usize, links: &Links) -> Self {
        let one = &work.components[place];
        let took = one.report["duration"].as_f64().filter(|seconds| *seconds > 0.0);
        let counts = Some(history::counts(&one.report["changes"])).filter(|counts| counts != "+0 ~0 -0");
        Self {
            name: brief(one.name),
            link: links.of(place),
            class: one.kind.class(),
            mark: one.kind.mark(),
            status: brief(&units::word(one.status)),
            reason: brief(one.report["reason"].as_str().unwrap_or_default()),
            counts: counts.unwrap_or_default(),
            took: took.map_or_else(String::new, units::seconds),
        }
    }
}
