mod ended;
mod followed;
mod removed;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::rollout::{NomadAnswers, Rollout, RolloutQuery};
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

fn look(
    job: Value,
    ours: u64,
    evaluations: &[Value],
    deployments: &[Value],
    allocations: &str,
) -> RolloutStatus {
    let query = RolloutQuery { registered: Some(ours), failed: true, seen: None, ..RolloutQuery::default() };
    look_again(query, job, evaluations, deployments, allocations, &[])
}

fn look_again(
    query: RolloutQuery,
    job: Value,
    evaluations: &[Value],
    deployments: &[Value],
    allocations: &str,
    versions: &[Value],
) -> RolloutStatus {
    let allocations = allocations.split(", ").filter(|text| !text.is_empty()).map(allocation).map(from);
    let answers = NomadAnswers {
        job: from(job),
        evaluations: evaluations.iter().cloned().map(from).collect(),
        deployments: deployments.iter().cloned().map(from).collect(),
        allocations: allocations.collect(),
        versions: from(json!({ "Versions": versions })),
    };
    rollout_status(&Rollout::of(query, answers))
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

fn word(course: &RolloutStatus) -> &'static str {
    match course {
        RolloutStatus::Wait(_) => "wait",
        RolloutStatus::Healthy(_) => "healthy",
        RolloutStatus::Failed(_) => "failed",
        RolloutStatus::Stopped(_) => "stopped",
        RolloutStatus::Stuck(_) => "stuck",
        RolloutStatus::Superseded(_) => "superseded",
        RolloutStatus::AwaitingPromotion(_) => "awaiting promotion",
        RolloutStatus::Reverting(_) => "reverting",
    }
}

const BACK: &str = "Failed due to unhealthy allocations - rolling back to job version 0";
