//! Allocations: what runs of a job on one node.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null::nullable;
use super::status::{ClientStatus, DesiredStatus};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Allocation {
    #[serde(rename = "ID")]
    pub id: String,
    pub task_group: String,
    pub job_version: u64,
    pub node_name: String,
    /// `run`, `stop` or `evict`.
    pub desired_status: DesiredStatus,
    /// `pending`, `running`, `complete`, `failed`, `lost` or `unknown`.
    pub client_status: ClientStatus,
    pub client_description: String,
    pub deployment_status: Option<AllocationHealth>,
    #[serde(rename = "FollowupEvalID")]
    pub followup_eval: String,
    pub next_allocation: String,
    #[serde(deserialize_with = "nullable")]
    pub task_states: BTreeMap<String, TaskState>,
    pub create_index: u64,
}

impl Allocation {
    /// Whether another allocation replaces it, now or later.
    pub fn is_followed(&self) -> bool {
        !self.followup_eval.is_empty() || !self.next_allocation.is_empty()
    }

    pub fn has_failed(&self) -> bool {
        matches!(self.client_status, ClientStatus::Failed | ClientStatus::Lost)
    }

    /// The reason why it does not run: `task web: Exit Code: 7`. It comes from the failed task that is first in the
    /// alphabet. If no event of a task gives a reason, it is Nomad's description of the allocation.
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

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AllocationHealth {
    /// None: Nomad has not judged it yet.
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

impl TaskState {
    /// The last event that explains why the task ended or could not start, on one line. Events that only follow from
    /// that, such as `Policy allows no restarts`, do not count.
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
