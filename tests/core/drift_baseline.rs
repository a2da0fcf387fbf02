//! Claims about the baseline of drift: what a provider fills in after an apply, and when somebody looks.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::world::World;
use crate::support::{Site, statuses};

/// One thing that another resource of the same apply writes to: its revision in the world is 7, and 1 in the state.
fn filled(world: &World, rest: Value) -> Site {
    let things = world.path("things");
    let resources = format!(
        "variable \"body\" {{ default = \"one\" }}\n\
         resource \"world_thing\" \"plain\" {{\n  name = \"plain\"\n  body = var.body\n}}\n\
         resource \"terraform_data\" \"writer\" {{\n  triggers_replace = world_thing.plain.digest\n  \
         provisioner \"local-exec\" {{\n    command = \"sed -i 's/\\\"revision\\\": *[0-9]*/\\\"revision\\\": 7/' {}/plain-*\"\n  }}\n}}\n",
        things.display()
    );
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    site.component("web", &(world.provider("web") + &resources), rest);
    site
}

fn orchestrate(site: &Site) {
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
}

fn revise(world: &World, revision: u64) {
    world.set("plain", "revision", json!(revision));
}

fn look(site: &Site) -> Value {
    site.run("drift", json!({}))
}

/// The paths of the attributes of all changes.
fn drifted(found: &Value) -> Vec<String> {
    let changes =
        found["components"]["web"]["drift"]["changes"].as_array().unwrap_or_else(|| panic!("{found:#}"));
    let attributes = changes.iter().flat_map(|one| one["attributes"].as_array().unwrap());
    attributes.map(|one| one["path"].as_str().unwrap().to_owned()).collect()
}

fn baseline(site: &Site) -> PathBuf {
    site.folder.path().join("root/staging/.eos/components/web/baseline.json")
}

#[test]
fn what_a_provider_fills_in_is_no_drift_and_each_later_change_of_it_is() {
    let Some(world) = World::new() else { return };
    let site = filled(&world, json!({ "drift": { "baseline": true } }));
    orchestrate(&site);
    let found = look(&site);
    assert_eq!(statuses(&found)["web"], "unchanged", "{found:#}");
    assert_eq!((&found["drift_detected"], drifted(&found)), (&json!(false), Vec::new()));
    assert_eq!(found["components"]["web"]["drift"]["first_look"], Value::Null);

    // Another value, and also the value that is in the state.
    for revision in [9, 1] {
        revise(&world, revision);
        let found = look(&site);
        assert_eq!(
            (statuses(&found)["web"].as_str(), drifted(&found)),
            ("drifted", vec!["revision".to_owned()])
        );
        let change = &found["components"]["web"]["drift"]["changes"][0];
        assert_eq!(change["undone_by_a_plan"], false, "{change:#}");
        let attribute = json!({ "path": "revision", "before": "(not stored)", "after": revision });
        assert_eq!(change["attributes"], json!([attribute]));
    }
    revise(&world, 7);
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
}

#[test]
fn the_baseline_has_paths_and_keyed_digests_and_no_value() {
    let Some(world) = World::new() else { return };
    let site = filled(&world, json!({ "drift": { "baseline": true } }));
    let main = site.folder.path().join("modules/web/main.tf");
    let secret = "resource \"world_thing\" \"hidden\" {\n  name = \"hidden\"\n  secret = \"old\"\n  lifecycle {\n    \
                  ignore_changes = [secret]\n  }\n  provisioner \"local-exec\" {\n    command = \"sed -i \
                  's/\\\"old\\\"/\\\"canary-filled\\\"/' THINGS/hidden-*\"\n  }\n}\n";
    let secret = secret.replace("THINGS", &world.path("things").display().to_string());
    std::fs::write(&main, std::fs::read_to_string(&main).unwrap() + &secret).unwrap();
    orchestrate(&site);
    let text = std::fs::read_to_string(baseline(&site)).unwrap();
    assert_eq!(baseline(&site).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["resources"]["world_thing.plain"][0]["path"], json!(["revision"]), "{text}");
    assert_eq!(written["resources"]["world_thing.hidden"][0]["path"], json!(["secret"]), "{text}");
    assert!(!text.contains("canary"), "{text}");
    for spelled in ["canary-filled", "\"canary-filled\""] {
        let unkeyed: String = Sha256::digest(spelled).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!text.contains(&unkeyed), "{text}");
    }
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
}

#[test]
fn a_look_after_an_apply_costs_one_refresh_where_somebody_checks_and_nothing_elsewhere() {
    let Some(world) = World::new() else { return };
    let mut site = filled(&world, json!({}));
    site.component("built_in", "resource \"terraform_data\" \"a\" {}\n", json!({ "depends_on": ["web"] }));
    let calls = site.log_calls();
    orchestrate(&site);
    assert_eq!(calls(), ["init", "plan", "apply", "plan", "apply"], "nobody ever checked");
    assert!(!baseline(&site).exists());
    look(&site);
    calls();
    orchestrate(&site);
    assert_eq!(calls(), ["plan", "plan"], "nothing changed");
    site.infrastructure["components"]["web"]["variables"] = json!({ "body": "two" });
    site.component("built_in", "resource \"terraform_data\" \"b\" {}\n", json!({ "depends_on": ["web"] }));
    orchestrate(&site);
    let looked = ["plan", "apply", "plan", "show", "plan", "apply"];
    assert_eq!(calls(), looked, "one refresh of the component with a provider");
    // The plan that rollback makes after the apply is the look.
    site.infrastructure["components"]["web"]["variables"] = json!({ "body": "three" });
    site.infrastructure["components"]["web"]["on_failure"] = json!("rollback");
    std::fs::remove_file(baseline(&site)).unwrap();
    orchestrate(&site);
    assert_eq!(calls()[..4], ["plan", "apply", "plan", "show"]);
    assert!(baseline(&site).exists());
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
}

#[test]
fn the_first_check_accepts_and_lists_what_no_configuration_sets_and_nothing_else() {
    let Some(world) = World::new() else { return };
    let site = filled(&world, json!({}));
    let main = site.folder.path().join("modules/web/main.tf");
    let other = "resource \"world_thing\" \"other\" {\n  name = \"other\"\n  body = \"one\"\n}\n";
    std::fs::write(&main, std::fs::read_to_string(&main).unwrap() + other).unwrap();
    orchestrate(&site);
    assert!(!baseline(&site).exists());
    // The body is set by the configuration.
    world.set("other", "body", json!("by hand"));
    let found = look(&site);
    assert_eq!(
        (statuses(&found)["web"].as_str(), drifted(&found)),
        ("drifted", vec!["body".to_owned(), "digest".to_owned()])
    );
    let first = &found["components"]["web"]["drift"]["first_look"];
    assert_eq!(first[0]["address"], "world_thing.plain", "{found:#}");
    assert_eq!(first[0]["attributes"], json!([{ "path": "revision", "before": 1, "after": 7 }]));

    let id = found["components"]["web"]["drift"]["drift_id"].clone();
    let found = look(&site);
    assert_eq!(found["components"]["web"]["drift"]["first_look"], Value::Null, "{found:#}");
    assert_eq!(found["components"]["web"]["drift"]["drift_id"], id, "the same drift has the same id");
    world.set("other", "body", json!("one"));
    assert_eq!(statuses(&look(&site))["web"], "unchanged");
    revise(&world, 8);
    assert_eq!(drifted(&look(&site)), ["revision"]);
}

#[test]
fn an_apply_that_failed_half_way_looks_too() {
    let Some(world) = World::new() else { return };
    let site = filled(&world, json!({ "drift": { "baseline": true } }));
    orchestrate(&site);
    let main = site.folder.path().join("modules/web/main.tf");
    let text = std::fs::read_to_string(&main).unwrap();
    let more =
        "resource \"world_thing\" \"bad\" {\n  name = \"bad\"\n  depends_on = [terraform_data.writer]\n}\n";
    std::fs::write(&main, text.replace("default = \"one\"", "default = \"two\"") + more).unwrap();
    world.faults(&json!([{ "id": "f", "on": "create", "name": "bad", "when": "before", "do": "fail" }]));
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "failed", "{done:#}");
    world.faults(&json!([]));
    let found = look(&site);
    let first = &found["components"]["web"]["drift"]["first_look"];
    assert_eq!((&found["drift_detected"], first), (&json!(false), &Value::Null), "{found:#}");
}

#[test]
fn a_first_look_says_if_another_host_has_applied() {
    let Some(world) = World::new() else { return };
    let site = filled(&world, json!({}));
    orchestrate(&site);
    let path = baseline(&site).with_file_name("record.json");
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    record["host"] = json!("another");
    std::fs::write(&path, record.to_string()).unwrap();
    let found = look(&site)["components"]["web"].clone();
    assert!(found["drift"]["first_look"].is_array(), "{found:#}");
    let notes = found["notes"].to_string();
    assert!(notes.contains("first look on this host: the last run was on another"), "{notes}");
}
