use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::rollout::{Answers, Asked, Rollout};
use super::*;

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A job with one group of two allocations. Its registration has `index`.
fn job(kind: &str, version: u64, index: u64) -> Value {
    json!({
        "Version": version, "JobModifyIndex": index, "Type": kind, "Stop": false, "Periodic": null,
        "TaskGroups": [{ "Name": "web", "Count": 2, "Services": null, "Update": { "ProgressDeadline": 6_000_000_000_u64 } }],
    })
}

fn deployment(version: u64, index: u64, status: &str, description: &str) -> Value {
    json!({
        "ID": format!("{version}2345678-"), "JobVersion": version, "JobSpecModifyIndex": index, "JobModifyIndex": index + 1,
        "Status": status, "StatusDescription": description,
        "TaskGroups": { "web": { "DesiredTotal": 2, "PlacedAllocs": 2, "HealthyAllocs": 1, "UnhealthyAllocs": 1 } },
    })
}

fn canary(healthy: u64, promoted: bool) -> Value {
    let mut found = deployment(1, 20, "running", "Deployment is running but requires manual promotion");
    found["TaskGroups"]["web"] =
        json!({ "DesiredTotal": 2, "DesiredCanaries": 1, "HealthyAllocs": healthy, "Promoted": promoted });
    found
}

fn evaluation(index: u64, status: &str) -> Value {
    json!({
        "ID": "e", "TriggeredBy": "job-register", "JobModifyIndex": index, "CreateIndex": index, "Status": status,
        "StatusDescription": "maximum attempts reached (5)",
    })
}

/// `1 running`: an allocation of version 1 that should run and has this client status.
fn allocation(text: &str) -> Value {
    let words: Vec<_> = text.split(' ').collect();
    let healthy = if words.contains(&"unhealthy") { Some(false) } else { None };
    let failed = words[1] == "failed" || words.contains(&"spoilt");
    json!({
        "ID": "abcdef12-3456", "TaskGroup": "web", "JobVersion": words[0].parse::<u64>().unwrap(),
        "DesiredStatus": if words.contains(&"stopped") { "stop" } else { "run" }, "ClientStatus": words[1],
        "DeploymentStatus": { "Healthy": healthy },
        "FollowupEvalID": if words.contains(&"followed") { "later" } else { "" },
        "TaskStates": { "web": { "State": "dead", "Failed": failed, "Events": [
            { "Type": "Terminated", "DisplayMessage": "Exit Code: 7", "ExitCode": 7 },
            { "Type": "Not Restarting", "DisplayMessage": "Policy allows no restarts" },
        ] } },
    })
}

fn look(job: Value, ours: u64, evaluations: &[Value], deployments: &[Value], allocations: &str) -> Course {
    let asked = Asked { registered: Some(ours), failed: true, seen: None };
    look_again(asked, job, evaluations, deployments, allocations, &[])
}

fn look_again(
    asked: Asked,
    job: Value,
    evaluations: &[Value],
    deployments: &[Value],
    allocations: &str,
    versions: &[Value],
) -> Course {
    let allocations = allocations.split(", ").filter(|text| !text.is_empty()).map(allocation).map(from);
    let answers = Answers {
        job: from(job),
        evaluations: evaluations.iter().cloned().map(from).collect(),
        deployments: deployments.iter().cloned().map(from).collect(),
        allocations: allocations.collect(),
        versions: from(json!({ "Versions": versions })),
    };
    course(&Rollout::of(asked, answers))
}

/// Each registration has its own `submitted`. If Nomad goes back, the new version keeps the number of the old one.
fn version(version: u64, index: u64, stable: bool, submitted: u64) -> Value {
    json!({ "Version": version, "JobModifyIndex": index, "Stable": stable, "SubmitTime": submitted })
}

/// All subsets of the items, including the empty one and the full one.
fn choices(all: &[Value]) -> Vec<Vec<Value>> {
    let picked = |mask: usize| all.iter().enumerate().filter(move |(index, _)| mask >> index & 1 == 1);
    (0..1 << all.len()).map(|mask| picked(mask).map(|(_, one)| one.clone()).collect()).collect()
}

/// A job for which Nomad makes deployments.
fn deployed(version: u64, index: u64) -> Value {
    let mut found = job("service", version, index);
    found["TaskGroups"][0]["Update"]["MaxParallel"] = json!(1);
    found
}

fn word(course: &Course) -> &'static str {
    match course {
        Course::Wait(_) => "wait",
        Course::Healthy(_) => "healthy",
        Course::Failed(_) => "failed",
        Course::Stopped(_) => "stopped",
        Course::Stuck(_) => "stuck",
        Course::Superseded(_) => "superseded",
        Course::AwaitingPromotion(_) => "awaiting promotion",
        Course::Reverting(_) => "reverting",
    }
}

const BACK: &str = "Failed due to unhealthy allocations - rolling back to job version 0";
const NOT_BACK: &str = "Failed due to unhealthy allocations - not rolling back to stable job version 0 as current job has same specification";
const NEWER: &str = "Cancelled due to newer version of job";

#[test]
fn a_deployment_is_followed_as_the_table_says() {
    let service = |version, index| job("service", version, index);
    let good = deployment(0, 10, "successful", "Deployment completed successfully");
    let ours = |status: &str, description: &str| vec![good.clone(), deployment(1, 20, status, description)];
    let with = |mut all: Vec<Value>, more: Value| {
        all.insert(0, more);
        all
    };
    let third = |status: &str| deployment(2, 30, status, "Deployment is running");
    let two = "1 running, 1 running";
    // The current job, the index of our registration, the deployments, the allocations, the expected word.
    #[rustfmt::skip]
    let table = [
        (service(1, 20), 20, ours("running", "Deployment is running"), two, "wait"),
        (service(1, 20), 20, ours("pending", "Deployment is pending"), "", "wait"),
        (service(1, 20), 20, ours("initializing", ""), "", "wait"),
        (service(1, 20), 20, ours("blocked", ""), two, "wait"),
        (service(1, 20), 20, ours("unblocking", ""), two, "wait"),
        (service(1, 20), 20, ours("paused", "Deployment is paused"), two, "wait"),
        (service(1, 20), 20, ours("something new", ""), two, "wait"),
        (service(1, 20), 20, ours("successful", ""), two, "healthy"),
        // An earlier success does not prove that the job is healthy now.
        (service(1, 20), 20, ours("successful", ""), "1 running, 1 failed followed", "wait"),
        (service(1, 20), 20, ours("successful", ""), "1 running, 1 failed", "stuck"),
        (service(1, 20), 20, ours("successful", ""), "1 running, 1 pending", "wait"),
        (service(1, 20), 20, ours("successful", ""), "1 running, 0 running", "wait"),
        (service(1, 20), 20, ours("failed", "Failed due to progress deadline"), two, "failed"),
        (service(1, 20), 20, ours("failed", NOT_BACK), two, "failed"),
        (service(1, 20), 20, ours("failed", "Failed due to unhealthy allocations - no stable job version to auto revert to"), "", "failed"),
        (service(1, 20), 20, ours("cancelled", "Cancelled because job is stopped"), two, "failed"),
        (service(1, 20), 20, ours("cancelled", NEWER), two, "superseded"),
        (service(2, 30), 20, with(ours("cancelled", NEWER), third("running")), two, "superseded"),
        // The latest deployment belongs to another registration. Ours is not judged by it.
        (service(2, 30), 20, with(ours("cancelled", NEWER), third("failed")), two, "superseded"),
        (service(2, 30), 20, with(ours("failed", "Failed due to progress deadline"), third("successful")), two, "failed"),
        // Ours ran, and somebody else registered a newer version. That version is judged.
        (service(2, 30), 20, with(ours("successful", ""), third("successful")), "2 running, 2 running", "healthy"),
        (service(2, 30), 20, with(ours("successful", ""), third("failed")), "2 failed", "failed"),
        // Nomad goes back by itself. Eos waits for that, and the failure is final.
        (service(1, 20), 20, ours("failed", BACK), "1 failed, 0 running", "reverting"),
        (service(2, 30), 20, ours("failed", BACK), "1 failed", "reverting"),
        (service(2, 30), 20, with(ours("failed", BACK), third("running")), "2 running, 1 failed", "reverting"),
        (service(2, 30), 20, with(ours("failed", BACK), third("successful")), "2 running, 2 running", "failed"),
        (service(2, 30), 20, with(ours("failed", BACK), third("failed")), "2 failed", "failed"),
        (service(2, 30), 20, ours("failed", BACK), "2 running, 2 running", "failed"),
        // Canaries are promoted only after they are healthy.
        (service(1, 20), 20, vec![good.clone(), canary(0, false)], "0 running, 1 running", "wait"),
        (service(1, 20), 20, vec![good.clone(), canary(1, false)], "0 running, 1 running", "awaiting promotion"),
        (service(1, 20), 20, vec![good.clone(), canary(1, true)], "0 running, 1 running", "wait"),
    ];
    for (job, index, deployments, allocations, expected) in table {
        let found = look(job.clone(), index, &[], &deployments, allocations);
        assert_eq!(word(&found), expected, "{found:?}\n{job}\n{deployments:?}\n{allocations}");
    }
}

#[test]
fn without_a_deployment_allocations_decide_as_the_table_says() {
    let pending = vec![evaluation(20, "pending")];
    let done = vec![evaluation(20, "complete")];
    let failed = vec![evaluation(20, "failed")];
    let none = vec![];
    #[rustfmt::skip]
    let table = [
        ("service", &pending, "1 running, 1 running", "wait"),
        ("service", &done, "1 running, 1 running", "healthy"),
        ("service", &none, "1 running, 1 running", "healthy"),
        ("service", &done, "1 running, 1 running unhealthy", "wait"),
        ("service", &done, "1 running, 0 running", "wait"),
        ("service", &done, "1 running, 1 complete", "wait"),
        ("service", &done, "1 running, 1 lost", "wait"),
        ("service", &done, "1 running, 1 failed", "stuck"),
        ("service", &done, "1 running, 1 running, 1 failed followed", "healthy"),
        ("service", &done, "1 running, 1 running, 1 failed stopped", "healthy"),
        ("service", &failed, "", "stuck"),
        ("system", &done, "1 running", "healthy"),
        ("system", &done, "1 running, 1 running, 1 pending", "wait"),
        ("system", &done, "", "wait"),
        ("batch", &done, "1 complete, 1 complete", "healthy"),
        ("batch", &done, "1 complete, 1 complete stopped", "healthy"),
        ("batch", &done, "1 complete, 1 running", "wait"),
        ("batch", &done, "1 complete, 1 complete spoilt", "wait"),
        ("batch", &done, "1 complete, 1 failed", "stuck"),
        ("batch", &done, "1 complete, 1 failed followed, 1 pending", "wait"),
        ("sysbatch", &done, "1 complete, 1 complete, 1 complete", "healthy"),
    ];
    for (kind, evaluations, allocations, expected) in table {
        let found = look(job(kind, 1, 20), 20, evaluations, &[], allocations);
        assert_eq!(word(&found), expected, "{kind} {found:?} {allocations}");
    }
}

#[test]
fn what_has_no_progress_deadline_is_waited_for_as_long_as_it_may_take_to_get_healthy() {
    let patience = |update: Value| {
        let mut written = job("service", 0, 10);
        written["TaskGroups"][0]["Update"] = update;
        Rollout { job: from(written), ..Rollout::default() }.patience().as_nanos()
    };
    assert_eq!(patience(json!({ "ProgressDeadline": 7, "HealthyDeadline": 5 })), 7);
    assert_eq!(patience(json!({ "ProgressDeadline": 0, "HealthyDeadline": 5 })), 5);
    assert_eq!(patience(Value::Null), 0);
}

#[test]
fn a_job_that_runs_when_its_time_comes_has_nothing_to_show_before() {
    let mut periodic = job("batch", 1, 20);
    periodic["Periodic"] = json!({ "Spec": "0 3 * * *" });
    assert_eq!(word(&look(periodic, 20, &[], &[], "")), "healthy");
    let mut parameterised = job("batch", 1, 20);
    parameterised["ParameterizedJob"] = json!({ "Payload": "" });
    assert_eq!(word(&look(parameterised, 20, &[], &[], "")), "healthy");
}

#[test]
fn a_job_that_somebody_stopped_is_stopped_and_one_that_somebody_changed_is_superseded() {
    let mut stopped = job("service", 1, 20);
    stopped["Stop"] = json!(true);
    assert_eq!(word(&look(stopped.clone(), 20, &[], &[], "1 running")), "stopped");
    // A stop is another registration.
    let successful = deployment(1, 20, "successful", "Deployment completed successfully");
    let cancelled = deployment(1, 20, "cancelled", "Cancelled because job is stopped");
    stopped["JobModifyIndex"] = json!(30);
    for before in [successful, cancelled] {
        assert_eq!(word(&look(stopped.clone(), 20, &[], &[before], "1 running stopped")), "stopped");
    }
    let evaluations = [evaluation(20, "complete"), evaluation(30, "complete")];
    assert_eq!(
        word(&look(job("batch", 2, 30), 20, &evaluations, &[], "2 complete, 2 complete")),
        "superseded"
    );
    // If no information is left, success is not assumed.
    assert_eq!(word(&look(job("service", 2, 30), 20, &[], &[], "2 running, 2 running")), "superseded");
}

#[test]
fn a_version_that_nomad_went_back_from_never_passes_whatever_nomad_has_removed() {
    let by_nomad = json!({ "TriggeredBy": "deployment-watcher", "CreateIndex": 30, "Status": "complete" });
    let evaluations = [evaluation(10, "complete"), evaluation(20, "complete"), by_nomad];
    let good = deployment(0, 10, "successful", "Deployment completed successfully");
    let ours = deployment(1, 20, "failed", BACK);
    let versions = [version(2, 30, true, 7), version(1, 20, false, 8), version(0, 10, true, 7)];
    let open = deployment(1, 20, "running", "Deployment is running");
    for way_back in ["running", "successful"] {
        let deployments = [good.clone(), ours.clone(), deployment(2, 30, way_back, "")];
        for (evaluations, deployments) in choices(&evaluations)
            .iter()
            .flat_map(|some| choices(&deployments).into_iter().map(move |one| (some, one)))
        {
            for seen in [None, Some(open.clone()), Some(ours.clone())] {
                // 20 is the index of the registration. A refresh of the state changes it to 30.
                for (registered, failed) in [(20, false), (20, true), (30, true)] {
                    for (allocations, settled) in
                        [("2 running, 2 running", true), ("2 pending, 1 failed", false)]
                    {
                        let asked =
                            Asked { registered: Some(registered), failed, seen: seen.clone().map(from) };
                        let job = deployed(2, 30);
                        let found = look_again(asked, job, evaluations, &deployments, allocations, &versions);
                        let way_back_is_there = deployments.iter().find(|one| one["JobVersion"] == 2);
                        let expected = match way_back_is_there.map(|one| one["Status"].as_str().unwrap()) {
                            Some("running") => "reverting",
                            Some(_) => "failed",
                            None if settled => "failed",
                            None => "reverting",
                        };
                        assert_eq!(
                            word(&found),
                            expected,
                            "{found:?}\n{registered} {failed} {seen:?}\n{evaluations:?}\n{deployments:?}\n{allocations}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_left_of_a_removed_deployment_decides_as_the_table_says() {
    let open = deployment(1, 20, "running", "Deployment is running");
    let failed = deployment(1, 20, "failed", "Failed due to progress deadline");
    let good = deployment(1, 20, "successful", "Deployment completed successfully");
    let of_ours = |stable| vec![version(1, 20, stable, 8), version(0, 10, true, 7)];
    let by_somebody = |stable| [vec![version(2, 30, stable, 9)], of_ours(stable)].concat();
    let mut stopped = deployed(2, 30);
    stopped["Stop"] = json!(true);
    let two = "1 running, 1 running";
    let theirs = "2 running, 2 running";
    // The current job, its deployment as seen earlier, the versions, the allocations, the expected word.
    #[rustfmt::skip]
    let table = [
        (deployed(1, 20), None, of_ours(true), two, "healthy"),
        (deployed(1, 20), Some(&open), of_ours(true), two, "healthy"),
        (deployed(1, 20), Some(&good), of_ours(true), two, "healthy"),
        (deployed(1, 20), None, of_ours(false), two, "stuck"),
        (deployed(1, 20), Some(&open), of_ours(false), two, "failed"),
        (deployed(1, 20), Some(&failed), of_ours(false), two, "failed"),
        (deployed(1, 20), None, vec![], two, "stuck"),
        (deployed(2, 30), None, by_somebody(true), theirs, "healthy"),
        (deployed(2, 30), None, by_somebody(true), "2 running, 2 pending", "wait"),
        (deployed(2, 30), Some(&good), by_somebody(true), theirs, "healthy"),
        (deployed(2, 30), None, by_somebody(false), theirs, "superseded"),
        (deployed(2, 30), Some(&open), by_somebody(false), theirs, "superseded"),
        (deployed(2, 30), Some(&failed), by_somebody(false), theirs, "failed"),
        // Nomad removes versions too, the oldest first.
        (deployed(9, 90), None, vec![version(9, 90, true, 9)], "9 running, 9 running", "superseded"),
        (stopped, None, by_somebody(false), "", "stopped"),
        // Nomad has already gone back, but the job was read before that.
        (deployed(1, 20), Some(&open), [vec![version(2, 30, true, 7)], of_ours(false)].concat(), two, "reverting"),
    ];
    for (job, seen, versions, allocations, expected) in table {
        let asked = Asked { registered: Some(20), failed: false, seen: seen.cloned().map(from) };
        let found = look_again(asked, job.clone(), &[], &[], allocations, &versions);
        assert_eq!(word(&found), expected, "{found:?}\n{job}\n{seen:?}\n{versions:?}\n{allocations}");
    }
}

#[test]
fn what_a_deployment_was_last_seen_to_do_is_told_once_it_is_removed() {
    let versions = [version(2, 30, true, 7), version(1, 20, false, 8), version(0, 10, true, 7)];
    let said = |seen: Option<Value>| {
        let asked = Asked { registered: Some(20), failed: false, seen: seen.map(from) };
        match look_again(asked, deployed(2, 30), &[], &[], "2 running, 2 running", &versions) {
            Course::Failed(said) => said,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        said(None),
        "Nomad gave up version 1 of the job and went back to version 0; the deployment, which had the reason, is \
         removed; the version before runs again"
    );
    let open = said(Some(deployment(1, 20, "running", "Deployment is running")));
    assert!(
        open.contains(
            "removed since it was last seen: deployment 12345678: Deployment is running; web: 2 of 2 placed"
        ),
        "{open}"
    );
    let failed = said(Some(deployment(1, 20, "failed", BACK)));
    assert!(
        failed.starts_with("deployment 12345678: Failed due to unhealthy allocations - rolling back"),
        "{failed}"
    );
}

#[test]
fn a_version_that_nomad_went_back_to_is_ours_only_once_somebody_registers_it() {
    let deployments = [
        deployment(1, 20, "failed", BACK),
        deployment(2, 30, "successful", "Deployment completed successfully"),
    ];
    let by_nomad = json!({ "TriggeredBy": "deployment-watcher", "CreateIndex": 30, "Status": "complete" });
    let evaluations = [evaluation(20, "complete"), by_nomad];
    let versions = [version(2, 30, true, 7), version(1, 20, false, 8), version(0, 10, true, 7)];
    let found = |evaluations: &[Value]| {
        let asked = Asked { registered: Some(30), failed: true, seen: None };
        look_again(asked, job("service", 2, 30), evaluations, &deployments, "2 running, 2 running", &versions)
    };
    // A refresh has written the new index into the state.
    assert_eq!(word(&found(&evaluations)), "failed");
    // The same job is registered again: Nomad changes nothing, but makes an evaluation.
    let again = json!({ "TriggeredBy": "job-register", "CreateIndex": 40, "Status": "complete" });
    let evaluations = [evaluations[0].clone(), evaluations[1].clone(), again];
    assert_eq!(word(&found(&evaluations)), "healthy");
}

#[test]
fn why_is_said_with_the_exit_code_and_with_what_no_node_has() {
    let Course::Stuck(said) = look(job("batch", 1, 20), 20, &[], &[], "1 complete, 1 failed") else {
        panic!()
    };
    assert_eq!(said, "web: allocation abcdef12 failed: task web: Exit Code: 7");
    let unplaced = json!({
        "TriggeredBy": "queued-allocs", "CreateIndex": 21, "Status": "blocked", "JobModifyIndex": 20,
        "FailedTGAllocs": { "web": {
            "NodesEvaluated": 1, "ConstraintFiltered": { "missing drivers": 1 },
            "DimensionExhausted": { "memory": 2 }, "QuotaExhausted": null, "ClassFiltered": null,
        } },
    });
    let running = deployment(1, 20, "running", "Deployment is running");
    let Course::Wait(said) = look(job("service", 1, 20), 20, &[unplaced], &[running], "") else { panic!() };
    assert_eq!(
        said,
        "deployment 12345678: Deployment is running; web: 2 of 2 placed, 1 healthy, 1 unhealthy; \
         web has no node to run on: constraint \"missing drivers\" leaves out 1 node(s), memory is exhausted on 2 node(s)"
    );
}

#[test]
fn a_registration_is_spent_once_nothing_of_its_job_runs() {
    let spent = |job: Value, allocations: &str| {
        let allocations = allocations.split(", ").filter(|text| !text.is_empty()).map(allocation).map(from);
        let answers = Answers { job: from(job), allocations: allocations.collect(), ..Answers::default() };
        let asked = Asked { registered: Some(20), failed: true, seen: None };
        Rollout::of(asked, answers).is_spent()
    };
    assert!(spent(job("service", 1, 20), "1 failed, 0 complete stopped"));
    assert!(!spent(job("service", 1, 20), "1 failed, 0 running"));
    assert!(!spent(job("service", 1, 20), "1 pending"));
    assert!(!spent(job("service", 2, 30), "1 failed"));
    let mut stopped = job("service", 1, 20);
    stopped["Stop"] = json!(true);
    assert!(!spent(stopped, "1 failed"));
}
