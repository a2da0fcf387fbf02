//! Results of Salt on minions, in the report.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::status::Status;

/// The results of a Salt step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaltRun {
    /// Salt's jobs, in order.
    pub jids: Vec<String>,
    pub function: String,
    pub target: String,
    pub minions: BTreeMap<String, MinionResult>,
}

/// The results on one minion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MinionResult {
    /// applied, unchanged, planned, failed, or skipped if the step was not started there.
    pub status: Status,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<StateLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<StateLine>,
    /// Number of states without changes.
    pub unchanged: u64,
    /// Number of states that are left out of the two lists.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// The return value of a function, or the reason why there are no results of states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Value>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One state that ran.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateLine {
    pub id: String,
    pub name: String,
    /// `file.managed`
    pub function: String,
    pub comment: String,
    /// The changed parts, by Salt's keys. Their values are not reported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}
