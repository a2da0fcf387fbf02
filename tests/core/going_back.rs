//! A rollback that a person requests goes back once and stays back.

use eos::view;
use serde_json::{Value, json};

use crate::support::{Site, statuses};

/// Applies a version of component `c`. A bad one fails halfway: its first resource is created.
fn version(site: &mut Site, text: &str) -> Value {
    let fails = text.ends_with("breaks");
    let bad = "resource \"terraform_data\" \"bad\" {\n  depends_on = [terraform_data.a]\n  \
               provisioner \"local-exec\" { command = \"exit 3\" }\n}\n";
    let module = format!(
        "resource \"terraform_data\" \"a\" {{ input = \"{text}\" }}\n{}output \"text\" {{ value = terraform_data.a.output }}\n",
        if fails { bad } else { "" }
    );
    site.component("c", &module, json!({}));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["result"], !fails, "{report:#}");
    report
}

fn site() -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    site
}

fn text(site: &Site) -> Value {
    site.run("outputs", json!({}))["outputs"]["c"]["text"].clone()
}

/// Both functions, and what the component says afterwards. Each changes nothing the second time.
fn goes_back(site: &Site, to: &str) {
    let back = site.run("staged_rollback", json!({ "components": ["c"], "preserve_data": true }));
    assert_eq!((back["result"].clone(), back["retcode"].clone()), (json!(true), json!(0)), "{back:#}");
    assert_eq!(text(site), to);
    stays_back(site, to);
}

fn stays_back(site: &Site, to: &str) {
    for operation in ["staged_rollback", "rollback", "staged_rollback"] {
        let again = site.run(operation, json!({ "components": "c" }));
        assert_eq!(again["result"], true, "{again:#}");
        assert_eq!(again["retcode"], 0, "{again:#}");
        assert_eq!(statuses(&again)["c"], "unchanged", "{again:#}");
        assert_eq!(text(site), to);
    }
}

fn record(site: &Site) -> std::path::PathBuf {
    site.folder.path().join("root/staging/.eos/components/c/record.json")
}

/// Makes the record as version 0.2.0 wrote it.
fn of_an_earlier_version(site: &Site) {
    let mut text: Value = serde_json::from_slice(&std::fs::read(record(site)).unwrap()).unwrap();
    for key in ["previous", "back"] {
        text.as_object_mut().unwrap().remove(key);
    }
    std::fs::write(record(site), text.to_string()).unwrap();
}

#[test]
fn a_second_rollback_changes_nothing_until_another_version_is_applied() {
    let mut site = site();
    version(&mut site, "v1");
    version(&mut site, "v2-bad");
    goes_back(&site, "v1");
    // The pillar still describes the bad version, and somebody applies it again.
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    assert_eq!(text(&site), "v2-bad");
    goes_back(&site, "v1");
    version(&mut site, "v1");
    stays_back(&site, "v1");
    version(&mut site, "v3");
    goes_back(&site, "v1");
}

#[test]
fn a_rollback_names_the_snapshot_that_it_goes_back_to_in_its_report_its_text_and_later() {
    let mut site = site();
    version(&mut site, "v1");
    version(&mut site, "v2-bad");
    let snapshots = site.run("snapshots", json!({}));
    let newest = &snapshots["snapshots"][0];
    let named = json!({
        "configuration": newest["configuration"], "snapshot_id": newest["snapshot_id"], "time": newest["time"],
    });
    let id = newest["snapshot_id"].as_str().unwrap();
    for (test, words) in [(true, "it would go back to"), (false, "it is back at")] {
        let back = site.run("rollback", json!({ "components": "c", "test": test }));
        assert_eq!(back["components"]["c"]["rolled_back_to"], named, "{back:#}");
        let later = site.run("show", json!({ "run_id": back["run_id"] }));
        for text in [view::text(&back, false), view::text(&later, false)] {
            assert!(text.contains(words) && text.contains(&format!("of snapshot {id} (")), "{text}");
        }
    }
    // The one that the call names, and not a newer one with the same configuration.
    let again = site.run("rollback", json!({ "components": "c", "snapshot_id": id }));
    assert_eq!(again["components"]["c"]["rolled_back_to"], named, "{again:#}");
}

#[test]
fn a_rollback_skips_versions_that_failed() {
    let mut site = site();
    version(&mut site, "v1");
    version(&mut site, "v2 breaks");
    version(&mut site, "v3 breaks");
    goes_back(&site, "v1");
    version(&mut site, "v4");
    version(&mut site, "v5");
    goes_back(&site, "v4");
}

#[test]
fn a_rollback_that_failed_halfway_has_the_same_goal_again() {
    let mut site = site();
    let mark = site.folder.path().join("mark");
    let a = |text: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{ input = \"{text}\" }}\n\
             output \"text\" {{ value = terraform_data.a.output }}\n"
        )
    };
    let b = format!(
        "resource \"terraform_data\" \"b\" {{\n  depends_on = [terraform_data.a]\n  \
         provisioner \"local-exec\" {{ command = \"test ! -e {}\" }}\n}}\n",
        mark.display()
    );
    site.component("c", &(a("v1") + &b), json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    site.component("c", &a("v2-bad"), json!({}));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    // The rollback has to create b again, and cannot.
    std::fs::write(&mark, "").unwrap();
    for _ in 0..2 {
        let failed = site.run("staged_rollback", json!({ "components": "c" }));
        assert_eq!(statuses(&failed)["c"], "failed", "{failed:#}");
        assert_eq!(text(&site), "v1");
    }
    std::fs::remove_file(&mark).unwrap();
    goes_back(&site, "v1");
}

#[test]
fn after_a_rollback_to_a_snapshot_the_staged_one_changes_nothing() {
    let mut site = site();
    version(&mut site, "v1");
    version(&mut site, "v2");
    let third = version(&mut site, "v3");
    let second = third["components"]["c"]["snapshot_id"].clone();
    let back = site.run("rollback", json!({ "components": "c", "snapshot_id": second }));
    assert_eq!(back["result"], true, "{back:#}");
    stays_back(&site, "v2");
}

#[test]
fn after_an_automatic_rollback_the_staged_one_changes_nothing() {
    let mut site = site();
    site.infrastructure["settings"]["on_failure"] = json!("rollback");
    version(&mut site, "v1");
    version(&mut site, "v2");
    version(&mut site, "v3 breaks");
    stays_back(&site, "v2");
}

#[test]
fn a_record_of_an_earlier_version_goes_back_once_too() {
    let mut site = site();
    version(&mut site, "v1");
    version(&mut site, "v2");
    of_an_earlier_version(&site);
    goes_back(&site, "v1");
    of_an_earlier_version(&site);
    stays_back(&site, "v1");
}

#[test]
fn a_first_version_is_taken_down_only_by_the_staged_rollback_and_only_once() {
    let mut site = site();
    version(&mut site, "v1");
    let plain = site.run("rollback", json!({ "components": "c" }));
    assert_eq!(plain["error"]["code"], "no_earlier_configuration", "{plain:#}");
    // Policy does not allow to destroy, and nobody confirmed it.
    site.infrastructure["settings"]["policy"] = json!({});
    let refused = site.run("staged_rollback", json!({ "components": "c" }));
    assert_eq!(refused["components"]["c"]["reason"], "destroys", "{refused:#}");
    let remedy = refused["components"]["c"]["error"]["remedy"].as_str().unwrap();
    assert!(remedy.starts_with("to take it down, add confirm=staging"), "{remedy}");
    let shown = site.run("staged_rollback", json!({ "components": "c", "test": true }));
    assert_eq!(statuses(&shown)["c"], "planned", "{shown:#}");
    let confirmed = json!({ "components": "c", "confirm": "staging" });
    assert_eq!(statuses(&site.run("staged_rollback", confirmed.clone()))["c"], "destroyed");
    let again = site.run("staged_rollback", confirmed);
    assert_eq!((statuses(&again)["c"].as_str(), &again["retcode"]), ("unchanged", &json!(0)), "{again:#}");
}

#[test]
fn without_knowledge_of_earlier_versions_nothing_is_taken_down() {
    let mut site = site();
    version(&mut site, "v1");
    of_an_earlier_version(&site);
    // As on another host that shares the record.
    std::fs::remove_dir_all(record(&site).with_file_name("snapshots")).unwrap();
    let unknown = site.run("staged_rollback", json!({ "components": "c", "confirm": "staging" }));
    assert_eq!(unknown["error"]["code"], "no_earlier_configuration", "{unknown:#}");
    assert_eq!(text(&site), "v1");
}
