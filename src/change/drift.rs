//! Reads drift from a plan: changes that were made outside of Terraform.
//!
//! A normal plan has two lists. `resource_drift` compares the state with the real resources. `resource_changes`
//! compares the real resources with the configuration. The exit code shows neither.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::diff::{self, Difference};
use super::nomad_jobs::{self, FoundJob};
use crate::model::{DriftPattern, DriftRules};
use crate::report::{DriftClass, Drifted};

/// The drift that the rules do not ignore. There is no Debug, because `exact` contains unmasked values.
#[derive(Default)]
pub struct DriftFindings {
    /// Masked, and sorted by address.
    pub changes: Vec<Drifted>,
    /// Everything that identifies this drift, including secrets. It is only for a keyed digest.
    pub exact: Value,
}

/// One resource's entry in either list.
struct DriftEntry<'a> {
    resource: &'a Value,
    actions: Vec<&'a str>,
    differences: Vec<Difference<'a>>,
}

/// Reads `show -json` of a plan. `followed` contains the registrations of jobs that the last run accepted as its own.
pub fn drift_findings(plan: &Value, rules: &DriftRules, followed: &BTreeMap<String, u64>) -> DriftFindings {
    let mut outside = entries(&plan["resource_drift"], rules);
    outside.retain(|_, entry| !nomad_jobs::is_by_itself(entry.resource, followed));
    let mut planned = entries(&plan["resource_changes"], rules);
    let keys: BTreeSet<_> = outside.keys().chain(planned.keys()).cloned().collect();
    let mut findings = DriftFindings::default();
    let mut exact = Vec::new();
    for key in keys {
        let (drift, change) = (outside.remove(&key), planned.remove(&key));
        let Some(class) = classify(drift.is_some(), change.is_some()) else { continue };
        let words = |entry: &Option<DriftEntry<'_>>| -> Vec<String> {
            let actions = entry.iter().flat_map(|entry| &entry.actions);
            actions.map(|&action| action.to_owned()).collect()
        };
        let (actions, todo) = (words(&drift), words(&change));
        let Some(DriftEntry { resource, differences, .. }) = drift.or(change) else { continue };
        let values = match class {
            // A planned value may differ in each plan. A value found outside does not.
            DriftClass::Pending => json!([]),
            _ => differences.iter().map(|one| json!([one.path, one.before, one.after])).collect(),
        };
        exact.push(json!([key, class, actions, todo, values]));
        findings.changes.push(Drifted {
            address: text(&resource["address"]),
            kind: text(&resource["type"]),
            name: text(&resource["name"]),
            class,
            actions,
            planned: todo,
            attributes: differences.into_iter().map(Difference::masked).collect(),
        });
    }
    findings.exact = exact.into();
    findings
}

/// The jobs that the refresh of this plan has found, each with the changes made outside of Terraform.
pub fn found_jobs(plan: &Value, rules: &DriftRules) -> Vec<FoundJob> {
    let mut outside = drift_findings(plan, rules, &BTreeMap::new()).changes;
    outside.retain(|one| one.class != DriftClass::Pending);
    let mut jobs = nomad_jobs::found_jobs(plan);
    for job in &mut jobs {
        let own = outside.iter_mut().find(|one| one.address == job.address);
        job.outside = own.map(|one| std::mem::take(&mut one.attributes)).unwrap_or_default();
    }
    jobs
}

/// `outside`: the resource was changed outside of Terraform. `planned`: the plan would change it.
fn classify(outside: bool, planned: bool) -> Option<DriftClass> {
    match (outside, planned) {
        (true, true) => Some(DriftClass::Drifted),
        (true, false) => Some(DriftClass::DriftedBenign),
        (false, true) => Some(DriftClass::Pending),
        (false, false) => None,
    }
}

/// Managed resources that change. The key is the address and, for a deposed object, its key.
fn entries<'a>(list: &'a Value, rules: &DriftRules) -> BTreeMap<(String, String), DriftEntry<'a>> {
    let entries = list.as_array().into_iter().flatten().filter(|one| one["mode"] != "data");
    let read = entries.filter_map(|resource| {
        let (address, change) = (resource["address"].as_str()?, &resource["change"]);
        let actions: Vec<_> =
            change["actions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut differences = diff::differences(change);
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
            // A deletion always counts, whichever attributes the resource had.
            _ => true,
        };
        let ignored = rules.ignore.iter().any(|one| one.covers_resource(address));
        let key = (address.to_owned(), text(&resource["deposed"]));
        (counts && !ignored).then_some((key, DriftEntry { resource, actions, differences }))
    });
    read.collect()
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
