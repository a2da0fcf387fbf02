//! Draws the order of the turns as SVG: a column for each step of the order, a node for each component or group.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::fold::{Group, groups, kind};
use super::layout::{Layout, Place};
use super::work::Work;
use crate::count::counted;
use crate::view::width::{beginning, columns};

/// In pixels of the drawing.
const HEIGHT: usize = 30;
const ROW: usize = 42;
const GAP: usize = 72;
const EDGE: usize = 8;
const LETTER: usize = 8;
/// In columns.
const LONGEST: usize = 32;
/// Names in the title of a node.
const NAMED: usize = 12;

#[derive(Template)]
#[template(path = "graph.html")]
pub struct Graph {
    width: usize,
    height: usize,
    node_width: usize,
    nodes: Vec<Node>,
    arrows: Vec<Arrow>,
    list: Vec<(String, String)>,
    is_folded: bool,
    is_of_pillar: bool,
    has_path: bool,
}

struct Node {
    x: usize,
    y: usize,
    class: &'static str,
    mark: char,
    label: String,
    title: String,
    link: String,
    is_on_path: bool,
    is_group: bool,
}

struct Arrow {
    curve: String,
    is_on_path: bool,
}

impl Node {
    fn text_x(&self) -> usize {
        self.x + 12
    }

    fn text_y(&self) -> usize {
        self.y + HEIGHT / 2 + 5
    }
}

impl Graph {
    /// `path`: the components of the critical path, in order. `link`: the place of a component on the page.
    pub fn new(work: &Work<'_>, path: &[usize], link: impl Fn(usize) -> String) -> Self {
        let on_path: BTreeSet<usize> = path.iter().copied().collect();
        let groups = groups(work, &on_path);
        let labels: Vec<String> = groups.iter().map(|group| label(work, group)).collect();
        let widest = labels.iter().map(|label| columns(label)).max().unwrap_or(0);
        let node_width = 40 + widest * LETTER;
        let layout = Layout::new(&groups);
        let at = |place: Place| (EDGE + place.column * (node_width + GAP), EDGE + place.middle * ROW / 4);
        let group_of: BTreeMap<usize, usize> = groups
            .iter()
            .enumerate()
            .flat_map(|(group, one)| one.members.iter().map(move |place| (*place, group)))
            .collect();
        let steps: BTreeSet<(usize, usize)> =
            path.windows(2).map(|pair| (group_of[&pair[0]], group_of[&pair[1]])).collect();
        let arrows = groups.iter().enumerate().flat_map(|(to, group)| {
            let (steps, layout, at) = (&steps, &layout, &at);
            group.waits_for.iter().map(move |from| {
                let ends = [layout.nodes[*from], layout.nodes[to]];
                let way = [ends[0]].into_iter().chain(layout.between(*from, to)).chain([ends[1]]);
                Arrow {
                    curve: curve(&way.map(at).collect::<Vec<_>>(), node_width),
                    is_on_path: steps.contains(&(*from, to)),
                }
            })
        });
        let mut arrows: Vec<_> = arrows.collect();
        // Those of the path are drawn last, so that no other covers them.
        arrows.sort_by_key(|arrow| arrow.is_on_path);
        let nodes: Vec<_> = groups
            .iter()
            .enumerate()
            .map(|(place, group)| {
                let ((x, middle), kind) = (at(layout.nodes[place]), kind(work, group));
                Node {
                    x,
                    y: middle - HEIGHT / 2,
                    class: kind.class(),
                    mark: kind.mark(),
                    label: labels[place].clone(),
                    title: title(work, &groups, group),
                    link: link(group.members[0]),
                    is_on_path: group.members.iter().any(|one| on_path.contains(one)),
                    is_group: group.members.len() > 1,
                }
            })
            .collect();
        let right = nodes.iter().map(|node| node.x + node_width).max().unwrap_or(0);
        Self {
            width: right + EDGE,
            height: 2 * EDGE + layout.height * ROW / 4,
            node_width,
            list: listed(&groups, &labels),
            is_folded: groups.len() < work.components.len(),
            is_of_pillar: work.is_of_pillar,
            has_path: !path.is_empty(),
            nodes,
            arrows,
        }
    }
}

fn name(text: &str) -> String {
    let start = beginning(text, LONGEST);
    format!("{start}{}", if start.len() < text.len() { "…" } else { "" })
}

fn label(work: &Work<'_>, group: &Group) -> String {
    let first = name(work.components[group.members[0]].name);
    match group.members.len() {
        1 => first,
        many => format!("{first} and {} more", many - 1),
    }
}

/// What a pointer on the node shows, and what a screen reader says.
fn title(work: &Work<'_>, groups: &[Group], group: &Group) -> String {
    let mut names: Vec<_> =
        group.members.iter().take(NAMED).map(|place| name(work.components[*place].name)).collect();
    if let Some(left) = group.members.len().checked_sub(NAMED + 1) {
        names.push(format!("and {} more", left + 1));
    }
    let mut statuses: Vec<_> = group.members.iter().map(|place| work.components[*place].status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let statuses: Vec<_> = statuses.iter().map(|status| name(&status.replace('_', " "))).collect();
    let waits: Vec<_> = group.waits_for.iter().take(NAMED).map(|one| label(work, &groups[*one])).collect();
    let waits = if waits.is_empty() { String::new() } else { format!("; after {}", waits.join(", ")) };
    format!("{}: {}{waits}", names.join(", "), statuses.join(", "))
}

/// The same as the drawing, in words.
fn listed(groups: &[Group], labels: &[String]) -> Vec<(String, String)> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|group| groups[*group].depth);
    let line = |group: usize| {
        let after: Vec<_> =
            groups[group].waits_for.iter().take(NAMED).map(|one| labels[*one].as_str()).collect();
        let left = groups[group].waits_for.len() - after.len();
        let more = if left == 0 { String::new() } else { format!(" and {}", counted(left, "other")) };
        (labels[group].clone(), format!("{}{more}", after.join(", ")))
    };
    order.into_iter().map(line).collect()
}

/// From the right side of one node to the left side of another, through the given points.
fn curve(points: &[(usize, usize)], width: usize) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let Some((last, between)) = rest.split_last() else { return String::new() };
    let (mut x, mut y) = (first.0 + width, first.1);
    let mut curve = format!("M{x} {y}");
    let mut to = |to_x: usize, to_y: usize| {
        let half = to_x.saturating_sub(x) / 2;
        curve.push_str(&format!("C{} {y} {} {to_y} {to_x} {to_y}", x + half, to_x - half));
        (x, y) = (to_x, to_y);
    };
    for (left, middle) in between {
        to(*left, *middle);
        to(left + width, *middle);
    }
    to(last.0.saturating_sub(5), last.1);
    curve
}
