//! What a component gives to those that read it.

use std::collections::BTreeMap;

use crate::decide::StateOutput;

#[derive(Clone, Debug, Default)]
pub struct Produced {
    pub outputs: BTreeMap<String, StateOutput>,
    pub pending: Pending,
}

/// Outputs that a change which was not applied will decide.
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
