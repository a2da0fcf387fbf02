//! A step of Salt's own: what runs on minions in place of a Terraform module.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Map, Value};

/// Validated `salt`, of a component or of a hook.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub target: Target,
    pub what: What,
    /// From the start of the job until every minion has answered; of each batch, where there are some.
    pub timeout: Duration,
    /// So many minions at a time; none: all at once.
    pub batch: Option<Batch>,
}

/// Which minions, in Salt's own notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `glob`, `list`, `grain`, `pillar` or `compound`.
    pub kind: &'static str,
    /// A list has commas between its minions.
    pub pattern: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// States, with a pillar over the minion's own.
    States { sls: Vec<String>, pillar: Map<String, Value> },
    /// An execution function: `module.name`.
    Function { name: String, args: Vec<Value>, kwargs: Map<String, Value> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    Minions(NonZeroUsize),
    /// Of those that match; from 1 to 100.
    Percent(usize),
}

impl Batch {
    /// How many of so many minions at once; never none.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Minions(number) => number.get(),
            Self::Percent(percent) => (all * percent / 100).max(1),
        }
    }
}

/// Functions that answer as states do, and take `test`.
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

impl What {
    /// What is called: `state.sls`, or the function.
    pub fn function(&self) -> &str {
        match self {
            Self::States { .. } => "state.sls",
            Self::Function { name, .. } => name,
        }
    }

    /// Whether it answers as states do, and can be asked what it would change.
    pub fn is_states(&self) -> bool {
        STATES.contains(&self.function())
    }
}

/// `test` follows the call; the others are how Salt tells a function who called it.
pub fn is_reserved(key: &str) -> bool {
    key == "test" || key.starts_with("__")
}
