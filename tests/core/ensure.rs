//! Claims about `ensure_infrastructure`: if nothing changed, it starts no process; otherwise it is a run.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::http_backend::HttpBackend;
use crate::support::script::executable;

const NET: &str = r#"
variable "cidr" { default = "one" }
resource "terraform_data" "net" { input = var.cidr }
output "cidr" { value = terraform_data.net.output }
"#;

/// A site that logs one line for each start of terraform, also for `version`.
fn site() -> Site {
    let mut site = Site::new();
    let log = site.folder.path().join("calls");
    let wrapper = site.folder.path().join("terraform");
    let script = format!("#!/bin/sh\necho \"$1\" >>'{}'\nexec terraform \"$@\"\n", log.display());
    executable(&wrapper, &script);
    site.infrastructure["settings"]["terraform"] = json!({ "binary": wrapper });
    site.component("net", NET, json!({}));
    site
}

fn ensure(site: &Site, arguments: Value) -> Value {
    let mut call = json!({ "component": "net" });
    call.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    site.run("module.ensure_infrastructure", call)
}

/// The number of terraforms that `work` starts.
fn started(site: &Site, work: impl FnOnce(&Site)) -> usize {
    let log = site.folder.path().join("calls");
    let count = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
    let before = count();
    work(site);
    count() - before
}

fn is_quiet(site: &Site, arguments: Value) -> bool {
    started(site, |site| {
        let answer = ensure(site, arguments);
        assert_eq!((&answer["result"], &answer["changes"]), (&json!(true), &json!({})), "{answer:#}");
    }) == 0
}

/// Applies, and checks that the next call starts nothing.
fn settled(site: &Site) {
    let answer = ensure(site, json!({}));
    assert_eq!(answer["result"], true, "{answer:#}");
    assert!(is_quiet(site, json!({})));
}

fn control(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos/components/net")
}

#[test]
fn an_unchanged_component_starts_no_terraform_and_leaves_no_run() {
    let site = site();
    let first = ensure(&site, json!({}));
    assert_eq!(first["result"], true, "{first:#}");
    assert_eq!(first["changes"]["terraform_data.net"]["actions"], "create", "{first:#}");
    let runs = || std::fs::read_dir(site.folder.path().join("root/staging/.eos/runs")).unwrap().count();
    let before = runs();
    assert_eq!(
        started(&site, |site| {
            let again = ensure(site, json!({}));
            assert_eq!(again["reason"], "same_fingerprint", "{again:#}");
        }),
        0
    );
    assert!(is_quiet(&site, json!({ "test": true })));
    assert_eq!(runs(), before);
}

#[test]
fn a_run_of_another_kind_that_changes_nothing_does_not_disturb_it() {
    let site = site();
    settled(&site);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert!(is_quiet(&site, json!({})));
}

#[test]
fn a_different_desired_state_is_applied_and_then_recorded() {
    let site = site();
    settled(&site);
    let desired = json!({ "desired_state": { "cidr": "two" } });
    let answer = ensure(&site, desired.clone());
    assert_eq!(answer["changes"]["terraform_data.net"]["actions"], "update", "{answer:#}");
    assert!(is_quiet(&site, desired));
    let back = ensure(&site, json!({}));
    assert_eq!(back["changes"]["terraform_data.net"]["actions"], "update", "{back:#}");
}

#[test]
fn a_change_of_any_input_of_a_plan_is_noticed() {
    let mut site = site();
    site.component("zone", "output \"id\" { value = \"a\" }\n", json!({}));
    let secret = site.folder.path().join("secret");
    std::fs::write(&secret, "one").unwrap();
    let main = format!("{NET}variable \"id\" {{}}\nvariable \"key\" {{\n  sensitive = true\n}}\n");
    let rest = json!({ "from_outputs": { "id": "zone.id" }, "secrets": { "key": format!("file:{}", secret.display()) } });
    site.component("net", &main, rest.clone());
    site.run("orchestrate", json!({}));
    settled(&site);
    let noticed = |site: &Site, what: &str| {
        assert!(started(site, |site| drop(ensure(site, json!({})))) > 0, "{what} is not noticed");
        assert!(is_quiet(site, json!({})), "{what} is not remembered");
    };
    std::fs::write(&secret, "two").unwrap();
    noticed(&site, "a secret");
    site.component("net", &format!("{main}# More.\n"), rest);
    noticed(&site, "the module");
    site.infrastructure["components"]["net"]["variables"] = json!({ "cidr": "one" });
    noticed(&site, "a variable of the pillar");
    site.infrastructure["environments"]["staging"]["settings"] = json!({ "parallelism": 2 });
    noticed(&site, "a setting of the environment");
    site.component("zone", "output \"id\" { value = \"b\" }\n", json!({}));
    site.run("orchestrate", json!({ "components": "zone" }));
    noticed(&site, "an output that it reads");
    let wrapper = site.folder.path().join("terraform");
    let script = std::fs::read_to_string(&wrapper).unwrap();
    std::fs::write(&wrapper, format!("{script}# Another.\n")).unwrap();
    noticed(&site, "another terraform");
    let text = std::fs::read_to_string(control(&site).join("ensured.json")).unwrap();
    assert!(!text.contains("two"), "{text}");
}

#[test]
fn a_state_changed_or_lost_by_others_is_noticed() {
    let mut site = site();
    settled(&site);
    site.infrastructure["components"]["net"]["variables"] = json!({ "cidr": "two" });
    site.run("orchestrate", json!({}));
    site.infrastructure["components"]["net"]["variables"] = json!(null);
    let back = ensure(&site, json!({}));
    assert_eq!(back["changes"]["terraform_data.net"]["actions"], "update", "{back:#}");
    assert!(is_quiet(&site, json!({})));
    std::fs::remove_file(site.workdir("net").join("terraform.tfstate")).unwrap();
    let lost = ensure(&site, json!({}));
    assert_eq!(lost["error"]["code"], "state_empty", "{lost:#}");
}

#[test]
fn failed_and_interrupted_components_run_again() {
    let mut site = site();
    settled(&site);
    let applying = control(&site).join("applying.json");
    std::fs::write(&applying, r#"{"run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#).unwrap();
    assert!(started(&site, |site| drop(ensure(site, json!({})))) > 0);
    assert!(!applying.exists());
    let failing = "resource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}\n";
    site.component("net", &format!("{NET}{failing}"), json!({}));
    for _ in 0..2 {
        assert!(
            started(&site, |site| {
                let failed = ensure(site, json!({}));
                assert_eq!((&failed["result"], &failed["retcode"]), (&json!(false), &json!(1)), "{failed:#}");
                assert_eq!(failed["changes"], json!({}));
            }) > 0
        );
    }
}

#[test]
fn refresh_reads_the_real_resources_and_a_test_changes_nothing() {
    let site = site();
    settled(&site);
    assert!(!is_quiet(&site, json!({ "refresh": true })));
    let desired = json!({ "desired_state": { "cidr": "two" }, "test": true });
    let state = std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap();
    let tested = ensure(&site, desired);
    assert!(tested["result"].is_null(), "{tested:#}");
    assert_eq!(tested["changes"]["terraform_data.net"]["input"], json!({ "old": "one", "new": "two" }));
    assert_eq!(std::fs::read(site.workdir("net").join("terraform.tfstate")).unwrap(), state);
    assert!(is_quiet(&site, json!({})));
}

#[test]
fn the_record_is_trusted_for_a_remote_state() {
    let backend = HttpBackend::new();
    let mut site = site();
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": backend.url() });
    settled(&site);
}

#[test]
fn a_plan_stopped_by_policy_is_not_applied_and_names_the_approval_command() {
    let mut site = site();
    settled(&site);
    site.component("net", "", json!({}));
    let blocked = ensure(&site, json!({}));
    assert_eq!((&blocked["result"], &blocked["status"]), (&json!(false), &json!("blocked")), "{blocked:#}");
    assert!(blocked["error"]["remedy"].as_str().unwrap().contains("infrastructure.approve"), "{blocked:#}");
    assert!(started(&site, |site| drop(ensure(site, json!({})))) > 0);
}

#[test]
fn a_wrong_call_of_ensure_is_refused_like_any_other() {
    let mut site = site();
    settled(&site);
    for arguments in [
        json!({ "desired_state": "two" }),
        json!({ "desired_state": { "nothing": 1 } }),
        json!({ "refresh": "maybe" }),
        json!({ "unknown": 1 }),
        json!({ "component": "other" }),
        json!({ "environment": "nowhere" }),
    ] {
        let refused = ensure(&site, arguments.clone());
        assert_eq!(
            (&refused["result"], &refused["retcode"]),
            (&json!(false), &json!(1)),
            "{arguments} {refused:#}"
        );
        assert_eq!(refused["error"]["code"], "invalid", "{arguments} {refused:#}");
    }
    site.infrastructure["components"]["net"]["enabled"] = json!(false);
    assert_eq!(ensure(&site, json!({}))["result"], false);
}
