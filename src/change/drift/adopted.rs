//! Changes from outside that somebody has written into the configuration since.
//!
//! Terraform plans no change of a value that the configuration leaves open, and none of an equal one. Only a value that
//! can be read in the configuration, as a constant or through variables, shows that it is equal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::configured::{self, Declared};
use super::entries::{OutsideEntry, PlannedEntry, at, text, undoes};
use super::first_look::Looking;
use super::outside::ComparedWith;
use crate::empty::is_empty;

/// Takes the absorbed differences out of the entry whose value is the configuration's now. Returns their paths.
pub(super) fn take_adopted(
    plan: &Value,
    entry: &mut OutsideEntry<'_>,
    change: Option<&PlannedEntry<'_>>,
    looking: Looking<'_>,
) -> BTreeSet<Vec<String>> {
    let resource = entry.resource;
    if entry.actions != ["update"] || resource["deposed"].is_string() {
        return BTreeSet::new();
    }
    let Some(declared) = configured::declared(plan, resource) else { return BTreeSet::new() };
    let (kind, name) = (text(&resource["type"]), text(&resource["name"]));
    let mut paths: BTreeSet<_> = entry.differences.iter().map(|one| one.path.clone()).collect();
    paths.retain(|path| {
        let mut here = entry.differences.iter().filter(|one| one.path == *path);
        let attribute = path.first().map(String::as_str).unwrap_or_default();
        here.all(|one| one.compared_with != ComparedWith::Known)
            && !change.is_some_and(|change| undoes(change, path))
            && gives_at(plan, &declared, path, at(&resource["change"]["after"], path))
            && !(looking.may_be_ignored)(&kind, &name, attribute)
    });
    entry.differences.retain(|one| !paths.contains(&one.path));
    paths
}

/// Whether the configuration gives exactly this value to this path.
fn gives_at(plan: &Value, declared: &Declared<'_>, path: &[String], value: &Value) -> bool {
    let mut expression = declared.expressions;
    for (index, key) in path.iter().enumerate() {
        if configured::is_expression(expression) {
            let given = given(plan, &declared.calls, expression);
            return given.is_some_and(|given| is_equal(at(given, &path[index..]), value));
        }
        expression = &expression[key.as_str()];
    }
    gives(plan, &declared.calls, expression, value)
}

fn gives(plan: &Value, calls: &[&Value], expression: &Value, value: &Value) -> bool {
    match (expression, value) {
        (expression, value) if configured::is_expression(expression) => {
            given(plan, calls, expression).is_some_and(|given| is_equal(given, value))
        }
        (Value::Array(blocks), Value::Array(values)) => {
            let is_given = |value| blocks.iter().any(|block| gives(plan, calls, block, value));
            blocks.len() == values.len() && values.iter().all(is_given)
        }
        (Value::Object(block), Value::Object(values)) => values.iter().all(|(key, value)| {
            match block.get(key) {
                Some(expression) => gives(plan, calls, expression, value),
                // The provider's default of a flag.
                None => is_empty(value) || value == &Value::Bool(false),
            }
        }),
        _ => false,
    }
}

/// The value of a constant, or of a variable and what is below it.
fn given<'a>(plan: &'a Value, calls: &[&'a Value], expression: &'a Value) -> Option<&'a Value> {
    if let Some(constant) = expression.get("constant_value") {
        return Some(constant);
    }
    // Each part of a reference is listed too, the longest first.
    let references: Vec<_> = expression["references"].as_array()?.iter().filter_map(Value::as_str).collect();
    let longest = references.first()?;
    if longest.contains('[') || !references.iter().all(|part| longest.starts_with(part)) {
        return None;
    }
    let mut steps = longest.strip_prefix("var.")?.split('.');
    let name = steps.next()?;
    let value = match calls.split_last() {
        None => plan["variables"][name].get("value")?,
        Some((call, outer)) => match call["expressions"].get(name) {
            Some(expression) => given(plan, outer, expression)?,
            None => call["module"]["variables"][name].get("default")?,
        },
    };
    steps.try_fold(value, |value, step| value.get(step))
}

/// Whether the resource has this value: a provider may add empty values, and it may order a list.
fn is_equal(given: &Value, value: &Value) -> bool {
    match (given, value) {
        (Value::Null, _) => false,
        (Value::Object(given), Value::Object(value)) => {
            let is_given = |(key, one): (&String, &Value)| {
                is_empty(one) || given.get(key).is_some_and(|given| is_equal(given, one))
            };
            let is_there = |(key, one): (&String, &Value)| is_empty(one) || value.contains_key(key);
            value.iter().all(is_given) && given.iter().all(is_there)
        }
        (Value::Array(given), Value::Array(value)) => {
            let is_given = |one| given.iter().any(|given| is_equal(given, one));
            given.len() == value.len() && value.iter().all(is_given)
        }
        // Terraform converts a number into a text.
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        _ => given == value,
    }
}
