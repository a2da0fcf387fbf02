//! The outputs of a component, for its dependents.

use std::collections::BTreeMap;

use crate::decide::StateOutput;

#[derive(Clone, Debug, Default)]
pub struct ProducedOutputs {
    pub outputs: BTreeMap<String, StateOutput>,
    pub pending: PendingOutputs,
}

/// Outputs whose values depend on a change that was not applied.
#[derive(Clone, Debug, Default, PartialEq)]
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
