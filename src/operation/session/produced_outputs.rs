//! The outputs of a component, for its dependents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decide::StateOutput;

#[derive(Clone, Debug, Default)]
pub struct ProducedOutputs {
    pub outputs: BTreeMap<String, StateOutput>,
    pub pending: PendingOutputs,
}

impl ProducedOutputs {
    /// Nothing is known of the values.
    pub fn all_pending() -> Self {
        Self { pending: PendingOutputs::All, ..Self::default() }
    }
}

/// Outputs whose values depend on a change that was not applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingOutputs {
    #[default]
    None,
    Some(Vec<String>),
    All,
}

impl PendingOutputs {
    pub fn holds(&self, output: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(names) => names.iter().any(|name| name == output),
            Self::All => true,
        }
    }
}
