//! Sentences for people in which Eos's own parts are marked.
//!
//! Every other part counts as written by others, and secrets are masked in it.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Deref, Range};

use serde::{Serialize, Serializer};

use crate::command_line::Command;
use crate::model::Name;
use crate::printable::printable;

/// A text without control characters except line breaks and tabs.
#[derive(Clone, Default)]
pub struct Words {
    text: String,
    /// Eos's own parts, in order and without overlaps.
    own: Vec<OwnPart>,
}

#[derive(Clone)]
struct OwnPart {
    range: Range<usize>,
    kind: OwnKind,
}

#[derive(Clone, PartialEq, Eq)]
enum OwnKind {
    Text,
    /// A command for a shell.
    Shell,
    /// A command of Eos, for a reader who writes it in another way.
    Eos(Command),
}

impl OwnPart {
    fn command(&self) -> Option<&Command> {
        match &self.kind {
            OwnKind::Eos(command) => Some(command),
            OwnKind::Text | OwnKind::Shell => None,
        }
    }
}

impl Words {
    /// Marks the whole text as Eos's own. No part of it was written by others, or all such parts are already redacted.
    pub fn own(text: impl Into<String>) -> Self {
        let text = printable(&text.into()).into_owned();
        let whole = OwnPart { range: 0..text.len(), kind: OwnKind::Text };
        Self { own: if text.is_empty() { Vec::new() } else { vec![whole] }, text }
    }

    /// A command for a shell that people copy as one piece. Its words are quoted.
    pub fn shell(command: impl Into<String>) -> Self {
        Self::own(command).with_kind(OwnKind::Shell)
    }

    fn with_kind(mut self, kind: OwnKind) -> Self {
        self.own.iter_mut().for_each(|part| part.kind.clone_from(&kind));
        self
    }

    /// The commands in the text, which people copy as one piece.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let commands = self.own.iter().filter(|part| part.kind != OwnKind::Text);
        commands.map(|part| &self.text[part.range.clone()])
    }

    /// The text in pieces, each with the command that it is.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Option<&Command>)> {
        let mut parts = Vec::new();
        let mut at = 0;
        for part in &self.own {
            parts.push((&self.text[at..part.range.start], None));
            parts.push((&self.text[part.range.clone()], part.command()));
            at = part.range.end;
        }
        parts.push((&self.text[at..], None));
        parts.into_iter().filter(|(text, _)| !text.is_empty())
    }

    /// Without these words at its end.
    pub fn without_end(mut self, words: &str) -> Self {
        if let Some(rest) = self.text.strip_suffix(words) {
            let end = rest.len();
            self.text.truncate(end);
            self.own.retain(|part| part.range.start < end);
            self.own.iter_mut().for_each(|part| part.range.end = part.range.end.min(end));
        }
        self
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends more text.
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        let (more, at) = (more.into(), self.text.len());
        self.text.push_str(&more.text);
        self.own.extend(
            more.own
                .into_iter()
                .map(|OwnPart { range, kind }| OwnPart { range: range.start + at..range.end + at, kind }),
        );
        self
    }

    /// Replaces each part that is not Eos's own.
    pub fn replace_others(&mut self, replace: impl Fn(&str) -> String) {
        let (mut words, mut at) = (Self::default(), 0);
        for OwnPart { range, kind } in &self.own {
            let own = Self::own(&self.text[range.clone()]).with_kind(kind.clone());
            words = words.and(replace(&self.text[at..range.start])).and(own);
            at = range.end;
        }
        *self = words.and(replace(&self.text[at..]));
    }
}

/// Joins texts. Literals, numbers and names are Eos's own; every other text is not.
macro_rules! words {
    ($($part:expr),+ $(,)?) => { $crate::words::Words::default()$(.and($part))+ };
}
pub(crate) use words;

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Self::own(text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { text: printable(&text).into_owned(), own: Vec::new() }
    }
}

impl From<&String> for Words {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&Words> for Words {
    fn from(words: &Words) -> Self {
        words.clone()
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.text
    }
}

impl From<u64> for Words {
    fn from(count: u64) -> Self {
        Self::own(count.to_string())
    }
}

impl From<usize> for Words {
    fn from(count: usize) -> Self {
        Self::own(count.to_string())
    }
}

impl From<Command> for Words {
    fn from(command: Command) -> Self {
        Self::own(command.to_string()).with_kind(OwnKind::Eos(command))
    }
}

impl From<&Name> for Words {
    fn from(name: &Name) -> Self {
        Self::own(name.as_str())
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Ord for Words {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for Words {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Only the text counts: two `Words` with the same text are equal, also if other parts of them are marked as Eos's own.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Words {}

impl PartialEq<str> for Words {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Words {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_foreign_parts_are_replaced_and_the_replacement_is_still_foreign() {
        let mut words = words!["at serial ", 54321_u64, ": ", "no 54321 left".to_owned(), " (54321)"];
        words.replace_others(|text| text.replace("54321", "(sensitive)"));
        assert_eq!(words, "at serial 54321: no (sensitive) left (54321)");
        words.replace_others(str::to_uppercase);
        assert_eq!(words, "at serial 54321: NO (SENSITIVE) LEFT (54321)");
    }

    #[test]
    fn sentences_contain_no_control_character_from_any_source() {
        let words = words!["\u{1b}[1m", "\u{1b}]0;pwned\u{7}\r\n".to_owned()];
        assert_eq!(words, "\\u001b[1m\\u001b]0;pwned\\u0007\n");
    }
}
