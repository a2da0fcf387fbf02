//! The attributes of a changed `nomad_job` that a person decides, apart from those that Nomad and its provider compute.

use serde_json::Value;

use super::quote::line;
use crate::count::counted;

/// The arguments of the resource. Everything else is computed.
const ARGUMENTS: [&str; 14] = [
    "consul_token",
    "deregister_on_destroy",
    "deregister_on_id_change",
    "detach",
    "hcl1",
    "hcl2",
    "jobspec",
    "json",
    "policy_override",
    "preserve_counts",
    "purge_on_destroy",
    "read_allocation_ids",
    "rerun_if_dead",
    "vault_token",
];

/// The attributes to draw, and one line about the others. If only computed ones differ, all are drawn.
pub fn folded<'a>(change: &'a Value, indent: &str) -> (Vec<&'a Value>, String) {
    let all: Vec<_> = change["attributes"].as_array().into_iter().flatten().collect();
    let is_drawn = |attribute: &&Value| {
        let name = attribute["path"].as_str().unwrap_or_default();
        let name = name.split(['.', '[']).next().unwrap_or_default();
        attribute["replaces"] == true || ARGUMENTS.contains(&name)
    };
    let (drawn, computed): (Vec<_>, Vec<_>) = all.iter().copied().partition(is_drawn);
    if change["type"] != "nomad_job" || drawn.is_empty() || computed.is_empty() {
        return (all, String::new());
    }
    let names: Vec<_> = computed.iter().map(|one| line(&one["path"])).collect();
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 3 { ", …" } else { "" };
    let said = format!("{indent}{} of Nomad's: {shown}{more}\n", counted(names.len(), "computed value"));
    (drawn, said)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::folded;

    fn change(kind: &str, paths: &[&str]) -> Value {
        let attribute = |path: &&str| json!({ "path": path, "before": 1, "after": "(known after apply)" });
        json!({ "type": kind, "attributes": paths.iter().map(attribute).collect::<Vec<_>>() })
    }

    fn drawn(change: &Value) -> (Vec<String>, String) {
        let (drawn, line) = folded(change, "  ");
        (drawn.iter().map(|one| one["path"].as_str().unwrap().to_owned()).collect(), line)
    }

    #[test]
    fn what_nomad_computes_is_one_line_beside_what_a_person_has_changed() {
        let all = ["allocation_ids", "hcl2[0].vars", "jobspec", "modify_index", "region", "status"];
        let (shown, line) = drawn(&change("nomad_job", &all));
        assert_eq!(shown, ["hcl2[0].vars", "jobspec"]);
        assert_eq!(line, "  4 computed values of Nomad's: allocation_ids, modify_index, region, …\n");
        // A stopped job differs only in its status.
        assert_eq!(drawn(&change("nomad_job", &["status"])), (vec!["status".to_owned()], String::new()));
        assert_eq!(drawn(&change("other", &all)).0, all);
        let mut replaced = change("nomad_job", &["jobspec", "namespace"]);
        replaced["attributes"][1]["replaces"] = json!(true);
        assert_eq!(drawn(&replaced), (vec!["jobspec".to_owned(), "namespace".to_owned()], String::new()));
    }
}
