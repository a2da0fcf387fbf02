//! Reads drift from a plan: changes that were made outside of Terraform.
//!
//! A normal plan has two lists. `resource_drift` compares the state with the real resources. `resource_changes`
//! compares the real resources with the configuration. The exit code shows neither.

mod absorbed;
mod adopted;
mod configured;
mod entries;
mod exposure;
mod first_look;
mod known;
mod outside;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::adopted::take_adopted;
use self::entries::{OutsideEntry, PlannedEntry, at, opens, outside_entries, planned_entries, text, undoes};
use self::first_look::{first_look, shown_first_look};
use super::diff::Difference;
use super::list::list;
use super::nomad_jobs::{self, FoundJob};
use crate::model::DriftRules;
use crate::report::{DriftClass, DriftEvidence, Drifted, FirstLook};

pub use self::absorbed::{AbsorbedChange, StateObject, StateObjects, absorbed, still_absorbed};
pub use self::first_look::Looking;
pub use self::known::KnownValues;
pub use self::stored::{AbsorbedValues, AcceptedValues};

/// The drift that the rules do not ignore. There is no Debug, because `exact` contains unmasked values.
#[derive(Default)]
pub struct DriftFindings {
    /// Masked, the loudest first.
    pub changes: Vec<Drifted>,
    /// Values that this look accepts as they are. Masked, the loudest first.
    pub first_look: Vec<FirstLook>,
    /// All values that differ from the state and are not drift.
    pub accepted: AcceptedValues,
    /// What is still absorbed and not accepted.
    pub absorbed: AbsorbedValues,
    /// Everything that identifies this drift, including secrets. It is only for a keyed digest.
    pub exact: Value,
    /// The same without what a plan would do.
    pub outside: Value,
}

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
    let mut findings = DriftFindings {
        accepted: filled_in(plan, known.digest),
        absorbed: known.absorbed.clone(),
        ..DriftFindings::default()
    };
    let keys: BTreeSet<_> = outside.keys().chain(planned.keys()).cloned().collect();
    let (mut exact, mut changed_outside) = (Vec::new(), Vec::new());
    for key in keys {
        let (mut drift, change) = (outside.remove(&key), planned.remove(&key));
        if let Some(entry) = &mut drift {
            let adopted = take_adopted(plan, entry, change.as_ref(), looking);
            let found = first_look(plan, entry, change.as_ref(), looking);
            if let Some(absorbed) = findings.absorbed.get_mut(&key.0) {
                let is_over = |path: &Vec<String>| {
                    adopted.contains(path) || found.iter().any(|found| found.path == *path)
                };
                absorbed.retain(|one| !is_over(&one.path));
            }
            findings.first_look.extend(shown_first_look(entry.resource, found));
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
    findings.absorbed.retain(|_, values| !values.is_empty());
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

/// Resources with known values that the refresh found as in the state, in the format of `resource_drift`.
fn unchanged(plan: &Value, known: &KnownValues<'_>) -> Value {
    let differing: BTreeSet<_> =
        list(&plan["resource_drift"]).filter_map(|one| one["address"].as_str()).collect();
    let mut entries = Vec::new();
    let wanted = |address: &str| known.has_more_than_the_state(address) && !differing.contains(address);
    if !known.absorbed.is_empty() || known.is_current && !known.accepted.is_empty() {
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
            entry["module_address"] = module["address"].clone();
            let (values, marks) = (entry["values"].take(), entry["sensitive_values"].take());
            entry["change"] = json!({ "actions": ["update"], "before": values, "after": values,
                "before_sensitive": marks, "after_sensitive": marks });
            entries.push(entry);
        }
    }
    list(&module["child_modules"]).for_each(|child| below(child, wanted, entries));
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

/// The jobs that the refresh of this plan has found, each with the changes made outside of Terraform.
pub fn found_jobs(plan: &Value, rules: &DriftRules) -> Vec<FoundJob> {
    let known = KnownValues::NOTHING;
    let mut outside = drift_findings(plan, rules, &BTreeMap::new(), &known, Looking::AGAIN).changes;
    outside.retain(|one| one.class != DriftClass::Pending);
    let mut jobs = nomad_jobs::found_jobs(plan);
    for job in &mut jobs {
        let own = outside.iter_mut().find(|one| one.address == job.address);
        job.outside = own.map(|one| std::mem::take(&mut one.attributes)).unwrap_or_default();
    }
    jobs
}

#[cfg(test)]
mod tests;
