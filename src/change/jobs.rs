//! The `nomad_job` resources that a plan registers, by `show -json`.

use std::collections::BTreeMap;

use serde_json::Value;

/// One that the plan creates, updates or replaces. No Debug: a jobspec may hold a secret.
pub struct PlannedJob {
    pub address: String,
    /// None: a part of it is known only once the plan is applied, or stands in files that the provider reads.
    pub spec: Option<JobSpec>,
    /// The module marks it: what is said of it may repeat it.
    pub is_sensitive: bool,
    /// Namespace and id of the job that it is until now.
    pub before: Option<(String, String)>,
}

pub struct JobSpec {
    pub text: String,
    pub is_json: bool,
    pub variables: BTreeMap<String, String>,
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
    let before = change["before"]["id"].as_str().map(|id| {
        let namespace = change["before"]["namespace"].as_str().filter(|text| !text.is_empty());
        (namespace.unwrap_or("default").to_owned(), id.to_owned())
    });
    let unknown = &change["after_unknown"];
    let sensitive = &change["after_sensitive"];
    PlannedJob {
        address: entry["address"].as_str().unwrap_or_default().to_owned(),
        spec: match any(&unknown["jobspec"]) || any(&unknown["json"]) || any(&unknown["hcl2"]) {
            true => None,
            false => spec(&change["after"]),
        },
        is_sensitive: any(sensitive) && (any(&sensitive["jobspec"]) || any(&sensitive["hcl2"])),
        before,
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

/// Whether a mark of Terraform's marks anything below it.
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
    fn a_job_that_is_only_deleted_or_left_is_not_registered() {
        for actions in [json!(["delete"]), json!(["no-op"]), json!(["read"]), json!(["forget"])] {
            let found = plan(actions.clone(), json!({}), json!({ "jobspec": "x" }), json!({}), json!({}));
            assert!(found.is_empty(), "{actions}");
        }
    }

    #[test]
    fn a_jobspec_is_read_with_its_variables_and_with_what_the_job_was() {
        let after = json!({ "jobspec": "job", "json": false, "hcl2": [{ "vars": { "image": "x" } }] });
        let before = json!({ "id": "web", "namespace": "" });
        let found = plan(json!(["delete", "create"]), before, after, json!({ "id": true }), json!({}));
        let spec = found[0].spec.as_ref().unwrap();
        assert_eq!((spec.text.as_str(), spec.is_json), ("job", false));
        assert_eq!(spec.variables["image"], "x");
        assert_eq!(found[0].before, Some(("default".to_owned(), "web".to_owned())));
        assert!(!found[0].is_sensitive);
    }

    #[test]
    fn what_is_known_after_apply_is_no_spec_and_a_mark_counts_wherever_it_stands() {
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
}
