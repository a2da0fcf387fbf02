//! The `nomad_job` resources of a plan, from `show -json`: the planned registrations, and the jobs that the refresh
//! found.

use std::collections::BTreeMap;

use serde_json::Value;

use super::diff::Difference;
use crate::report::AttributeChange;

/// A job that the plan creates, updates or replaces. There is no Debug, because a jobspec may hold a secret.
pub struct PlannedJob {
    pub address: String,
    /// None if a part of it becomes known only during apply, or is in files that the provider reads.
    pub spec: Option<JobSpec>,
    /// The module marks the jobspec as sensitive, or did so before. A message about the job may contain parts of it.
    pub is_sensitive: bool,
    /// Namespace and id of the job before the plan.
    pub before: Option<(String, String)>,
    /// The plan replaces the job, and the provider removes it from Nomad first.
    pub is_removed_first: bool,
    /// The registration that the plan's refresh has found.
    pub before_index: Option<u64>,
}

pub struct JobSpec {
    pub text: String,
    pub is_json: bool,
    pub variables: BTreeMap<String, String>,
}

/// A job as the refresh found it: the current registration.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundJob {
    pub address: String,
    pub namespace: String,
    pub id: String,
    pub modify_index: Option<u64>,
    pub is_stopped: bool,
    /// If the registration differs from the one in the state: the differences that count as drift, masked.
    pub outside: Vec<AttributeChange>,
}

/// The jobs in the state, from all modules.
pub fn found_jobs(plan: &Value) -> Vec<FoundJob> {
    let mut jobs = Vec::new();
    below(&plan["prior_state"]["values"]["root_module"], &mut jobs);
    jobs
}

impl FoundJob {
    /// The id for the provider's import: `web@default`.
    pub fn key(&self) -> String {
        key(&self.namespace, &self.id)
    }
}

/// The key under which a job is recorded.
pub fn key(namespace: &str, id: &str) -> String {
    format!("{id}@{namespace}")
}

/// Whether nobody changed this job, given its entry in `resource_drift`. This is so if the registration is the one in
/// the state, or the one that the last run followed. Other differences come from Nomad or from the provider.
pub fn is_by_itself(resource: &Value, followed: &BTreeMap<String, u64>) -> bool {
    let (before, after) = (&resource["change"]["before"], &resource["change"]["after"]);
    let Some(index) = after["modify_index"].as_str().filter(|_| resource["type"] == "nomad_job") else {
        return false;
    };
    let known = identity(after).and_then(|(namespace, id)| followed.get(&key(&namespace, &id)));
    before["modify_index"] == index || known.is_some_and(|known| known.to_string() == index)
}

/// Attributes that change with each registration or by themselves. They say nothing about changes by a person.
const RUNTIME: [&str; 8] = [
    "allocation_ids",
    "deployment_id",
    "deployment_status",
    "stable",
    "status",
    "status_description",
    "submit_time",
    "version",
];

/// Whether this difference is in one of those attributes, or between null and an empty list of the provider.
pub fn is_runtime(one: &Difference<'_>) -> bool {
    let attribute = one.path.split(['.', '[']).next().unwrap_or_default();
    let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    // After an update, the provider leaves this list empty in the state.
    let forgotten = attribute == "datacenters" && is_empty(one.before);
    let alike = is_empty(one.before) && is_empty(one.after);
    // The value after a plan is not known yet.
    !one.unknown && (RUNTIME.contains(&attribute) || alike || forgotten)
}

fn below(module: &Value, found: &mut Vec<FoundJob>) {
    let resources = module["resources"].as_array().into_iter().flatten();
    let jobs = resources.filter(|one| one["mode"] == "managed" && one["type"] == "nomad_job");
    found.extend(jobs.filter_map(|one| {
        let (namespace, id) = identity(&one["values"])?;
        Some(FoundJob {
            address: one["address"].as_str().unwrap_or_default().to_owned(),
            namespace,
            id,
            modify_index: index(&one["values"]),
            is_stopped: one["values"]["stop"] == true,
            outside: Vec::new(),
        })
    }));
    module["child_modules"].as_array().into_iter().flatten().for_each(|child| below(child, found));
}

/// Which registration this is, from the values of the job's resource.
fn index(values: &Value) -> Option<u64> {
    values["modify_index"].as_str()?.parse().ok()
}

/// Namespace and id of the job, from the values of its resource.
fn identity(values: &Value) -> Option<(String, String)> {
    let namespace = values["namespace"].as_str().filter(|text| !text.is_empty());
    Some((namespace.unwrap_or("default").to_owned(), values["id"].as_str()?.to_owned()))
}

pub fn jobs(plan: &Value) -> Vec<PlannedJob> {
    let entries = plan["resource_changes"].as_array().into_iter().flatten();
    let registers = |entry: &&Value| {
        let actions = entry["change"]["actions"].as_array().into_iter().flatten();
        let mut registers = actions.filter(|action| *action == "create" || *action == "update");
        entry["mode"] == "managed" && entry["type"] == "nomad_job" && registers.next().is_some()
    };
    entries.filter(registers).map(job).collect()
}

fn job(entry: &Value) -> PlannedJob {
    let change = &entry["change"];
    let before = identity(&change["before"]);
    let unknown = &change["after_unknown"];
    let is_marked = |marks: &Value| any(&marks["jobspec"]) || any(&marks["hcl2"]);
    PlannedJob {
        address: entry["address"].as_str().unwrap_or_default().to_owned(),
        spec: match any(&unknown["jobspec"]) || any(&unknown["json"]) || any(&unknown["hcl2"]) {
            true => None,
            false => spec(&change["after"]),
        },
        is_sensitive: is_marked(&change["after_sensitive"]) || is_marked(&change["before_sensitive"]),
        before,
        is_removed_first: change["actions"] == serde_json::json!(["delete", "create"])
            && change["before"]["purge_on_destroy"] == true,
        before_index: index(&change["before"]),
    }
}

fn spec(after: &Value) -> Option<JobSpec> {
    let mut variables = BTreeMap::new();
    for block in after["hcl2"].as_array().into_iter().flatten() {
        if block["allow_fs"] == true {
            return None;
        }
        for (name, value) in block["vars"].as_object().into_iter().flatten() {
            variables.insert(name.clone(), value.as_str()?.to_owned());
        }
    }
    let (text, is_json) = (after["jobspec"].as_str()?.to_owned(), after["json"] == true);
    Some(JobSpec { text, is_json, variables })
}

/// Whether one of Terraform's marks marks anything below it.
fn any(mark: &Value) -> bool {
    match mark {
        Value::Bool(marked) => *marked,
        Value::Array(items) => items.iter().any(any),
        Value::Object(map) => map.values().any(any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(
        actions: Value,
        before: Value,
        after: Value,
        unknown: Value,
        sensitive: Value,
    ) -> Vec<PlannedJob> {
        jobs(&json!({ "resource_changes": [{
            "address": "nomad_job.web", "mode": "managed", "type": "nomad_job",
            "change": {
                "actions": actions, "before": before, "after": after, "after_unknown": unknown,
                "after_sensitive": sensitive,
            },
        }] }))
    }

    #[test]
    fn a_job_that_is_deleted_or_unchanged_is_not_registered() {
        for actions in [json!(["delete"]), json!(["no-op"]), json!(["read"]), json!(["forget"])] {
            let jobs = plan(actions.clone(), json!({}), json!({ "jobspec": "x" }), json!({}), json!({}));
            assert!(jobs.is_empty(), "{actions}");
        }
    }

    #[test]
    fn a_jobspec_is_read_with_its_variables_and_with_the_previous_job() {
        let after = json!({ "jobspec": "job", "json": false, "hcl2": [{ "vars": { "image": "x" } }] });
        let before = json!({ "id": "web", "namespace": "" });
        let jobs = plan(json!(["delete", "create"]), before, after, json!({ "id": true }), json!({}));
        let spec = jobs[0].spec.as_ref().unwrap();
        assert_eq!((spec.text.as_str(), spec.is_json), ("job", false));
        assert_eq!(spec.variables["image"], "x");
        assert_eq!(jobs[0].before, Some(("default".to_owned(), "web".to_owned())));
        assert!(!jobs[0].is_sensitive);
    }

    #[test]
    fn a_jobspec_known_after_apply_is_not_used_and_a_sensitive_mark_counts_anywhere() {
        let unknown =
            plan(json!(["create"]), json!(null), json!({}), json!({ "jobspec": true }), json!(false));
        assert!(unknown[0].spec.is_none() && unknown[0].before.is_none());
        let variable = json!({ "hcl2": [{ "vars": { "password": true } }] });
        let after = json!({ "jobspec": "job" });
        assert!(
            plan(json!(["update"]), json!({}), after.clone(), variable.clone(), json!({}))[0].spec.is_none()
        );
        assert!(plan(json!(["update"]), json!({}), after, json!({}), variable)[0].is_sensitive);
        let files = json!({ "jobspec": "job", "hcl2": [{ "allow_fs": true, "vars": null }] });
        assert!(plan(json!(["update"]), json!({}), files, json!({}), json!({}))[0].spec.is_none());
    }

    #[test]
    fn a_job_that_was_sensitive_before_is_sensitive_because_nomad_also_tells_what_it_was() {
        let change = json!({
            "actions": ["update"], "before": {}, "after": { "jobspec": "job" },
            "before_sensitive": { "jobspec": true }, "after_sensitive": {},
        });
        let entry = json!({ "mode": "managed", "type": "nomad_job", "change": change });
        assert!(jobs(&json!({ "resource_changes": [entry] }))[0].is_sensitive);
    }

    #[test]
    fn jobs_of_every_module_are_found_as_refreshed() {
        let job = |id: &str, index: &str, stop: bool| {
            json!({ "mode": "managed", "type": "nomad_job", "values": {
            "id": id, "namespace": "", "modify_index": index, "stop": stop } })
        };
        let other = json!({ "mode": "managed", "type": "world_thing", "values": { "id": "x" } });
        let child = json!({ "resources": [job("inner", "7", true)] });
        let plan = json!({ "prior_state": { "values": { "root_module": {
            "resources": [other, job("outer", "5", false)], "child_modules": [{ "child_modules": [child] }],
        } } } });
        let found = found_jobs(&plan)
            .into_iter()
            .map(|one| (one.namespace, one.id, one.modify_index, one.is_stopped));
        let expected = [("outer", Some(5), false), ("inner", Some(7), true)];
        let expected = expected.map(|(id, index, stop)| ("default".to_owned(), id.to_owned(), index, stop));
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert_eq!(found_jobs(&json!({})), []);
    }
}
