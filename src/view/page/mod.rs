//! One run or one kept plan as one HTML file: counts, timeline, graph, changes and errors. It loads nothing.
//!
//! This room knows HTML, layers of a graph, and times of a journal. It must not know files, how results came about, or
//! Python. In: what `show` found. Out: a page in ASCII.

mod component;
mod critical_path;
mod escape;
mod fold;
mod graph;
mod kind;
mod layout;
mod overview;
mod sections;
mod timeline;
mod turns;
mod work;

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::critical_path::critical_path;
use self::escape::{Lines, brief};
use self::graph::Graph;
use self::kind::Kind;
use self::overview::Overview;
use self::sections::{Links, Sections, sections};
use self::timeline::Timeline;
use self::turns::Turns;
use self::work::Work;
use super::shown_run::{as_report, commands, facts, how_it_stands, plan_facts, said, split_fact, verdict};
use super::{failures, statuses, units};
use crate::report::Counts;

const STYLE: &str = include_str!("templates/style.css");
/// Bytes of a page of at most 500 components. More components have more.
const MOST: usize = 500_000;
const EACH: usize = 1_000;
/// Bytes of a part about the whole run or plan.
const PART: usize = 8_000;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'static str,
    digest: String,
    title: String,
    heading: String,
    id: String,
    class: &'static str,
    mark: char,
    state: String,
    said: String,
    tiles: Vec<Tile>,
    counts: Vec<(&'static str, &'static str, u64)>,
    facts: Vec<(String, String)>,
    /// What is said of the whole run or plan: a title, a class and lines.
    boxes: Vec<(&'static str, &'static str, Lines)>,
    parts: Vec<(&'static str, &'static str, String)>,
    version: &'a str,
}

struct Tile {
    class: &'static str,
    mark: char,
    count: usize,
    word: String,
}

/// `answer`: what `show` found, and the `order` of the turns.
pub fn page(answer: &Value) -> String {
    let (run, plan) = (&answer["run"], &answer["plan"]);
    let of_plan = as_report(plan, "components");
    let of_journal = as_report(answer, "progress");
    let report = match (&answer["report"], run) {
        (Value::Null, Value::Null) => &of_plan,
        (Value::Null, _) => &of_journal,
        (report, _) => report,
    };
    let work = Work::new(report, &answer["order"]);
    let turns = Turns::new(&answer["steps"], run["duration"].as_f64());
    let path = critical_path(&work, &turns);
    let most = MOST.max(EACH * work.components.len());
    let mut page = Page::new(answer, report, &work);
    let drawn = |(failures, changes): (Option<Sections>, Option<Sections>), links: &Links| {
        let link = |place: usize| links.of(place);
        let timeline = Timeline::new(&work, &turns, &path, link);
        let on_path = path.iter().filter_map(|link| work.place(turns.all[link.turn].component));
        let graph =
            (!work.components.is_empty()).then(|| Graph::new(&work, &on_path.collect::<Vec<_>>(), link));
        let parts = [
            ("failures", "What failed", failures.as_ref().map(html)),
            ("components", "Components", Some(html(&Overview::new(&work, links)))),
            ("time", "Time", timeline.as_ref().map(html)),
            ("order", "Order", graph.as_ref().map(html)),
            ("changes", "Changes", changes.as_ref().map(html)),
        ];
        parts.into_iter().filter_map(|(id, title, html)| Some((id, title, html?))).collect()
    };
    // The sections have what the parts leave that are always there. Without sections, no link is shorter.
    page.parts = drawn((None, None), &Links::default());
    let room = most.saturating_sub(html(&page).len() + PART);
    let (sections, links) = sections(report, &work, room);
    page.parts = drawn(sections, &links);
    html(&page)
}

/// Only a writer that fails can make this fail, and a text does not.
fn html(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

impl Page<'_> {
    fn new(answer: &Value, report: &Value, work: &Work<'_>) -> Self {
        let (run, plan) = (&answer["run"], &answer["plan"]);
        let text = |value: &Value| brief(value.as_str().unwrap_or_default());
        let (what, id) = match run.is_null() {
            true => ("plan".to_owned(), text(&plan["plan_id"])),
            false => {
                let mode = if run["test"] == true && run["operation"] != "plan" { " (test)" } else { "" };
                (format!("{}{mode}", text(&run["operation"])), text(&run["run_id"]))
            }
        };
        let environment = match text(&run["environment"]) {
            none if none.is_empty() => text(&answer["environment"]),
            environment => environment,
        };
        let (kind, state) = state(answer);
        let facts = if run.is_null() { plan_facts(plan) } else { facts(run) };
        let said = match report["error"].is_null() {
            true => said(report),
            false => "It failed before anything ran".to_owned(),
        };
        let problem = if report["error"].is_null() { String::new() } else { failures::whole(report) };
        let of_plan =
            |text: &dyn Fn(&Value) -> String| if plan.is_null() { String::new() } else { text(plan) };
        let stands = if run.is_null() { String::new() } else { how_it_stands(answer) };
        Self {
            style: STYLE,
            digest: STANDARD.encode(Sha256::digest(STYLE)),
            title: format!("{environment}: {what}, {state}"),
            heading: format!("{what} of {environment}"),
            id,
            class: kind.class(),
            mark: kind.mark(),
            state,
            said,
            tiles: tiles(work),
            counts: counts(report, run.is_null() || report["test"] == true),
            facts: facts
                .iter()
                .map(|fact| split_fact(fact))
                .map(|(word, value)| (word.to_owned(), brief(&plain_time(value))))
                .collect(),
            boxes: [
                ("What is wrong", "bad", problem),
                ("How it stands", "", stands),
                ("The plan", "", of_plan(&verdict)),
                ("Next", "", of_plan(&commands)),
                ("Hooks that failed", "att", failures::hooks(report)),
            ]
            .into_iter()
            .filter(|(_, _, text)| !text.is_empty())
            .map(|(title, class, text)| (title, class, Lines::of(&outdented(&text), PART)))
            .collect(),
            parts: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Without the indent that all lines of a part have on a terminal.
fn outdented(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

/// A time of a journal for people: `2026-01-01 09:30:00 UTC`. Any other text stays as it is.
fn plain_time(text: &str) -> String {
    let seconds = text.get(..19).filter(|_| text.ends_with('Z') && humantime::parse_rfc3339(text).is_ok());
    seconds.map_or_else(|| text.to_owned(), |seconds| format!("{} UTC", seconds.replace('T', " ")))
}

fn state(answer: &Value) -> (Kind, String) {
    let (run, plan) = (&answer["run"], &answer["plan"]);
    let kind = match (run["state"].as_str(), &plan["applicable"]) {
        (Some("complete"), _) => Kind::Good,
        (Some("running"), _) => Kind::Waiting,
        (Some("failed" | "died"), _) => Kind::Bad,
        (None, Value::Bool(true)) => Kind::Waiting,
        _ => Kind::Attention,
    };
    let word = match (run.is_null(), &plan["applicable"]) {
        (false, _) => brief(run["state"].as_str().unwrap_or_default()),
        (true, _) if plan["applied"] == true => "already applied".to_owned(),
        (true, Value::Bool(true)) => "can be applied".to_owned(),
        (true, Value::Bool(false)) => "cannot be applied now".to_owned(),
        (true, _) => "kept".to_owned(),
    };
    (kind, word)
}

fn tiles(work: &Work<'_>) -> Vec<Tile> {
    let mut counts = BTreeMap::<(usize, &str), usize>::new();
    for one in &work.components {
        *counts.entry((statuses::rank(one.status), one.status)).or_default() += 1;
    }
    let tile = |((_, status), count): ((usize, &str), usize)| Tile {
        class: Kind::of(status).class(),
        mark: Kind::of(status).mark(),
        count,
        word: brief(&units::word(status)),
    };
    counts.into_iter().map(tile).collect()
}

/// What was changed or, if it is planned only, would be: a sign, a word, and a number.
fn counts(report: &Value, is_planned: bool) -> Vec<(&'static str, &'static str, u64)> {
    let Counts { add, change, remove, import, forget, action_invocation, deferred } =
        Counts::of_report(report);
    let all = [
        ("+", ["added", "to add"], add),
        ("~", ["changed", "to change"], change),
        ("-", ["destroyed", "to destroy"], remove),
        ("<-", ["imported", "to import"], import),
        ("x", ["forgotten", "to forget"], forget),
        ("!", ["invoked", "to invoke"], action_invocation),
        ("...", ["deferred", "deferred"], deferred),
    ];
    let is_shown = |at: usize, many: u64| at < 3 || many > 0;
    let shown = all.into_iter().enumerate().filter(|(at, (_, _, many))| is_shown(*at, *many));
    shown.map(|(_, (sign, words, many))| (sign, words[usize::from(is_planned)], many)).collect()
}

#[cfg(test)]
mod tests;
