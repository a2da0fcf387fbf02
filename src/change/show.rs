//! Reads `terraform show -json PLAN`: <https://developer.hashicorp.com/terraform/internals/json-format>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::list::list;
use super::redact::Redactor;
use super::sensitive::sensitive_of_change;
use super::{Changes, Machines, diff, import_id};
use crate::report::{ActionInvocation, AttributeChange, ResourceChange};

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
    let deferred = list(&plan["deferred_changes"]).filter_map(|entry| {
        let change = resource(&entry["resource_change"])?;
        Some(ResourceChange { deferred: Some(text(&entry["reason"])), ..change })
    });
    let later = list(&plan["deferred_action_invocations"]).map(|entry| ActionInvocation {
        deferred: Some(text(&entry["reason"])),
        ..action(&entry["action_invocation"])
    });
    let actions = list(&plan["action_invocations"]).map(action).chain(later).collect();
    let machines = Some(Machines::after(plan));
    let deferred = deferred.collect();
    let changes = Changes { resources, actions, deferred, outputs, machines, ..Changes::default() };
    Changes { counts: changes.count(), ..changes }
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
    let later = ["action_invocations", "deferred_changes", "deferred_action_invocations"];
    match later.iter().all(|key| list(&plan[*key]).next().is_none()) {
        true => json!([resources, outputs]),
        false => json!([resources, outputs, later.map(|key| &plan[key])]),
    }
}

fn action(entry: &Value) -> ActionInvocation {
    let (lifecycle, invoked) = (&entry["lifecycle_action_trigger"], &entry["invoke_action_trigger"]);
    let some = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    ActionInvocation {
        address: text(&entry["address"]),
        kind: text(&entry["type"]),
        name: text(&entry["name"]),
        resource: some(&lifecycle["triggering_resource_address"])
            .or_else(|| some(&invoked["calling_resource_address"])),
        event: some(&lifecycle["action_trigger_event"]),
        deferred: None,
    }
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
        deposed: entry["deposed"].as_str().map(str::to_owned),
        previous_address: entry["previous_address"].as_str().map(str::to_owned),
        import_id: import_id(&change["importing"]),
        deferred: None,
        attributes: attributes(change),
        actions,
    })
}

/// A provider may copy a sensitive value to an attribute of the same resource that nothing marks.
fn attributes(change: &Value) -> Vec<AttributeChange> {
    let mut shown = diff::attributes(change);
    Redactor::new(&sensitive_of_change(change)).attributes(&mut shown);
    shown
}

/// The word that the stream uses for `replace_because_tainted`.
fn short_reason(reason: &str) -> &str {
    reason.split_once("_because_").map_or(reason, |(_, why)| why)
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

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Counts;

    #[test]
    fn a_copy_of_a_sensitive_value_is_masked_although_nothing_marks_it() {
        let change = json!({"before": {"input": {"key": "old-key"}, "output": {"key": "old-key", "size": 1}},
            "after": {"input": {"key": "new-key"}}, "before_sensitive": {"input": {"key": true}},
            "after_sensitive": {"input": {"key": true}}, "after_unknown": {"output": true}});
        let (hidden, output) = (json!(diff::SENSITIVE), json!({"key": diff::SENSITIVE, "size": 1}));
        let expected = [
            ("input.key".to_owned(), hidden.clone(), hidden),
            ("output".to_owned(), output, json!(diff::UNKNOWN)),
        ];
        let found: Vec<_> =
            attributes(&change).into_iter().map(|one| (one.path, one.before, one.after)).collect();
        assert_eq!(found, expected);
    }

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
    #[test]
    fn forgotten_moved_imported_and_old_objects_are_read_and_counted() {
        let entry = |address: &str, more: Value, change: Value| {
            let mut entry = json!({ "address": address, "type": "t", "name": "n", "change": change });
            entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            entry
        };
        let changes = read(&json!({ "resource_changes": [
            entry("t.gone", json!({}), json!({ "actions": ["forget"], "before": {} })),
            entry("t.again", json!({}), json!({ "actions": ["create", "forget"] })),
            entry("t.here", json!({ "previous_address": "t.there" }), json!({ "actions": ["update"] })),
            entry("t.come", json!({}), json!({ "actions": ["no-op"], "importing": { "id": "i-1" } })),
            entry("t.come2", json!({}), json!({ "actions": ["update"], "importing": { "identity": { "n": 1 } } })),
            entry("t.old", json!({ "deposed": "1a2b3c4d" }), json!({ "actions": ["delete"] })),
        ] }));
        let counts = Counts { add: 1, change: 2, remove: 1, import: 2, forget: 2, ..Counts::default() };
        assert_eq!(changes.counts, counts);
        assert_eq!(changes.resources[2].previous_address.as_deref(), Some("t.there"));
        let ids: Vec<_> = changes.resources.iter().filter_map(|one| one.import_id.as_deref()).collect();
        assert_eq!(ids, ["i-1", r#"{"n":1}"#]);
        assert_eq!(changes.resources[5].object(), "the old copy 1a2b3c4d of t.old");
        assert_eq!(changes.forgotten().count(), 2);
    }

    /// The form is that of Terraform 1.14 and later.
    #[test]
    fn invoked_actions_and_deferred_changes_are_read_and_counted_and_part_of_the_change_set() {
        let action = json!({
            "address": "action.aws_lambda_invoke.warm", "type": "aws_lambda_invoke", "name": "warm",
            "config_values": { "payload": "x" }, "provider_name": "registry.terraform.io/hashicorp/aws",
            "lifecycle_action_trigger": {
                "triggering_resource_address": "t.a", "action_trigger_event": "AfterCreate",
                "action_trigger_block_index": 0, "actions_list_index": 0,
            },
        });
        let waits = json!({ "address": "t.b", "change": { "actions": ["delete"] } });
        let plan = json!({
            "action_invocations": [action],
            "deferred_changes": [{ "reason": "provider_config_unknown", "resource_change": waits }],
            "deferred_action_invocations": [{ "reason": "deferred_prereq", "action_invocation": action }],
        });
        let changes = read(&plan);
        let counts = Counts { action_invocation: 1, deferred: 2, ..Counts::default() };
        assert_eq!(changes.counts, counts);
        assert_eq!(changes.actions[0].resource.as_deref(), Some("t.a"));
        assert_eq!(changes.actions[0].event.as_deref(), Some("AfterCreate"));
        assert_eq!(changes.actions[1].deferred.as_deref(), Some("deferred_prereq"));
        assert_eq!(changes.destroyed().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["t.b"]);
        let mut other = plan.clone();
        other["action_invocations"][0]["config_values"]["payload"] = json!("y");
        assert_ne!(change_set(&plan), change_set(&other));
        assert_eq!(change_set(&json!({})), json!([[], {}]));
    }
}
