//! The outputs of a component, for its dependents.

use std::collections::BTreeMap;

use crate::decide::StateOutput;

#[derive(Clone, Debug, Default)]
pub struct Produced {
    pub outputs: BTreeMap<String, StateOutput>,
    pub pending: Pending,
}

/// Outputs whose values depend on a change that was not applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pending {
    #[default]
    None,
    Some(Vec<String>),
    All,
}

impl Pending {
    pub fn holds(&self, output: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(names) => names.iter().any(|name| name == output),
            Self::All => true,
        }
    }
}
