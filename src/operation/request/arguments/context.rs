//! The names of an environment that come from outside the call.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::Name;
use crate::operation::request::call::Request;
use crate::operation::request::pillar::Pillar;

pub(super) struct EnvironmentContext {
    pub operation: String,
    /// None if there is no pillar to read.
    pub environments: Option<BTreeSet<Name>>,
    pub pillar: Option<String>,
    pub default: Option<String>,
}

impl EnvironmentContext {
    pub fn of(request: &Request, pillar: &dyn Pillar) -> Self {
        let names = |keys: Vec<String>| keys.iter().filter_map(|name| Name::new(name).ok()).collect();
        Self {
            operation: request.operation.clone(),
            environments: pillar.keys(&[]).map(|_| names(pillar.keys(&["environments"]).unwrap_or_default())),
            pillar: request.identity.environment.clone(),
            default: text(&pillar.part(&["settings", "default_environment"])),
        }
    }
}

/// A value as it is shown. Only a text can be the name of an environment.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
