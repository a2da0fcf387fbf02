//! The outputs of a state, as they may be shown.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::change::{Redactor, SENSITIVE};
use crate::decide::State;

/// Non-sensitive outputs. Known secrets are removed, for example sensitive outputs of a state that was read.
pub fn shown(redactor: &Redactor, state: &State) -> BTreeMap<String, Value> {
    let visible = state.outputs.iter().filter(|(_, output)| !output.sensitive);
    visible
        .map(|(name, output)| {
            let mut value = output.value.clone();
            redactor.value(&mut value);
            (name.clone(), value)
        })
        .collect()
}

/// Every output, with masked values for the sensitive ones.
pub fn masked(redactor: &Redactor, state: &State) -> BTreeMap<String, Value> {
    let hidden = state.outputs.iter().filter(|(_, output)| output.sensitive);
    let mut all = shown(redactor, state);
    all.extend(hidden.map(|(name, _)| (name.clone(), SENSITIVE.into())));
    all
}
