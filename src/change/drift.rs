//! Reads drift from a plan: changes that were made outside of Terraform.
//!
//! A normal plan has two lists. `resource_drift` compares the state with the real resources. `resource_changes`
//! compares the real resources with the configuration. The exit code shows neither.

mod accepted;
mod configured;
mod exposure;
mod outside;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::outside::OutsideDifference;
use super::diff::{self, Difference};
use super::nomad_jobs::{self, FoundJob};
use crate::model::{DriftPattern, DriftRules};
use crate::report::{DriftClass, DriftEvidence, Drifted, FirstLook};

pub use self::accepted::{AcceptedValues, KnownValues};

/// The drift that the rules do not ignore. There is no Debug, because `exact` contains unmasked values.
#[derive(Default)]
pub struct DriftFindings {
    /// Masked, the loudest first.
    pub changes: Vec<Drifted>,
    /// Values that this look accepts as they are. Masked, the loudest first.
    pub first_look: Vec<FirstLook>,
    /// All values that differ from the state and are not drift.
    pub accepted: AcceptedValues,
    /// Everything that identifies this drift, including secrets. It is only for a keyed digest.
    pub exact: Value,
    /// The same without what a plan would do.
    pub outside: Value,
}

/// Whether a look has something to compare with.
#[derive(Clone, Copy)]
pub enum Looking<'a> {
    /// Every difference from the known values is drift.
    Again,
    /// A value that no configuration sets and that no plan changes is accepted. If the configuration sets it and
    /// Terraform still plans no change, then either both say the same, or `ignore_changes` covers it. The function
    /// says whether that may be: it takes the resource's type, its name and the attribute.
    First(&'a dyn Fn(&str, &str, &str) -> bool),
}

/// One resource's entry in `resource_drift`.
struct OutsideEntry<'a> {
    resource: &'a Value,
    actions: Vec<&'a str>,
    differences: Vec<OutsideDifference<'a>>,
}

/// One resource's entry in `resource_changes`.
struct PlannedEntry<'a> {
    resource: &'a Value,
    actions: Vec<&'a str>,
    differences: Vec<Difference<'a>>,
}

/// Address and, for a deposed object, its key.
type Key = (String, String);

/// Reads `show -json` of a plan. `followed` contains the registrations of jobs that the last run accepted as its own.
pub fn drift_findings(
    plan: &Value,
    rules: &DriftRules,
    followed: &BTreeMap<String, u64>,
    known: &KnownValues<'_>,
    looking: Looking<'_>,
) -> DriftFindings {
    let unchanged = unchanged(plan, known);
    let mut outside = outside_entries(&plan["resource_drift"], rules, known);
    outside.extend(outside_entries(&unchanged, rules, known));
    outside.retain(|_, entry| !nomad_jobs::is_by_itself(entry.resource, followed));
    let mut planned = planned_entries(&plan["resource_changes"], rules);
    let mut findings = DriftFindings { accepted: filled_in(plan, known.digest), ..DriftFindings::default() };
    let keys: BTreeSet<_> = outside.keys().chain(planned.keys()).cloned().collect();
    let (mut exact, mut changed_outside) = (Vec::new(), Vec::new());
    for key in keys {
        let (mut drift, change) = (outside.remove(&key), planned.remove(&key));
        if let (Looking::First(ignored), Some(entry)) = (looking, &mut drift) {
            findings.first_look.extend(first_look(plan, entry, change.as_ref(), ignored));
        }
        let drift = drift.filter(|entry| entry.actions != ["update"] || !entry.differences.is_empty());
        if let (Some(entry), Some(accepted)) = (&drift, findings.accepted.get_mut(&key.0)) {
            accepted.retain(|one| entry.differences.iter().all(|difference| difference.path != one.path));
        }
        let Some((one, values)) = change_of(drift, change) else { continue };
        if one.class == DriftClass::Drifted {
            changed_outside.push(json!([key, one.actions, values]));
        }
        exact.push(json!([key, one.class, one.actions, one.planned, values]));
        findings.changes.push(one);
    }
    findings.changes.sort_by_key(Drifted::loudness);
    findings.first_look.sort_by_key(|one| !one.opens_to_everybody);
    findings.exact = exact.into();
    findings.outside = changed_outside.into();
    findings
}

/// The values that a refresh right after an apply found different from the state: the provider filled them in.
pub fn filled_in(plan: &Value, digest: &dyn Fn(&Value) -> String) -> AcceptedValues {
    let known = KnownValues { digest, ..KnownValues::NOTHING };
    let mut accepted = AcceptedValues::new();
    for ((address, deposed), entry) in
        outside_entries(&plan["resource_drift"], &DriftRules::default(), &known)
    {
        if entry.actions != ["update"] || !deposed.is_empty() || entry.resource["type"] == "nomad_job" {
            continue;
        }
        let paths: BTreeSet<_> = entry.differences.iter().map(|one| &one.path).collect();
        let after = &entry.resource["change"]["after"];
        let values = paths.into_iter().map(|path| known.accept(&address, path, at(after, path)));
        accepted.insert(address.clone(), values.collect());
    }
    accepted
}

/// Resources with accepted values that the refresh found as in the state, in the format of `resource_drift`.
fn unchanged(plan: &Value, known: &KnownValues<'_>) -> Value {
    let differing: BTreeSet<_> =
        list(&plan["resource_drift"]).filter_map(|one| one["address"].as_str()).collect();
    let mut entries = Vec::new();
    if known.is_current {
        let wanted = |address: &str| known.accepted.contains_key(address) && !differing.contains(address);
        below(&plan["prior_state"]["values"]["root_module"], &wanted, &mut entries);
    }
    entries.into()
}

fn below(module: &Value, wanted: &dyn Fn(&str) -> bool, entries: &mut Vec<Value>) {
    for one in
        list(&module["resources"]).filter(|one| one["mode"] == "managed" && one["deposed_key"].is_null())
    {
        if one["address"].as_str().is_some_and(wanted) {
            let mut entry = one.clone();
            let (values, marks) = (entry["values"].take(), entry["sensitive_values"].take());
            entry["change"] = json!({ "actions": ["update"], "before": values, "after": values,
                "before_sensitive": marks, "after_sensitive": marks });
            entries.push(entry);
        }
    }
    list(&module["child_modules"]).for_each(|child| below(child, wanted, entries));
}

/// Takes the differences out of the entry that a first look accepts.
fn first_look(
    plan: &Value,
    entry: &mut OutsideEntry<'_>,
    change: Option<&PlannedEntry<'_>>,
    ignored: &dyn Fn(&str, &str, &str) -> bool,
) -> Option<FirstLook> {
    let resource = entry.resource;
    if entry.actions != ["update"] || resource["deposed"].is_string() || resource["type"] == "nomad_job" {
        return None;
    }
    let (kind, name) = (text(&resource["type"]), text(&resource["name"]));
    let is_ignored = |one: &OutsideDifference<'_>| {
        let empty = is_empty(one.shown.before) && is_empty(one.shown.after);
        let attribute = one.path.first().map(String::as_str).unwrap_or_default();
        !empty && configured::sets(plan, resource, &one.path) && ignored(&kind, &name, attribute)
    };
    let is_drift = |one: &OutsideDifference<'_>| {
        change.is_some_and(|change| undoes(change, &one.path)) || is_ignored(one)
    };
    let (drift, found): (Vec<_>, Vec<_>) =
        std::mem::take(&mut entry.differences).into_iter().partition(is_drift);
    entry.differences = drift;
    let opens = found.iter().any(|one| opens(resource, one));
    (!found.is_empty()).then(|| FirstLook {
        address: text(&resource["address"]),
        kind,
        name,
        opens_to_everybody: opens,
        attributes: found.into_iter().map(|one| one.shown.masked()).collect(),
    })
}

/// One change for the report, and the values that identify it.
fn change_of(drift: Option<OutsideEntry<'_>>, change: Option<PlannedEntry<'_>>) -> Option<(Drifted, Value)> {
    let words = |actions: &[&str]| actions.iter().map(|&action| action.to_owned()).collect::<Vec<_>>();
    let planned = change.as_ref().map(|change| words(&change.actions)).unwrap_or_default();
    let one = |resource: &Value, class| Drifted {
        deposed: resource["deposed"].as_str().map(str::to_owned),
        address: text(&resource["address"]),
        kind: text(&resource["type"]),
        name: text(&resource["name"]),
        class,
        actions: Vec::new(),
        planned,
        undone_by_a_plan: true,
        opens_to_everybody: false,
        cause: None,
        evidence: DriftEvidence { provider: text(&resource["provider_name"]), ..DriftEvidence::default() },
        attributes: Vec::new(),
    };
    let Some(entry) = drift else {
        let PlannedEntry { resource, differences, .. } = change?;
        let attributes = differences.into_iter().map(Difference::masked).collect();
        // A planned value may differ in each plan.
        return Some((Drifted { attributes, ..one(resource, DriftClass::Pending) }, json!([])));
    };
    let OutsideEntry { resource, actions, differences } = entry;
    let undone = |change: &PlannedEntry<'_>| differences.iter().all(|one| undoes(change, &one.path));
    let values =
        differences.iter().map(|one| json!([one.shown.path, one.shown.before, one.shown.after])).collect();
    let drifted = Drifted {
        actions: words(&actions),
        undone_by_a_plan: change.as_ref().is_some_and(undone),
        opens_to_everybody: differences.iter().any(|one| opens(resource, one)),
        evidence: DriftEvidence {
            provider: text(&resource["provider_name"]),
            is_new: differences.iter().all(|one| one.shown.before.is_null()),
            is_outside: true,
        },
        ..one(resource, DriftClass::Drifted)
    };
    let attributes = differences.into_iter().map(|one| one.shown.masked()).collect();
    Some((Drifted { attributes, ..drifted }, values))
}

fn opens(resource: &Value, one: &OutsideDifference<'_>) -> bool {
    exposure::opens(resource["type"].as_str().unwrap_or_default(), &resource["change"]["after"], &one.shown)
}

/// Whether this planned change gives the value at this path another one.
fn undoes(planned: &PlannedEntry<'_>, path: &[String]) -> bool {
    let change = &planned.resource["change"];
    let is_unknown = {
        let mut mark = &change["after_unknown"];
        path.iter()
            .for_each(|key| mark = if mark == &Value::Bool(true) { mark } else { &mark[key.as_str()] });
        diff::holds_true(mark)
    };
    planned.actions != ["update"] || is_unknown || at(&change["before"], path) != at(&change["after"], path)
}

fn at<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, key| &value[key.as_str()])
}

/// The jobs that the refresh of this plan has found, each with the changes made outside of Terraform.
pub fn found_jobs(plan: &Value, rules: &DriftRules) -> Vec<FoundJob> {
    let known = KnownValues::NOTHING;
    let mut outside = drift_findings(plan, rules, &BTreeMap::new(), &known, Looking::Again).changes;
    outside.retain(|one| one.class != DriftClass::Pending);
    let mut jobs = nomad_jobs::found_jobs(plan);
    for job in &mut jobs {
        let own = outside.iter_mut().find(|one| one.address == job.address);
        job.outside = own.map(|one| std::mem::take(&mut one.attributes)).unwrap_or_default();
    }
    jobs
}

/// Managed resources that were changed outside of Terraform.
fn outside_entries<'a>(
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
fn planned_entries<'a>(entries: &'a Value, rules: &DriftRules) -> BTreeMap<Key, PlannedEntry<'a>> {
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

fn key(resource: &Value) -> Key {
    (text(&resource["address"]), text(&resource["deposed"]))
}

fn actions(resource: &Value) -> Vec<&str> {
    list(&resource["change"]["actions"]).filter_map(Value::as_str).collect()
}

fn is_ignored(rules: &DriftRules, address: &str) -> bool {
    rules.ignore.iter().any(|one| one.covers_resource(address))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn matters(rules: &DriftRules, address: &str, one: &Difference<'_>) -> bool {
    let ignored = |pattern: &DriftPattern| pattern.covers_attribute(address, &one.path);
    let alike = rules.equal_empty && !one.unknown && is_empty(one.before) && is_empty(one.after);
    !alike && !rules.ignore.iter().any(ignored)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
