//! The texts to search for a secret: each of its parts, in each form in which programs write it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::forms::forms;
use super::number;

/// In characters. Shorter texts occur in too many innocent places. They cannot be removed.
const SHORTEST: usize = 4;

/// Adds the texts to search for.
pub fn collect(secret: &Value, needles: &mut BTreeSet<String>) {
    parts(secret, &mut |part| match part {
        Part::Text(text) => {
            // A message may show one line of a text with several lines.
            let lines = text.lines().map(str::trim).filter(|_| text.contains('\n'));
            let all = std::iter::once(text).chain(lines).filter(|text| is_long(text));
            needles.extend(all.flat_map(forms));
            // Terraform converts the text to a number if the variable requires one.
            needles.extend(number::spellings(text.trim()).into_iter().filter(|text| is_long(text)));
        }
        Part::Number(number) => {
            needles.extend(number::spellings(number).into_iter().filter(|text| is_long(text)));
        }
    });
    needles.retain(|needle| !needle.is_empty());
}

/// Whether a part of the secret is too short to be removed from texts.
pub fn is_short(secret: &Value) -> bool {
    let mut found = false;
    parts(secret, &mut |part| {
        found |= match part {
            Part::Text(text) => !text.is_empty() && !is_long(text),
            Part::Number(number) => number::plain(number).is_some_and(|plain| !is_long(&plain)),
        }
    });
    found
}

enum Part<'a> {
    Text(&'a str),
    Number(&'a str),
}

fn parts(secret: &Value, each: &mut dyn FnMut(Part<'_>)) {
    match secret {
        Value::String(text) => each(Part::Text(text)),
        Value::Number(number) => each(Part::Number(&number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| parts(item, each)),
        Value::Object(map) => {
            for (key, inner) in map {
                if !is_field(key) && is_long(key) {
                    each(Part::Text(key));
                }
                parts(inner, each);
            }
        }
        // These words occur in every text.
        Value::Bool(_) | Value::Null => {}
    }
}

/// Whether the key is a field name that a program chooses, such as `password`, and not data.
pub fn is_field(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

fn is_long(text: &str) -> bool {
    text.chars().nth(SHORTEST - 1).is_some()
}
