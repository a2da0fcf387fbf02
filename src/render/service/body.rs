//! The blocks and attributes of a job, before they are written in one of the syntaxes of Nomad's language.

use std::time::Duration;

use serde_json::Value;

use crate::model::PillarPath;
use crate::model::service::{JobPart, JobParts};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Attribute(String, Term),
    Block(Block),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub kind: String,
    pub label: Option<String>,
    pub body: Body,
    /// The part of the pillar that this block begins with.
    pub place: Option<PillarPath>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Value(Value),
    /// A value that Terraform supplies.
    Slot(&'static str),
    /// The same, with parts of the pillar that Terraform merges into it.
    Over(&'static str, JobParts),
    /// The text of a file of the module, which Terraform supplies under this name.
    File(String),
    /// A list of one such value.
    ListOf(&'static str),
    /// A text in which each [`SLOT`] is such a value.
    Text(String, &'static str),
    /// A value of the pillar. Only the JSON syntax has it: there, Nomad decides whether a mapping is a block.
    Part(JobPart),
}

/// Stands for a slot in [`Term::Text`]. It becomes a slot only after the text became a literal, because a literal
/// escapes what looks like a slot.
pub const SLOT: &str = "@slot@";

impl Item {
    pub fn name(&self) -> &str {
        match self {
            Self::Attribute(name, _) => name,
            Self::Block(block) => &block.kind,
        }
    }
}

impl Body {
    pub fn block(&mut self, kind: &str, fill: impl FnOnce(&mut Self)) {
        self.add(kind, None, None, fill);
    }

    pub fn labelled(&mut self, kind: &str, label: &str, fill: impl FnOnce(&mut Self)) {
        self.add(kind, Some(label.to_owned()), None, fill);
    }

    pub fn add(
        &mut self,
        kind: &str,
        label: Option<String>,
        place: Option<PillarPath>,
        fill: impl FnOnce(&mut Self),
    ) {
        let mut body = Self::default();
        fill(&mut body);
        self.items.push(Item::Block(Block { kind: kind.to_owned(), label, body, place }));
    }

    pub fn set(&mut self, name: &str, term: Term) {
        self.items.push(Item::Attribute(name.to_owned(), term));
    }

    pub fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.set(name, Term::Value(value.into()));
    }

    /// Sets an attribute to the value of the same name that Terraform supplies.
    pub fn slot(&mut self, name: &'static str) {
        self.set(name, Term::Slot(name));
    }

    pub fn duration(&mut self, name: &str, duration: Duration) {
        self.value(name, written(duration));
    }

    /// Whether there was such an item.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|item| item.name() != name);
        self.items.len() < before
    }

    pub fn names(&self) -> Vec<String> {
        self.items.iter().map(|item| item.name().to_owned()).collect()
    }

    pub fn labels(&self, kind: &str) -> Vec<String> {
        let label = |item: &Item| match item {
            Item::Block(block) if block.kind == kind => block.label.clone(),
            _ => None,
        };
        self.items.iter().filter_map(label).collect()
    }
}

/// A duration as Nomad reads it.
pub fn written(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}
