//! One look at a job of Nomad's: its registration, what was made of it, and what runs.
//!
//! The types are those of Nomad's HTTP API, as far as they are read: <https://developer.hashicorp.com/nomad/api-docs>.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Nomad writes null for what is empty.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Job {
    pub version: u64,
    /// Rises with each registration that changes the job, and with nothing else.
    pub job_modify_index: u64,
    pub status: String,
    pub stop: bool,
    #[serde(rename = "Type")]
    pub kind: String,
    pub periodic: Value,
    pub parameterized_job: Value,
    #[serde(deserialize_with = "nullable")]
    pub task_groups: Vec<Group>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Group {
    pub name: String,
    pub count: u64,
    pub update: Option<Update>,
    #[serde(deserialize_with = "nullable")]
    pub services: Vec<Service>,
    #[serde(deserialize_with = "nullable")]
    pub tasks: Vec<Task>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Update {
    /// Nanoseconds. Zero: the first that does not get healthy ends the deployment.
    pub progress_deadline: u64,
    /// Nanoseconds, for each allocation.
    pub healthy_deadline: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Task {
    #[serde(deserialize_with = "nullable")]
    pub services: Vec<Service>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Service {
    pub name: String,
    /// `consul`, which is also meant by none, or `nomad`.
    pub provider: String,
    #[serde(deserialize_with = "nullable")]
    pub checks: Vec<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Deployment {
    #[serde(rename = "ID")]
    pub id: String,
    pub job_version: u64,
    /// The job's `JobModifyIndex` when it was registered; `JobModifyIndex` here is another number.
    pub job_spec_modify_index: u64,
    pub status: String,
    pub status_description: String,
    #[serde(deserialize_with = "nullable")]
    pub task_groups: BTreeMap<String, Progress>,
    pub modify_index: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Progress {
    pub desired_total: u64,
    pub desired_canaries: u64,
    pub placed_allocs: u64,
    pub healthy_allocs: u64,
    pub unhealthy_allocs: u64,
    pub promoted: bool,
    pub auto_promote: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Evaluation {
    #[serde(rename = "ID")]
    pub id: String,
    pub triggered_by: String,
    /// Of the registration that it is for; zero where it is for none.
    pub job_modify_index: u64,
    /// `pending`, `blocked`, `complete`, `failed` or `canceled`, with one l.
    pub status: String,
    pub status_description: String,
    pub next_eval: String,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "nullable")]
    pub unplaced: BTreeMap<String, Unplaced>,
    pub create_index: u64,
}

/// Why a group's allocations found no node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Unplaced {
    pub nodes_evaluated: u64,
    #[serde(deserialize_with = "nullable")]
    pub constraint_filtered: BTreeMap<String, u64>,
    #[serde(deserialize_with = "nullable")]
    pub class_filtered: BTreeMap<String, u64>,
    #[serde(deserialize_with = "nullable")]
    pub dimension_exhausted: BTreeMap<String, u64>,
    #[serde(deserialize_with = "nullable")]
    pub quota_exhausted: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Allocation {
    #[serde(rename = "ID")]
    pub id: String,
    pub task_group: String,
    pub job_version: u64,
    pub node_name: String,
    /// `run`, `stop` or `evict`.
    pub desired_status: String,
    /// `pending`, `running`, `complete`, `failed`, `lost` or `unknown`.
    pub client_status: String,
    pub client_description: String,
    pub deployment_status: Option<Judged>,
    #[serde(rename = "FollowupEvalID")]
    pub followup_eval: String,
    pub next_allocation: String,
    #[serde(deserialize_with = "nullable")]
    pub task_states: BTreeMap<String, TaskState>,
    pub create_index: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Judged {
    /// None: not judged yet.
    pub healthy: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskState {
    pub state: String,
    pub failed: bool,
    pub restarts: u64,
    #[serde(deserialize_with = "nullable")]
    pub events: Vec<TaskEvent>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskEvent {
    #[serde(rename = "Type")]
    pub kind: String,
    /// Nanoseconds since 1970.
    pub time: u64,
    pub display_message: String,
    pub exit_code: i64,
    pub signal: i64,
    #[serde(deserialize_with = "nullable")]
    pub details: BTreeMap<String, String>,
}

/// All that is known of one registration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    pub job: Job,
    /// The `JobModifyIndex` of the registration that is asked about.
    pub ours: u64,
    pub deployment: Option<Deployment>,
    /// Of the version that is there now, where that is another.
    pub after: Option<Deployment>,
    /// Since our registration.
    pub evaluations: Vec<Evaluation>,
    pub allocations: Vec<Allocation>,
}

impl Rollout {
    /// `registered` is what our registration was answered with; without it, the one that is there now is ours.
    ///
    /// `failed`: what was applied last is known to have failed. A version that Nomad went back to afterwards is then
    /// not ours, though a refresh of Terraform's may name it.
    pub fn of(
        job: Job,
        registered: Option<u64>,
        failed: bool,
        evaluations: Vec<Evaluation>,
        deployments: &[Deployment],
        allocations: Vec<Allocation>,
    ) -> Self {
        let of = |index| deployments.iter().find(|one| one.job_spec_modify_index == index);
        let registered = registered.unwrap_or(job.job_modify_index);
        let by_a_person = |index| {
            let registers =
                |one: &&Evaluation| one.triggered_by == "job-register" && one.create_index >= index;
            evaluations.iter().find(registers).is_some()
        };
        let undone = of(registered).filter(|_| failed && !by_a_person(registered)).and_then(|back| {
            deployments.iter().find(|one| one.job_version + 1 == back.job_version && one.goes_back())
        });
        let ours = undone.map_or(registered, |failed| failed.job_spec_modify_index);
        let after = of(job.job_modify_index).filter(|_| job.job_modify_index != ours).cloned();
        let evaluations = evaluations.into_iter().filter(|one| one.create_index >= ours).collect();
        Self { ours, deployment: of(ours).cloned(), after, evaluations, allocations, job }
    }

    /// Whether the version that is there now is the one that is asked about.
    pub fn is_ours(&self) -> bool {
        self.job.job_modify_index == self.ours
    }

    /// Whether our registration is there still, and nothing of the job runs or may come to run by itself.
    pub fn is_spent(&self) -> bool {
        let is_alive =
            |one: &Allocation| matches!(one.client_status.as_str(), "pending" | "running" | "unknown");
        self.is_ours() && !self.job.stop && !self.allocations.iter().any(is_alive)
    }

    /// Those of the version that is there now.
    pub fn current(&self) -> impl Iterator<Item = &Allocation> {
        self.allocations.iter().filter(|one| one.job_version == self.job.version)
    }

    /// Those of the version that is asked about.
    pub fn of_ours(&self) -> impl Iterator<Item = &Allocation> {
        let version = match &self.deployment {
            Some(deployment) => Some(deployment.job_version),
            None => self.is_ours().then_some(self.job.version),
        };
        self.allocations.iter().filter(move |one| Some(one.job_version) == version)
    }

    /// The largest of the groups' deadlines: so long nothing may happen.
    pub fn patience(&self) -> Duration {
        let all = self.job.task_groups.iter().filter_map(|group| group.update.as_ref());
        let longest = all.map(|update| update.progress_deadline.max(update.healthy_deadline)).max();
        Duration::from_nanos(longest.unwrap_or_default())
    }

    /// Groups that found no node, by the newest evaluation that tells.
    pub fn unplaced(&self) -> BTreeMap<&str, &Unplaced> {
        let waiting = self.evaluations.iter().filter(|one| one.status == "blocked");
        let newest = waiting.max_by_key(|one| one.create_index);
        newest.into_iter().flat_map(|one| &one.unplaced).map(|(group, why)| (group.as_str(), why)).collect()
    }
}

impl Deployment {
    /// Whether Nomad puts the last good version in its place.
    pub fn goes_back(&self) -> bool {
        self.status == "failed" && self.status_description.contains(" - rolling back to job version ")
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "successful" | "failed" | "cancelled")
    }
}

impl Allocation {
    /// Whether something takes its place, now or later.
    pub fn is_followed(&self) -> bool {
        !self.followup_eval.is_empty() || !self.next_allocation.is_empty()
    }

    pub fn has_failed(&self) -> bool {
        self.client_status == "failed" || self.client_status == "lost"
    }

    /// Why it does not run, by the task that failed first in the alphabet: `task web: Exit Code: 7`. Nomad's own words
    /// for the whole where no event of a task gives a reason.
    pub fn why(&self) -> String {
        let failed = self.task_states.iter().filter(|(_, state)| state.failed);
        let all = failed.chain(self.task_states.iter().filter(|(_, state)| !state.failed));
        let mut reasons = all.filter_map(|(task, state)| Some((task, state.reason()?)));
        match reasons.next() {
            Some((task, reason)) => format!("task {task}: {reason}"),
            None => self.client_description.clone(),
        }
    }
}

impl TaskState {
    /// The last event that says why it ended or could not start, on one line. What follows from that, such as
    /// `Policy allows no restarts`, gives no reason.
    fn reason(&self) -> Option<String> {
        let is_cause = |event: &&TaskEvent| {
            let fails = ["Failure", "Failed", "failed", "Exceeded"];
            let by_itself = event.kind == "Terminated" || fails.iter().any(|word| event.kind.contains(word));
            by_itself && event.kind != "Sibling Task Failed" && !event.display_message.trim().is_empty()
        };
        let cause = self.events.iter().rev().find(is_cause)?;
        Some(cause.display_message.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl Unplaced {
    /// `memory is exhausted on 1 node(s)`.
    pub fn explain(&self) -> String {
        let mut said = Vec::new();
        for (constraint, nodes) in &self.constraint_filtered {
            said.push(format!("constraint {constraint:?} leaves out {nodes} node(s)"));
        }
        for (class, nodes) in &self.class_filtered {
            said.push(format!("node class {class:?} leaves out {nodes} node(s)"));
        }
        for (what, nodes) in &self.dimension_exhausted {
            said.push(format!("{what} is exhausted on {nodes} node(s)"));
        }
        for quota in &self.quota_exhausted {
            said.push(format!("quota {quota} is exhausted"));
        }
        if said.is_empty() {
            said.push(match self.nodes_evaluated {
                0 => "its datacenters and its node pool have no ready node".to_owned(),
                evaluated => format!("none of {evaluated} node(s) fits"),
            });
        }
        said.join(", ")
    }
}
