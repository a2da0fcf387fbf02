//! What Salt did on its minions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::status::Status;

/// What a step of Salt's own did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaltRun {
    /// Salt's jobs, in order.
    pub jids: Vec<String>,
    pub function: String,
    pub target: String,
    pub minions: BTreeMap<String, OnMinion>,
}

/// The same on one minion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnMinion {
    /// applied, unchanged, planned, failed, or skipped where it was not begun.
    pub status: Status,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<StateLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<StateLine>,
    /// States that had nothing to do.
    pub unchanged: u64,
    /// States of the two lists that are not told.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// What a function returned, or why there is no answer of states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Value>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One state of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateLine {
    pub id: String,
    pub name: String,
    /// `file.managed`
    pub function: String,
    pub comment: String,
    /// What was changed, by Salt's keys; their values are not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}
