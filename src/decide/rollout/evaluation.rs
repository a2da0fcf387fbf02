//! Evaluations: decisions of Nomad's scheduler about a job.

use crate::count::counted;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::null::nullable;
use super::status::EvaluationStatus;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Evaluation {
    #[serde(rename = "ID")]
    pub id: String,
    pub triggered_by: String,
    /// Index of the registration that caused it. Zero if no registration did.
    pub job_modify_index: u64,
    /// `pending`, `blocked`, `complete`, `failed` or `canceled`, with one l.
    pub status: EvaluationStatus,
    pub status_description: String,
    pub next_eval: String,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "nullable")]
    pub unplaced: BTreeMap<String, PlacementFailure>,
    pub create_index: u64,
}

/// Why no node was found for allocations of a group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlacementFailure {
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

impl PlacementFailure {
    /// `memory is exhausted on 1 node`.
    pub fn explain(&self) -> String {
        let mut said = Vec::new();
        for (constraint, nodes) in &self.constraint_filtered {
            said.push(format!("constraint {constraint:?} excludes {}", counted(nodes, "node")));
        }
        for (class, nodes) in &self.class_filtered {
            said.push(format!("node class {class:?} excludes {}", counted(nodes, "node")));
        }
        for (what, nodes) in &self.dimension_exhausted {
            said.push(format!("{what} is exhausted on {}", counted(nodes, "node")));
        }
        for quota in &self.quota_exhausted {
            said.push(format!("quota {quota} is exhausted"));
        }
        if said.is_empty() {
            said.push(match self.nodes_evaluated {
                0 => "its datacenters and its node pool have no ready node".to_owned(),
                evaluated => format!("none of {} is suitable", counted(evaluated, "node")),
            });
        }
        said.join(", ")
    }
}
