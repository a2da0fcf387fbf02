//! What a page says of one component: its failure with the remedy, its changes, and all other that a reader needs.

use askama::Template;
use serde_json::{Value, json};

use super::escape::{Lines, brief};
use crate::printable::one_line;
use crate::view::quote::line;
use crate::view::{attribute, changes, components, drift, units, warnings};

/// Bytes of each part, so that one component does not fill a page.
const MESSAGE: usize = 8_000;
const REMEDY: usize = 2_000;
const CHANGES: usize = 14_000;
const OTHERS: usize = 6_000;
/// The number of notes, and the bytes of each.
const NOTES: usize = 12;
const NOTE: usize = 1_500;

#[derive(Template)]
#[template(path = "component.html")]
pub struct Body {
    failure: Option<Failure>,
    notes: Vec<Lines>,
    parts: Vec<Part>,
    rollback: Option<(String, Box<Self>)>,
}

struct Failure {
    phase: String,
    who: &'static str,
    addresses: String,
    message: Lines,
    remedy: Lines,
}

/// Lines below a title.
struct Part {
    title: &'static str,
    lines: Vec<(&'static str, String)>,
    left: usize,
}

impl Body {
    pub fn new(name: &str, one: &Value) -> Self {
        let notes = one["notes"].as_array().into_iter().flatten().take(NOTES);
        let rollback = one["rollback"].as_object().map(|_| &one["rollback"]);
        let status = |one: &Value| brief(&units::word(one["status"].as_str().unwrap_or_default()));
        Self {
            failure: failure(&one["error"]),
            notes: notes.map(|note| Lines::of(note.as_str().unwrap_or_default(), NOTE)).collect(),
            parts: [
                Part::of(title(one), &changes::of_component(one, "", "    "), CHANGES),
                Part::of("on minions", &minions(one), OTHERS),
                Part::of("what else to know", &others(name, one), OTHERS),
                Part::of("outputs", &outputs(one), OTHERS),
            ]
            .into_iter()
            .flatten()
            .collect(),
            rollback: rollback.map(|back| (status(back), Box::new(Self::new(name, back)))),
        }
    }

    fn html(&self) -> String {
        self.render().unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.failure.is_none() && self.notes.is_empty() && self.parts.is_empty() && self.rollback.is_none()
    }

    /// The number of lines that a reader sees.
    pub fn lines(&self) -> usize {
        let own: usize = self.parts.iter().map(|part| part.lines.len() + 1).sum();
        let below = self.rollback.as_ref().map_or(0, |(_, body)| body.lines());
        own + self.notes.len() + below + self.failure.as_ref().map_or(0, |one| one.message.lines.len())
    }
}

impl Part {
    fn of(title: &'static str, text: &str, room: usize) -> Option<Self> {
        let shown = Lines::of(text, room);
        let lines: Vec<_> = shown.lines.into_iter().map(|line| (class(&line), line)).collect();
        (!lines.is_empty() || shown.left > 0).then_some(Self { title, lines, left: shown.left })
    }
}

/// The class of a line that begins with one of Terraform's signs.
fn class(line: &str) -> &'static str {
    match line.split(' ').next() {
        Some("+" | "<-") => "add",
        Some("~" | ">" | "=" | "!") => "change",
        Some("-" | "-/+" | "x" | "x/+") => "remove",
        _ => "",
    }
}

fn failure(error: &Value) -> Option<Failure> {
    let text = |key: &str| error[key].as_str().unwrap_or_default();
    error.as_object()?;
    let addresses: Vec<_> =
        error["details"]["addresses"].as_array().into_iter().flatten().map(line).collect();
    Some(Failure {
        phase: brief(text("phase")),
        who: if error["layer"] == "terraform" { "Terraform" } else { "" },
        addresses: brief(&addresses.join(", ")),
        message: Lines::of(text("message"), MESSAGE),
        remedy: Lines::of(text("remedy"), REMEDY),
    })
}

/// A component that failed made only a part of its plan.
fn title(one: &Value) -> &'static str {
    match (changes::waits(one), one["error"].is_null()) {
        (true, _) => "changes that wait",
        (false, true) => "changes",
        (false, false) => "what it had planned before it failed",
    }
}

fn others(name: &str, one: &Value) -> String {
    let alone = json!({ "components": { name: one } });
    let warnings: String = warnings::of_component(one).iter().map(|warning| format!("{warning}\n")).collect();
    [warnings, drift::drift(&alone), components::orphans(&alone)].concat()
}

/// The results of a Salt step.
fn minions(one: &Value) -> String {
    let mut text = String::new();
    for (minion, result) in one["salt"]["minions"].as_object().into_iter().flatten() {
        let status = units::word(result["status"].as_str().unwrap_or_default());
        text.push_str(&format!("{}: {status}\n", one_line(minion)));
        for (key, sign) in [("changed", "~"), ("failed", "failed:")] {
            for state in result[key].as_array().into_iter().flatten() {
                let (function, name) = (line(&state["function"]), line(&state["name"]));
                let said =
                    if key == "failed" { format!("  {}", line(&state["comment"])) } else { String::new() };
                text.push_str(&format!("{sign} {function} {name}{said}\n"));
            }
        }
    }
    text
}

fn outputs(one: &Value) -> String {
    let outputs = one["outputs"].as_object().into_iter().flatten();
    outputs.map(|(name, value)| format!("{} = {}\n", one_line(name), attribute::short(value))).collect()
}
