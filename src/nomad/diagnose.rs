//! Finds out from Nomad why a job does not run. The result has few lines for people and details for programs, both
//! limited in size.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::JobName;
use super::calls::AllocationCheck;
use super::client::NomadClient;
use super::error::NomadError;
use crate::decide::{Allocation, CheckStatus, ClientStatus, Rollout, short_id};

/// The most allocations that are examined, the newest first.
const ALLOCATIONS: usize = 3;
const SILENT: &str = "the output of its tasks is not shown: one of their secrets cannot be read now, or comes \
                      from Vault as a lease of their own";
/// The most events of a task, and the most lines of its stderr; the last ones.
const EVENTS: usize = 10;
const LINES: usize = 50;
/// Bytes of a stderr that are read, and characters of a line that are shown.
const READ: usize = 16 * 1024;
const WIDTH: usize = 300;
/// How long a failed task's stderr may stay empty. Docker hands over the last words of a container after its end.
const LATE: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(200);
/// The beginning of the name that Nomad gives to the task of a sidecar of Consul's mesh.
const SIDECAR: &str = "connect-proxy-";
/// Lines of a stderr in the message for people.
const TOLD: usize = 5;

pub struct Diagnosis {
    /// For programs.
    pub details: Value,
    /// Lines for people.
    pub lines: Vec<String>,
}

impl Diagnosis {
    pub fn unseen(name: &JobName, error: &NomadError) -> Self {
        let note = format!("job {} could not be examined: {}", name.id, error.text());
        Self { details: json!({ "job": name.id, "notes": [note] }), lines: vec![note] }
    }
}

/// If `silent`, the output of the job's tasks and checks is not repeated.
pub async fn diagnose(nomad: &NomadClient, name: &JobName, rollout: &Rollout, silent: bool) -> Diagnosis {
    let mut notes = Vec::new();
    if silent {
        notes.push(SILENT.to_owned());
    }
    let mut lines = Vec::new();
    let unplaced: BTreeMap<_, _> =
        rollout.unplaced().into_iter().map(|(group, why)| (group.to_owned(), why.explain())).collect();
    lines.extend(unplaced.iter().map(|(group, why)| format!("{group} has no node to run on: {why}")));
    let mut told = Vec::new();
    for one in suspects(rollout) {
        told.push(allocation(nomad, name, one, silent, &mut notes, &mut lines).await);
    }
    let deployment = rollout.deployment.as_ref().map(|one| {
        json!({ "id": one.id, "status": one.status, "description": one.status_description, "version": one.job_version })
    });
    let groups = rollout.deployment.iter().flat_map(|one| &one.task_groups).map(|(group, progress)| {
        let counts = json!({
            "desired": progress.desired_total, "placed": progress.placed_allocs,
            "healthy": progress.healthy_allocs, "unhealthy": progress.unhealthy_allocs,
        });
        (group.clone(), counts)
    });
    let details = json!({
        "job": name.id, "namespace": name.namespace, "version": rollout.job.version, "status": rollout.job.status,
        "deployment": deployment, "groups": groups.collect::<BTreeMap<_, _>>(), "unplaced": unplaced,
        "allocations": told, "notes": notes,
    });
    Diagnosis { details, lines }
}

/// The allocations of the registered version that have a problem. If none is known to have one, those that run.
fn suspects(rollout: &Rollout) -> Vec<&Allocation> {
    let ill = |one: &&Allocation| {
        let judged = one.deployment_status.as_ref().and_then(|judged| judged.healthy);
        let restarted = one.task_states.values().any(|task| task.failed || task.restarts > 0);
        one.has_failed() || judged == Some(false) || restarted || one.client_status == ClientStatus::Pending
    };
    let mut found: Vec<_> = rollout.of_ours().filter(ill).collect();
    if found.is_empty() {
        found = rollout.of_ours().filter(|one| one.client_status == ClientStatus::Running).collect();
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.create_index));
    found.truncate(ALLOCATIONS);
    found
}

async fn allocation(
    nomad: &NomadClient,
    name: &JobName,
    one: &Allocation,
    silent: bool,
    notes: &mut Vec<String>,
    lines: &mut Vec<String>,
) -> Value {
    let id = short_id(&one.id);
    let (group, node, status) = (&one.task_group, &one.node_name, &one.client_status);
    lines.push(cut(&format!("{group}: allocation {id} on {node} is {status}: {}", one.why())));
    let checks = match nomad.checks(&name.namespace, &one.id).await {
        Ok(checks) => checks,
        Err(error) => {
            notes.push(format!("checks of {id}: {}", error.text()));
            Vec::new()
        }
    };
    let failing: Vec<_> = checks.iter().filter(|check| check.status != CheckStatus::Success).collect();
    lines.extend(failing.iter().map(|check| cut(&check.explain(silent))));
    let mut tasks = BTreeMap::new();
    for (task, state) in &one.task_states {
        let from = state.events.len().saturating_sub(EVENTS);
        let events = state.events[from..].iter().map(|event| {
            let mut told =
                json!({ "type": event.kind, "time": event.time, "message": cut(&event.display_message) });
            if event.kind == "Terminated" {
                told["exit_code"] = event.exit_code.into();
                told["signal"] = event.signal.into();
                told["oom_killed"] =
                    (event.details.get("oom_killed").map(String::as_str) == Some("true")).into();
            }
            told
        });
        let stderr = match state.events.iter().any(|event| event.kind == "Started") {
            true if silent => Vec::new(),
            true => stderr(nomad, name, one, task, state.failed, notes).await,
            false => {
                notes.push(format!("task {task} of {id} has not started and has no output"));
                Vec::new()
            }
        };
        // Envoy tells much when all is well.
        let is_quiet = task.starts_with(SIDECAR) && !state.failed && state.restarts == 0;
        let from = if is_quiet { stderr.len() } else { stderr.len().saturating_sub(TOLD) };
        lines.extend(stderr[from..].iter().map(|line| format!("{task} | {line}")));
        tasks.insert(
            task.clone(),
            json!({
                "state": state.state, "failed": state.failed, "restarts": state.restarts,
                "events": events.collect::<Vec<_>>(), "stderr": stderr,
            }),
        );
    }
    let checks = failing.iter().map(|check| {
        json!({
            "service": check.service, "check": check.check, "status": check.status, "output": if silent { String::new() } else { cut(&check.output) },
        })
    });
    json!({
        "id": one.id, "group": group, "node": node, "status": status,
        "description": one.client_description, "tasks": tasks, "checks": checks.collect::<Vec<_>>(),
    })
}

/// Returns the last lines of a task's stderr. If they cannot be read, this adds a note and does not fail.
async fn stderr(
    nomad: &NomadClient,
    name: &JobName,
    one: &Allocation,
    task: &str,
    has_failed: bool,
    notes: &mut Vec<String>,
) -> Vec<String> {
    let deadline = Instant::now() + LATE;
    let mut found = nomad.stderr(&name.namespace, &one.id, task, READ).await;
    while has_failed && found.as_ref().is_ok_and(String::is_empty) && Instant::now() < deadline {
        sleep(AGAIN).await;
        found = nomad.stderr(&name.namespace, &one.id, task, READ).await;
    }
    match found {
        Ok(text) => last_lines(&text),
        Err(error) => {
            let what = match &error {
                NomadError::Denied(_) => "cannot be read with this token",
                _ => "cannot be read",
            };
            notes.push(format!(
                "the stderr of task {task} of {} {what}: {}",
                short_id(&one.id),
                error.text()
            ));
            Vec::new()
        }
    }
}

fn last_lines(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().map(cut).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}

/// One line without control characters, at most `WIDTH` characters long.
fn cut(text: &str) -> String {
    let line = text.trim().replace(|letter: char| letter.is_control(), " ");
    line.chars().take(WIDTH).collect()
}

impl AllocationCheck {
    /// `check up of service web is failing: connection refused`.
    pub fn explain(&self, silent: bool) -> String {
        let word = if self.status == CheckStatus::Failure { "failing" } else { self.status.as_str() };
        let output = self.output.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no output");
        let what = format!("check {} of service {} is {word}", self.check, self.service);
        if silent { what } else { format!("{what}: {}", cut(output)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_stderr_is_limited_to_fifty_lines_of_bounded_width() {
        let text: String = (0..80).map(|line| format!("{line} {}\n", "x".repeat(1000))).collect();
        let lines = last_lines(&text);
        assert_eq!(lines.len(), LINES);
        assert!(lines[0].starts_with("30 x") && lines[49].starts_with("79 x"));
        assert!(lines.iter().all(|line| line.len() == WIDTH));
    }

    #[test]
    fn the_output_of_a_task_cannot_move_the_cursor() {
        assert_eq!(last_lines("a\u{1b}[2Jb\r\n\n"), ["a [2Jb"]);
    }
}
