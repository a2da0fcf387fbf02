//! The registration is no longer the job's, or nothing of it runs.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_job_stopped_by_hand_is_stopped_and_one_changed_by_hand_is_superseded() {
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
fn a_registration_is_finished_when_its_job_no_longer_runs() {
    let spent = |job: Value, allocations: &str| {
        let allocations = allocations.split(", ").filter(|text| !text.is_empty()).map(allocation).map(from);
        let answers =
            NomadAnswers { job: from(job), allocations: allocations.collect(), ..NomadAnswers::default() };
        let query =
            RolloutQuery { registered: Some(20), failed: true, seen: None, ..RolloutQuery::default() };
        Rollout::of(query, answers).is_spent()
    };
    assert!(spent(job("service", 1, 20), "1 failed, 0 complete stopped"));
    assert!(!spent(job("service", 1, 20), "1 failed, 0 running"));
    assert!(!spent(job("service", 1, 20), "1 pending"));
    assert!(!spent(job("service", 2, 30), "1 failed"));
    let mut stopped = job("service", 1, 20);
    stopped["Stop"] = json!(true);
    assert!(!spent(stopped, "1 failed"));
}
