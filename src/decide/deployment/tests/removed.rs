//! Nomad went back to an older version, or has removed a deployment.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_version_that_nomad_reverted_never_passes_although_nomad_removed_its_deployment() {
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
                        let query = RolloutQuery {
                            registered: Some(registered),
                            failed,
                            seen: seen.clone().map(from),
                            ..RolloutQuery::default()
                        };
                        let job = deployed(2, 30);
                        let status =
                            look_again(query, job, evaluations, &deployments, allocations, &versions);
                        let way_back_is_there = deployments.iter().find(|one| one["JobVersion"] == 2);
                        let expected = match way_back_is_there.map(|one| one["Status"].as_str().unwrap()) {
                            Some("running") => "reverting",
                            Some(_) => "failed",
                            None if settled => "failed",
                            None => "reverting",
                        };
                        assert_eq!(
                            word(&status),
                            expected,
                            "{status:?}\n{registered} {failed} {seen:?}\n{evaluations:?}\n{deployments:?}\n{allocations}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_decides_after_a_deployment_was_removed() {
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
        let query = RolloutQuery {
            registered: Some(20),
            failed: false,
            seen: seen.cloned().map(from),
            ..RolloutQuery::default()
        };
        let status = look_again(query, job.clone(), &[], &[], allocations, &versions);
        assert_eq!(word(&status), expected, "{status:?}\n{job}\n{seen:?}\n{versions:?}\n{allocations}");
    }
}

#[test]
fn the_last_seen_progress_of_a_removed_deployment_is_reported() {
    let versions = [version(2, 30, true, 7), version(1, 20, false, 8), version(0, 10, true, 7)];
    let said = |seen: Option<Value>| {
        let query = RolloutQuery {
            registered: Some(20),
            failed: false,
            seen: seen.map(from),
            ..RolloutQuery::default()
        };
        match look_again(query, deployed(2, 30), &[], &[], "2 running, 2 running", &versions) {
            RolloutStatus::Failed(said) => said,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        said(None),
        "Nomad gave up version 1 of the job and went back to version 0; the deployment with the reason was \
         removed; the previous version runs again"
    );
    let open = said(Some(deployment(1, 20, "running", "Deployment is running")));
    assert!(
        open.contains(
            "removed. When last seen: deployment 12345678: Deployment is running; web: 2 of 2 placed"
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
fn a_version_that_nomad_reverted_to_counts_only_after_it_is_registered() {
    let deployments = [
        deployment(1, 20, "failed", BACK),
        deployment(2, 30, "successful", "Deployment completed successfully"),
    ];
    let by_nomad = json!({ "TriggeredBy": "deployment-watcher", "CreateIndex": 30, "Status": "complete" });
    let evaluations = [evaluation(20, "complete"), by_nomad];
    let versions = [version(2, 30, true, 7), version(1, 20, false, 8), version(0, 10, true, 7)];
    let found = |evaluations: &[Value]| {
        let query =
            RolloutQuery { registered: Some(30), failed: true, seen: None, ..RolloutQuery::default() };
        look_again(query, job("service", 2, 30), evaluations, &deployments, "2 running, 2 running", &versions)
    };
    // A refresh has written the new index into the state.
    assert_eq!(word(&found(&evaluations)), "failed");
    // The same job is registered again: Nomad changes nothing, but makes an evaluation.
    let again = json!({ "TriggeredBy": "job-register", "CreateIndex": 40, "Status": "complete" });
    let evaluations = [evaluations[0].clone(), evaluations[1].clone(), again];
    assert_eq!(word(&found(&evaluations)), "healthy");
}
