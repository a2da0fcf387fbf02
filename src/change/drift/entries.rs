//! The resources in the two lists of a plan, without what the rules ignore.

use std::collections::BTreeMap;

use serde_json::Value;

use super::exposure;
use super::known::KnownValues;
use super::outside::{self, ComparedWith, OutsideDifference};
use crate::change::diff::{self, Difference};
use crate::change::list::list;
use crate::change::nomad_jobs;
use crate::empty::is_empty;
use crate::model::{DriftPattern, DriftRules};

/// One resource's entry in `resource_drift`.
pub(super) struct OutsideEntry<'a> {
    pub resource: &'a Value,
    pub actions: Vec<&'a str>,
    pub differences: Vec<OutsideDifference<'a>>,
}

/// One resource's entry in `resource_changes`.
pub(super) struct PlannedEntry<'a> {
    pub resource: &'a Value,
    pub actions: Vec<&'a str>,
    pub differences: Vec<Difference<'a>>,
}

/// Address and, for a deposed object, its key.
pub(super) type Key = (String, String);

pub(super) fn opens(resource: &Value, one: &OutsideDifference<'_>) -> bool {
    let opened = match one.compared_with {
        ComparedWith::Known => true,
        // Only the digest of the value before is known here.
        ComparedWith::BeforeApply { opened } | ComparedWith::BeforeFirstLook { opened } => opened,
    };
    let kind = resource["type"].as_str().unwrap_or_default();
    opened && exposure::opens(kind, &resource["change"]["after"], &one.shown)
}

/// Whether this planned change gives the value at this path another one.
pub(super) fn undoes(planned: &PlannedEntry<'_>, path: &[String]) -> bool {
    let change = &planned.resource["change"];
    let is_unknown = {
        let mut mark = &change["after_unknown"];
        path.iter()
            .for_each(|key| mark = if mark == &Value::Bool(true) { mark } else { &mark[key.as_str()] });
        diff::holds_true(mark)
    };
    planned.actions != ["update"] || is_unknown || at(&change["before"], path) != at(&change["after"], path)
}

pub(super) fn at<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, key| &value[key.as_str()])
}

/// Managed resources that were changed outside of Terraform.
pub(super) fn outside_entries<'a>(
    entries: &'a Value,
    rules: &DriftRules,
    known: &'a KnownValues<'a>,
) -> BTreeMap<Key, OutsideEntry<'a>> {
    let read = list(entries).filter(|one| one["mode"] != "data").filter_map(|resource| {
        let address = resource["address"].as_str()?;
        let actions = actions(resource);
        let mut differences = outside::differences(address, &resource["change"], known);
        let of_job = resource["type"] == "nomad_job";
        differences.retain(|one| {
            matters(rules, address, &one.shown) && !(of_job && nomad_jobs::is_runtime(&one.shown))
        });
        let counts = match actions.as_slice() {
            [] | ["no-op"] | ["read"] => false,
            ["update"] => !differences.is_empty(),
            // A deletion always counts, whichever attributes the resource had.
            _ => true,
        };
        let entry = OutsideEntry { resource, actions, differences };
        (counts && !is_ignored(rules, address)).then(|| (key(resource), entry))
    });
    read.collect()
}

/// Managed resources that the plan changes.
pub(super) fn planned_entries<'a>(entries: &'a Value, rules: &DriftRules) -> BTreeMap<Key, PlannedEntry<'a>> {
    let read = list(entries).filter(|one| one["mode"] != "data").filter_map(|resource| {
        let address = resource["address"].as_str()?;
        let actions = actions(resource);
        let mut differences = diff::differences(&resource["change"]);
        let all = differences.len();
        let of_job = resource["type"] == "nomad_job";
        differences.retain(|one| matters(rules, address, one) && !(of_job && nomad_jobs::is_runtime(one)));
        let some_left_out = differences.len() < all;
        // If a known difference is ignored, attributes that are only computed again because of it are ignored too.
        let differs = differences.iter().any(|one| !one.unknown || !some_left_out);
        let counts = match actions.as_slice() {
            [] | ["no-op"] | ["read"] => false,
            ["update"] => differs,
            ["delete", "create"] | ["create", "delete"] => differs || !some_left_out,
            _ => true,
        };
        let entry = PlannedEntry { resource, actions, differences };
        (counts && !is_ignored(rules, address)).then(|| (key(resource), entry))
    });
    read.collect()
}

pub(super) fn key(resource: &Value) -> Key {
    (text(&resource["address"]), text(&resource["deposed"]))
}

pub(super) fn actions(resource: &Value) -> Vec<&str> {
    list(&resource["change"]["actions"]).filter_map(Value::as_str).collect()
}

pub(super) fn is_ignored(rules: &DriftRules, address: &str) -> bool {
    rules.ignore.iter().any(|one| one.covers_resource(address))
}

pub(super) fn matters(rules: &DriftRules, address: &str, one: &Difference<'_>) -> bool {
    let ignored = |pattern: &DriftPattern| pattern.covers_attribute(address, &one.path);
    let alike = rules.equal_empty && !one.unknown && is_empty(one.before) && is_empty(one.after);
    !alike && !rules.ignore.iter().any(ignored)
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
