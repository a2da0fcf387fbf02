//! Claims about patterns in `components`.

use eos::view;
use serde_json::{Value, json};

use crate::support::{Site, statuses};

const THING: &str = "resource \"terraform_data\" \"thing\" {}\n";

/// tenant_b needs tenant_a, and shared is no tenant.
fn site() -> Site {
    let mut site = Site::new();
    site.component("tenant_a", THING, json!({}));
    site.component("tenant_b", THING, json!({ "depends_on": ["tenant_a"] }));
    site.component("tenant_off", THING, json!({ "enabled": false }));
    site.component("shared", THING, json!({}));
    site
}

fn names(report: &Value) -> Vec<String> {
    assert_eq!(report["error"], Value::Null, "{report:#}");
    statuses(report).into_keys().collect()
}

fn refused(site: &Site, operation: &str, components: &str) -> String {
    let report = site.run(operation, json!({ "components": components }));
    assert_eq!(report["result"], false, "{report:#}");
    assert!(!site.folder.path().join("root/staging/shared").exists());
    view::text(&report, false)
}

#[test]
fn a_pattern_means_the_enabled_components_that_match_in_each_function() {
    let site = site();
    assert_eq!(names(&site.run("plan", json!({ "components": "tenant_*" }))), ["tenant_a", "tenant_b"]);
    let twice = json!({ "components": ["tenant_?", "tenant_a", "shared"] });
    assert_eq!(names(&site.run("orchestrate", twice)), ["shared", "tenant_a", "tenant_b"]);
    assert_eq!(names(&site.run("state.orchestrate", json!({ "components": "*_a" }))), ["tenant_a"]);
    for question in ["status", "outputs", "health", "drift", "sync_states"] {
        let report = site.run(question, json!({ "components": "tenant_?" }));
        assert_eq!(names(&report), ["tenant_a", "tenant_b"], "{question}");
    }
    let graph = site.run("graph", json!({ "components": "tenant_*" }));
    assert_eq!(graph["order"], json!(["tenant_a", "tenant_b"]));
    // A component that left the pillar has snapshots, and a pattern finds them.
    let mut site = site;
    site.infrastructure["components"].as_object_mut().unwrap().remove("tenant_b");
    let snapshots = site.run("snapshots", json!({ "components": "tenant_*" }));
    assert_eq!(snapshots["snapshots"].as_array().unwrap().len(), 2, "{snapshots:#}");
    let destroyed = site.run("destroy", json!({ "components": "tenant_*", "test": true }));
    assert_eq!(destroyed["error"]["code"], "still_needed", "tenant_b has to be named: {destroyed:#}");
}

#[test]
fn a_pattern_that_matches_nothing_or_is_none_is_refused_with_near_names() {
    let site = site();
    let near = refused(&site, "orchestrate", "tenent_*");
    assert!(near.contains("\"tenent_*\" matches no component; did you mean tenant_a, tenant_b?"), "{near}");
    let far = refused(&site, "plan", "xyz*");
    assert!(far.contains("there are: ") && far.contains("shared"), "{far}");
    for wrong in ["[ab]*", "Tenant_*", "../*"] {
        let text = refused(&site, "orchestrate", wrong);
        assert!(text.contains("is not a pattern"), "{text}");
    }
    // A right name beside it does not run alone.
    refused(&site, "orchestrate", "shared,tenent_*");
    let unclear = site.run("orchestrate", json!({ "components": "t*", "environment": "stagingg" }));
    assert!(view::text(&unclear, false).contains("staging"), "{unclear:#}");
}

#[test]
fn a_destroy_names_what_its_pattern_matches_before_anything() {
    let site = site();
    site.run("orchestrate", json!({}));
    let asked = view::text(&site.run("destroy", json!({ "components": "tenant_*" })), false);
    assert!(asked.contains("set confirm=staging to destroy tenant_a, tenant_b"), "{asked}");
    let done = site.run("destroy", json!({ "components": "tenant_*", "confirm": "staging" }));
    let statuses = statuses(&done);
    assert_eq!((&*statuses["tenant_a"], &*statuses["tenant_b"]), ("destroyed", "destroyed"), "{done:#}");
    assert!(!statuses.contains_key("shared"));
}

#[test]
fn the_names_of_a_pattern_in_an_order_are_dependents_first() {
    let mut site = site();
    site.run("orchestrate", json!({}));
    let report = site.run("staged_rollback", json!({ "components": "tenant_*", "test": true }));
    assert_eq!(report["error"], Value::Null, "{report:#}");
    let changed = THING.replace("{}", "{ input = 1 }");
    site.component("tenant_a", &changed, json!({}));
    site.component("tenant_b", &changed, json!({ "depends_on": ["tenant_a"] }));
    assert_eq!(site.run("orchestrate", json!({ "components": "tenant_?" }))["result"], true);
    let both = json!({ "components": "tenant_*", "order": "tenant_b,tenant_*", "test": true });
    let report = site.run("rollback", both);
    assert_eq!(report["error"], Value::Null, "{report:#}");
}
