//! Reads `terraform show -json PLAN`: <https://developer.hashicorp.com/terraform/internals/json-format>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Changes, diff};
use crate::report::{Counts, ResourceChange};

/// The changes of a plan with their attributes. Sensitive values are masked here.
pub fn read(plan: &Value) -> Changes {
    let resources: Vec<_> = list(&plan["resource_changes"]).filter_map(resource).collect();
    let outputs = plan["output_changes"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, change)| {
            let actions = actions(change);
            let action = action_word(&actions);
            (action != "no-op").then(|| (name.clone(), action.to_owned()))
        })
        .collect();
    Changes { counts: count(&resources, plan), resources, outputs, digest: String::new() }
}

/// All changes of this plan, unmasked, and independent of the version of terraform and the time. Only for a keyed
/// digest.
pub fn change_set(plan: &Value) -> Value {
    let acts = |entry: &&Value| {
        let change = &entry["change"];
        let (imported, moved) = (!change["importing"].is_null(), entry["previous_address"].is_string());
        let actions = actions(change);
        actions != ["read"] && (imported || moved || actions != ["no-op"])
    };
    let told = |entry: &Value| {
        let change = &entry["change"];
        let keys = ["actions", "before", "after", "after_unknown", "replace_paths", "importing"];
        let of_change = keys.map(|key| change[key].clone());
        let keys = ["address", "previous_address", "deposed", "action_reason"];
        json!([keys.map(|key| entry[key].clone()), of_change])
    };
    let resources: Vec<_> = list(&plan["resource_changes"]).filter(acts).map(told).collect();
    let outputs: BTreeMap<_, _> = plan["output_changes"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, change)| actions(change) != ["no-op"])
        .map(|(name, change)| (name, ["actions", "after", "after_unknown"].map(|key| change[key].clone())))
        .collect();
    json!([resources, outputs])
}

fn resource(entry: &Value) -> Option<ResourceChange> {
    let change = &entry["change"];
    let mut actions = actions(change);
    let imported = !change["importing"].is_null();
    let moved = entry["previous_address"].is_string();
    if actions == ["no-op"] {
        actions = match (imported, moved) {
            (true, _) => vec!["import".to_owned()],
            (_, true) => vec!["move".to_owned()],
            _ => return None,
        };
    }
    if actions == ["read"] {
        return None;
    }
    Some(ResourceChange {
        address: text(&entry["address"]),
        kind: text(&entry["type"]),
        name: text(&entry["name"]),
        reason: entry["action_reason"].as_str().map(|reason| short_reason(reason).to_owned()),
        attributes: diff::attributes(change),
        actions,
    })
}

/// The word that the stream uses for `replace_because_tainted`.
fn short_reason(reason: &str) -> &str {
    reason.split_once("_because_").map_or(reason, |(_, why)| why)
}

fn count(resources: &[ResourceChange], plan: &Value) -> Counts {
    let has = |change: &ResourceChange, word: &str| change.actions.iter().any(|action| action == word);
    let mut counts = Counts::default();
    for change in resources {
        counts.add += u64::from(has(change, "create"));
        counts.change += u64::from(has(change, "update"));
        counts.remove += u64::from(has(change, "delete"));
    }
    counts.import = list(&plan["resource_changes"])
        .filter(|entry| !entry["change"]["importing"].is_null())
        .count() as u64;
    counts
}

fn actions(change: &Value) -> Vec<String> {
    list(&change["actions"]).map(text).collect()
}

fn action_word(actions: &[String]) -> &str {
    match actions {
        [one] => one,
        _ => "replace",
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_counts_in_add_and_in_remove() {
        let plan = json!({"resource_changes": [{"address": "a.b", "type": "a", "name": "b",
            "change": {"actions": ["create", "delete"], "before": {"x": 1}, "after": {"x": 2},
                       "replace_paths": [["x"]]}}]});
        let changes = read(&plan);
        assert_eq!((changes.counts.add, changes.counts.change, changes.counts.remove), (1, 0, 1));
        assert!(changes.resources[0].attributes[0].replaces);
    }

    #[test]
    fn a_no_op_and_a_read_are_not_changes() {
        let entry = |action: &str| json!({"address": "a.b", "change": {"actions": [action]}});
        let changes = read(&json!({"resource_changes": [entry("no-op"), entry("read")],
            "output_changes": {"kept": {"actions": ["no-op"]}, "new": {"actions": ["create"]}}}));
        assert_eq!(changes.resources, []);
        assert_eq!(changes.outputs.keys().collect::<Vec<_>>(), ["new"]);
    }
}
