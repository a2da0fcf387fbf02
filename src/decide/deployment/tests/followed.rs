//! Nomad still has everything that it knows about the registration.

use serde_json::{Value, json};

use super::*;

const NOT_BACK: &str = "Failed due to unhealthy allocations - not rolling back to stable job version 0 as current job has same specification";
const NEWER: &str = "Cancelled due to newer version of job";

#[test]
fn the_table_decides_how_a_deployment_is_followed() {
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
        let rollout = look(job.clone(), index, &[], &deployments, allocations);
        assert_eq!(word(&rollout), expected, "{rollout:?}\n{job}\n{deployments:?}\n{allocations}");
    }
}

#[test]
fn without_a_deployment_the_table_decides_from_allocations() {
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
        let status = look(job(kind, 1, 20), 20, evaluations, &[], allocations);
        assert_eq!(word(&status), expected, "{kind} {status:?} {allocations}");
    }
}

#[test]
fn a_batch_job_may_work_only_where_nothing_waits_for_its_end() {
    let word_of = |allocations: &str, batch_goal| {
        let query = RolloutQuery { registered: Some(20), batch_goal, ..RolloutQuery::default() };
        word(&look_again(query, job("batch", 1, 20), &[], &[], allocations, &[]))
    };
    for (allocations, working, complete) in [
        ("1 running, 1 running", "healthy", "wait"),
        ("1 running, 1 complete", "healthy", "wait"),
        ("1 complete, 1 complete", "healthy", "healthy"),
        ("1 running, 1 pending", "wait", "wait"),
        ("1 running, 1 complete spoilt", "wait", "wait"),
        ("1 running, 1 failed", "stuck", "stuck"),
    ] {
        assert_eq!(word_of(allocations, BatchGoal::Working), working, "{allocations}");
        assert_eq!(word_of(allocations, BatchGoal::Complete), complete, "{allocations}");
    }
}

#[test]
fn a_periodic_job_has_no_result_before_its_first_run() {
    let mut periodic = job("batch", 1, 20);
    periodic["Periodic"] = json!({ "Spec": "0 3 * * *" });
    assert_eq!(word(&look(periodic, 20, &[], &[], "")), "healthy");
    let mut parameterised = job("batch", 1, 20);
    parameterised["ParameterizedJob"] = json!({ "Payload": "" });
    assert_eq!(word(&look(parameterised, 20, &[], &[], "")), "healthy");
}

#[test]
fn without_a_progress_deadline_the_healthy_deadline_limits_the_wait() {
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
fn a_failure_is_explained_with_the_exit_code_and_the_missing_resources() {
    let RolloutStatus::Stuck(said) = look(job("batch", 1, 20), 20, &[], &[], "1 complete, 1 failed") else {
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
    let RolloutStatus::Wait(said) = look(job("service", 1, 20), 20, &[unplaced], &[running], "") else {
        panic!()
    };
    assert_eq!(
        said,
        "deployment 12345678: Deployment is running; web: 2 of 2 placed, 1 healthy, 1 unhealthy; web has no \
         node to run on: constraint \"missing drivers\" excludes 1 node, memory is exhausted on 2 nodes"
    );
}
