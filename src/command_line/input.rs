//! Values for the variables of a component, as a call gives them.

use serde::{Deserialize, Serialize};

/// How a call gives a value to a variable of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    Variable,
    /// Its value is a reference.
    Secret,
}

impl Input {
    /// `variables={size: 2, name: web}`
    pub(super) fn of_salt(self, values: &[(String, String)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let parameter = if self == Self::Variable { "variables" } else { "secrets" };
        format!("{parameter}={{{}}}", values.join(", "))
    }

    pub(super) fn flag(self) -> &'static str {
        if self == Self::Variable { "--var" } else { "--secret" }
    }
}
