//! Destroys that keep data, and destroys that would take it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Site, statuses};

/// Resources named after their types, each with what it needs.
fn module(resources: &[(&str, &str)]) -> String {
    let resource = |(name, needs): &(&str, &str)| {
        format!("resource \"terraform_data\" \"{name}\" {{\n  input = [{needs}]\n}}\n")
    };
    let all: String = resources.iter().map(resource).collect();
    let first = resources[0].0;
    format!(
        "{all}variable \"given\" {{\n  default = null\n}}\noutput \"id\" {{ value = terraform_data.{first}.id }}\n"
    )
}

/// `app` reads `db`, which holds data and reads `net`. `backup` comes after all of them, and holds data too.
fn site() -> Site {
    let mut site = Site::new();
    site.component("net", &module(&[("subnet", "var.given")]), json!({}));
    let db = module(&[
        ("volume", "var.given"),
        ("dump", "terraform_data.volume.id"),
        ("proxy", "terraform_data.dump.id"),
    ]);
    let data = json!({ "data": ["terraform_data.dump"], "from_outputs": { "given": "net.id" } });
    site.component("db", &db, data);
    site.component(
        "app",
        &module(&[("server", "var.given")]),
        json!({ "from_outputs": { "given": "db.id" } }),
    );
    let backup = json!({ "policy": { "protect": ["terraform_data.vault"] }, "depends_on": ["*"] });
    site.component("backup", &module(&[("job", ""), ("vault", "")]), backup);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site
}

/// The addresses in a component's state.
fn left(site: &Site, component: &str) -> BTreeSet<String> {
    let state = std::fs::read(site.workdir(component).join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let resources = state["resources"].as_array().unwrap();
    resources.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn is(statuses: std::collections::BTreeMap<String, String>, expected: [(&str, &str); 4]) {
    let expected = expected.map(|(name, status)| (name.to_owned(), status.to_owned()));
    assert_eq!(statuses, expected.into_iter().collect());
}

fn id(site: &Site) -> Value {
    site.run("outputs", json!({}))["outputs"]["db"]["id"].clone()
}

/// The documents' example: everything goes but the data and what it needs.
fn taken_down(report: &Value, site: &Site) {
    assert_eq!((&report["result"], &report["retcode"]), (&json!(true), &json!(0)), "{report:#}");
    is(
        statuses(report),
        [("app", "destroyed"), ("backup", "data_kept"), ("db", "data_kept"), ("net", "unchanged")],
    );
    assert_eq!(report["components"]["net"]["reason"], "needed_by_data", "{report:#}");
    assert_eq!(
        report["components"]["db"]["kept"],
        json!([
            { "address": "terraform_data.dump", "type": "terraform_data", "because": "data" },
            {
                "address": "terraform_data.volume", "type": "terraform_data",
                "because": "needed_by", "needed_by": "terraform_data.dump",
            },
        ])
    );
    assert_eq!(report["components"]["backup"]["kept"][0]["because"], "protect");
    let notes = report["components"]["db"]["notes"].to_string();
    assert!(notes.contains("kept, because it holds data: terraform_data.dump"), "{notes}");
    assert_eq!(left(site, "db"), names(&["dump", "volume"]));
    assert_eq!(left(site, "backup"), names(&["vault"]));
    assert_eq!(left(site, "net"), names(&["subnet"]));
    assert_eq!(left(site, "app"), names(&[]));
}

#[test]
fn a_destroy_that_keeps_data_takes_the_rest_and_the_next_run_brings_it_back() {
    let site = site();
    let before = id(&site);
    let asked = json!({ "confirm": "staging", "preserve_data": true });
    let shown = site.run("destroy", json!({ "preserve_data": true, "test": true }));
    assert_eq!(shown["components"]["db"]["changes"]["remove"], 1, "{shown:#}");
    assert_eq!(left(&site, "db"), names(&["dump", "proxy", "volume"]));
    taken_down(&site.run("destroy", asked.clone()), &site);
    // A value of a resource that is gone is no value.
    assert_eq!(id(&site), Value::Null);
    let again = site.run("destroy", asked);
    is(
        statuses(&again),
        [("app", "unchanged"), ("backup", "unchanged"), ("db", "unchanged"), ("net", "unchanged")],
    );
    assert_eq!(again["components"]["db"]["reason"], "data_kept", "{again:#}");
    assert_eq!(site.run("drift", json!({ "components": "db" }))["components"]["db"]["status"], "absent");
    let up = site.run("orchestrate", json!({ "test": true }));
    let counts = &up["components"]["db"]["changes"];
    assert_eq!(["add", "change", "remove"].map(|key| counts[key].clone()), [1, 0, 0], "{up:#}");
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(left(&site, "db"), names(&["dump", "proxy", "volume"]));
    assert_eq!(id(&site), before, "the data is the same as before");
}

#[test]
fn a_staged_rollback_of_a_first_deployment_takes_it_down_and_keeps_its_data() {
    let site = site();
    let asked = json!({
        "components": ["backup", "app", "db", "net"], "preserve_data": true, "confirm": "staging",
    });
    taken_down(&site.run("staged_rollback", asked.clone()), &site);
    let again = site.run("staged_rollback", asked);
    assert_eq!(again["retcode"], 0, "{again:#}");
    assert!(statuses(&again).values().all(|status| status == "unchanged"), "{again:#}");
    assert_eq!(left(&site, "db"), names(&["dump", "volume"]));
}

#[test]
fn a_destroy_that_would_take_data_says_so_and_waits_for_an_approval() {
    let mut site = site();
    site.infrastructure["components"]["backup"]["policy"] = json!({});
    let stopped = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(stopped["retcode"], 1, "{stopped:#}");
    is(
        statuses(&stopped),
        [("app", "planned"), ("backup", "planned"), ("db", "blocked"), ("net", "planned")],
    );
    let error = &stopped["components"]["db"]["error"];
    assert_eq!(error["code"], "takes_data", "{stopped:#}");
    assert!(error["message"].as_str().unwrap().contains("terraform_data.dump"), "{error:#}");
    assert!(stopped["components"]["app"]["notes"].to_string().contains("the data of db"), "{stopped:#}");
    let all = |site: &Site| ["app", "backup", "db", "net"].map(|name| left(site, name).len());
    assert_eq!(all(&site), [1, 2, 3, 1], "nothing was destroyed");
    let plan_id = json!({ "plan_id": stopped["plan_id"] });
    // Without the approval, nothing of the plan is applied.
    let waits = site.run("apply", plan_id.clone());
    assert_eq!(statuses(&waits)["db"], "blocked", "{waits:#}");
    assert_eq!(all(&site), [1, 2, 3, 1], "{waits:#}");
    assert_eq!(site.run("approve", plan_id.clone())["result"], true);
    let gone = site.run("apply", plan_id);
    assert_eq!(gone["result"], true, "{gone:#}");
    assert_eq!(all(&site), [0, 0, 0, 0]);
}

#[test]
fn policy_may_allow_to_take_data_without_an_approval() {
    let mut site = site();
    site.infrastructure["settings"]["policy"] = json!({ "data": "allow" });
    site.infrastructure["components"]["backup"]["policy"] = json!({});
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    assert!(statuses(&gone).values().all(|status| status == "destroyed"), "{gone:#}");
    site.infrastructure["settings"]["policy"] = json!({ "data": "keep" });
    let wrong = site.run("validate", json!({}));
    assert!(wrong["error"].to_string().contains("must be one of: ask, allow"), "{wrong:#}");
}

#[test]
fn a_resource_that_terraform_must_not_destroy_does_not_stop_what_may_go() {
    let mut site = Site::new();
    let guarded = "resource \"terraform_data\" \"d\" {\n  lifecycle { prevent_destroy = true }\n}\n\
                   resource \"terraform_data\" \"x\" {}\n";
    site.component("c", guarded, json!({ "data": ["terraform_data.d"] }));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let kept = site.run("destroy", json!({ "confirm": "staging", "preserve_data": true }));
    assert_eq!(statuses(&kept)["c"], "data_kept", "{kept:#}");
    assert_eq!(left(&site, "c"), names(&["d"]));
}

#[test]
fn a_destroy_that_keeps_data_still_keeps_it_when_it_is_resumed() {
    let mut site = Site::new();
    let fails = "resource \"terraform_data\" \"d\" {}\nresource \"terraform_data\" \"x\" {\n  \
                 provisioner \"local-exec\" {\n    when = destroy\n    command = \"test -e ${path.cwd}/go\"\n  }\n}\n";
    site.component("c", fails, json!({ "data": ["terraform_data.d"] }));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    let failed = site.run("destroy", json!({ "confirm": "staging", "preserve_data": true }));
    assert_eq!(statuses(&failed)["c"], "failed", "{failed:#}");
    std::fs::write(site.workdir("c").join("module/go"), "").unwrap();
    let resumed = site.run("resume", json!({ "environment": "staging" }));
    assert_eq!(statuses(&resumed)["c"], "data_kept", "{resumed:#}");
    assert_eq!(left(&site, "c"), names(&["d"]));
}
