//! Salt steps: Salt states or a Salt function that run on minions in place of a Terraform module.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Map, Value};

/// Validated `salt` of a component or of a hook.
#[derive(Clone, Debug, PartialEq)]
pub struct SaltStep {
    pub target: MinionTarget,
    pub what: SaltCall,
    /// Time from the start of the job until every minion has answered. With batches, it applies to each batch.
    pub timeout: Duration,
    /// How many minions run at the same time. None: all.
    pub batch: Option<Batch>,
}

/// The target minions, in Salt's notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinionTarget {
    /// `glob`, `list`, `grain`, `pillar` or `compound`.
    pub kind: &'static str,
    /// In a list, the minions are separated by commas.
    pub pattern: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SaltCall {
    /// States, with pillar data that overrides the minion's own.
    States { sls: Vec<String>, pillar: Map<String, Value> },
    /// An execution function: `module.name`.
    Function { name: String, args: Vec<Value>, kwargs: Map<String, Value> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    Minions(NonZeroUsize),
    /// Percentage of the matching minions, from 1 to 100.
    Percent(usize),
}

impl Batch {
    /// The number of minions in one batch, out of `all` minions. At least 1.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Minions(number) => number.get(),
            Self::Percent(percent) => (all * percent / 100).max(1),
        }
    }
}

/// Functions that return results in the format of states, and accept `test`.
const STATES: [&str; 9] = [
    "state.apply",
    "state.high",
    "state.highstate",
    "state.low",
    "state.single",
    "state.sls",
    "state.sls_id",
    "state.template",
    "state.top",
];

impl SaltCall {
    /// The function that is called: `state.sls`, or the function of the step.
    pub fn function(&self) -> &str {
        match self {
            Self::States { .. } => "state.sls",
            Self::Function { name, .. } => name,
        }
    }

    /// Whether the step returns results in the format of states. Such a step can also report what it would change.
    pub fn is_states(&self) -> bool {
        STATES.contains(&self.function())
    }
}

/// Eos sets `test` for each call. Salt uses the other names to tell a function who called it.
pub fn is_reserved(key: &str) -> bool {
    key == "test" || key.starts_with("__")
}
