//! A version that failed, from one run to the next.

use serde_json::{Value, json};

use super::components::{Scene, gate, message, web};
use super::servers::{Job, eventually};
use crate::support::statuses;

/// A scene whose job `name` runs, and a version of the job that ends at once.
fn scene(name: &str, rest: &Value) -> Option<(Scene, Job, Job)> {
    begun(Scene::new()?, name, rest)
}

fn begun(mut scene: Scene, name: &str, rest: &Value) -> Option<(Scene, Job, Job)> {
    let good = Job { update: "auto_revert = true".to_owned(), ..Job::new(name) };
    let bad = Job { config: "run_for = \"1ms\"\n exit_code = 3".to_owned(), proof: "20s", ..good.clone() };
    scene.component(&good, "", rest.clone());
    assert_eq!(statuses(&scene.run())["web"], "applied");
    Some((scene, good, bad))
}

fn outcome(report: &Value) -> (String, String) {
    let text = |key: &str| web(report)[key].as_str().unwrap().to_owned();
    (text("status"), text("reason"))
}

fn is(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

fn version(scene: &Scene, job: &str) -> u64 {
    scene.pair.job(job).unwrap()["Version"].as_u64().unwrap()
}

#[test]
fn a_failed_version_waits_for_a_person_and_every_operation_says_so() {
    let rest = json!({ "health": gate("waits") });
    let Some((mut scene, _, bad)) = scene("waits", &rest) else { return };
    scene.site.component("after", "output \"x\" { value = 1 }", json!({ "depends_on": ["web"] }));
    scene.component(&bad, "", rest.clone());
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
    let failed = version(&scene, "waits");

    let again = scene.run();
    assert_eq!(outcome(&again), is("blocked", "failed_version"), "{again:#}");
    assert_eq!((&again["retcode"], statuses(&again)["after"].as_str()), (&json!(1), "skipped"), "{again:#}");
    let said = message(&again);
    assert!(said.starts_with("failed version, waits for a person: "), "{said}");
    assert!(said.contains("rolling back to job version 0"), "{said}");
    let remedy = web(&again)["error"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("infrastructure.orchestrate staging components=web retry=True"), "{remedy}");

    let test = scene.site.run("orchestrate", json!({ "test": true }));
    assert_eq!(outcome(&test), is("blocked", "failed_version"), "{test:#}");
    let state = scene.site.run("state.apply", json!({ "component": "web" }));
    assert_eq!(outcome(&state), is("blocked", "failed_version"), "{state:#}");
    let drift = scene.site.run("drift", json!({}));
    assert!(web(&drift)["notes"].to_string().contains("failed version, waits for a person"), "{drift:#}");
    // A remediation of this drift would register the version again.
    let right = json!({ "component": "web", "drift_id": web(&drift)["drift"]["drift_id"] });
    assert_eq!(outcome(&scene.site.run("remediate", right)), is("blocked", "failed_version"));
    assert_eq!(version(&scene, "waits"), failed, "none of these has registered it");

    let plan = scene.site.run("plan", json!({ "components": ["web"] }));
    assert_eq!(outcome(&plan).0, "planned", "{plan:#}");
    assert!(web(&plan)["notes"].to_string().contains("failed version, waits for a person"), "{plan:#}");
    let applied = scene.site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(outcome(&applied), is("failed", "deployment_failed"), "{applied:#}");
    assert!(version(&scene, "waits") > failed, "a person who applies a plan of it gets another try");

    let failed = version(&scene, "waits");
    let retried = scene.site.run("orchestrate", json!({ "components": ["web"], "retry": true }));
    assert_eq!(outcome(&retried), is("failed", "deployment_failed"), "{retried:#}");
    assert!(version(&scene, "waits") > failed);
    assert_eq!(outcome(&scene.run()), is("blocked", "failed_version"));

    // Another version is applied without `retry`, also if only its inputs changed.
    scene.component(&Job { memory: 12, ..bad }, "", rest);
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
}

#[test]
fn a_version_that_nomad_reverted_has_failed_although_nomad_removed_its_deployment() {
    let rest = json!({ "health": gate("collected") });
    let Some(alone) = Scene::alone() else { return };
    let Some((mut scene, good, bad)) = begun(alone, "collected", &rest) else { return };
    scene.component(&bad, "", rest.clone());
    let collect = || {
        let deployments = || scene.pair.nomad.get("/v1/job/collected/deployments").unwrap();
        let is = |version: u64, status: &str| {
            let found = |one: &Value| one["JobVersion"] == version && one["Status"] == status;
            deployments().as_array().unwrap().iter().any(found)
        };
        eventually("Nomad goes back", || is(1, "failed"));
        assert_eq!(scene.pair.nomad.call("PUT", "/v1/system/gc", "").0, 200);
        eventually("its deployment is removed", || !is(1, "failed"));
    };
    let report = std::thread::scope(|threads| {
        let collecting = threads.spawn(collect);
        let report = scene.run();
        collecting.join().unwrap();
        report
    });
    assert_eq!(outcome(&report), is("failed", "deployment_failed"), "{report:#}");
    assert!(message(&report).contains("the previous version runs again"), "{report:#}");
    assert_eq!(version(&scene, "collected"), 2);
    let health = scene.site.run("health", json!({}));
    assert_eq!(health["result"], false, "who asks afresh is told the same: {health:#}");
    assert!(health.to_string().contains("went back to version 0"), "{health:#}");
    assert_eq!(outcome(&scene.run()), is("blocked", "failed_version"));
    assert_eq!(version(&scene, "collected"), 2, "it is not registered again");
    scene.component(&good, "", rest);
    assert_eq!(outcome(&scene.run()), is("unchanged", ""));
}

#[test]
fn with_the_serving_version_in_the_pillar_again_a_component_is_healthy_and_without_drift() {
    let rest = json!({ "health": gate("back-to-good") });
    let Some((mut scene, good, bad)) = scene("back-to-good", &rest) else { return };
    scene.component(&bad, "", rest.clone());
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
    scene.component(&good, "", rest.clone());
    for _ in 0..2 {
        let report = scene.run();
        assert_eq!(outcome(&report), is("unchanged", ""), "{report:#}");
        assert_eq!(report["retcode"], 0);
    }
    let health = scene.site.run("health", json!({}));
    assert_eq!(health["result"], true, "{health:#}");
    let drift = scene.site.run("drift", json!({}));
    assert_eq!(web(&drift)["status"], "unchanged", "{drift:#}");
    // The pillar has changed twice since then, so this counts as another attempt.
    scene.component(&bad, "", rest);
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
}

#[test]
fn a_version_undone_by_a_rollback_waits_for_a_person_too() {
    let rest = json!({ "health": gate("taken-back"), "on_failure": "rollback" });
    let Some((mut scene, _, bad)) = scene("taken-back", &rest) else { return };
    scene.component(&bad, "", rest);
    assert_eq!(outcome(&scene.run()).0, "rolled_back");
    let now = version(&scene, "taken-back");
    let health = scene.site.run("health", json!({}));
    assert_eq!(health["result"], true, "what serves is what was put back: {health:#}");
    assert_eq!(outcome(&scene.run()), is("blocked", "failed_version"));
    assert_eq!(version(&scene, "taken-back"), now);
}

#[test]
fn a_failed_first_version_waits_for_a_person_also_if_the_provider_monitored_it() {
    let Some(mut scene) = Scene::new() else { return };
    let bad =
        Job { config: "run_for = \"1ms\"\n exit_code = 3".to_owned(), proof: "20s", ..Job::new("never-ran") };
    // The job is tainted, and a plan would create it again.
    scene.component_with(&bad, "detach = false", "", json!({}));
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
    assert_eq!(outcome(&scene.run()), is("blocked", "failed_version"));
    let retried = scene.site.run("orchestrate", json!({ "retry": true }));
    assert_eq!(outcome(&retried), is("failed", "deployment_failed"), "{retried:#}");
}

#[test]
fn a_failed_version_that_is_registered_is_replaced_by_a_retry() {
    let rest = json!({ "health": gate("in-place") });
    let Some(mut scene) = Scene::new() else { return };
    let bad =
        Job { config: "run_for = \"1ms\"\n exit_code = 3".to_owned(), proof: "20s", ..Job::new("in-place") };
    scene.component(&bad, "", rest);
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
    let before = scene.pair.job("in-place").unwrap()["CreateIndex"].clone();
    // There is nothing to register, and Eos asks Nomad again.
    assert_eq!(outcome(&scene.run()), is("failed", "deployment_failed"));
    let retried = scene.site.run("orchestrate", json!({ "retry": true }));
    assert_eq!(outcome(&retried), is("failed", "deployment_failed"));
    assert_eq!(
        (&web(&retried)["changes"]["add"], &web(&retried)["changes"]["remove"]),
        (&json!(1), &json!(1))
    );
    assert_ne!(scene.pair.job("in-place").unwrap()["CreateIndex"], before, "Nomad has tried once more");
}

#[test]
fn a_state_may_not_use_retry() {
    let Some(scene) = Scene::new() else { return };
    for operation in ["state.apply", "state.orchestrate"] {
        let arguments = json!({ "retry": true, "component": "web" });
        let refused = scene.site.run(operation, arguments);
        assert!(refused["error"]["message"].to_string().contains("is not allowed in a state"), "{refused:#}");
    }
}
