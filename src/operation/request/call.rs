//! What a caller asks for, as it arrived.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::{Error, Layer, Phase};
use crate::host::Host;
use crate::model::{Name, Problem};
use crate::view::progress::Progress;

/// One call of a runner function, an execution module function or a state.
pub struct Request {
    /// Such as `orchestrate`, or `module.plan` for the execution module's.
    pub operation: String,
    /// Named parameters and unknown keywords alike.
    pub arguments: Map<String, Value>,
    /// Positional arguments beyond the parameters.
    pub surplus: usize,
    /// The pillar's `infrastructure`; null where the pillar has none.
    pub infrastructure: Value,
    /// What was wrong with the pillar's and the arguments' values when they were converted.
    pub problems: Vec<Problem>,
    pub identity: Identity,
}

/// On whose behalf.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub jid: String,
    pub user: String,
    pub minion: String,
    /// Salt's own `test`, where the call has none.
    pub test: bool,
    /// What made the call in place of a person, such as `a schedule`.
    pub automation: Option<String>,
    /// The pillar's own `environment`, where the call names none.
    pub environment: Option<String>,
    pub salt_version: String,
}

/// One call: what is asked, of whom, and how progress is shown.
pub struct Call<'a> {
    pub request: Request,
    pub host: &'a dyn Host,
    /// Opens the progress display: environment, its components, how many at a time.
    pub progress: fn(&str, &BTreeSet<Name>, usize) -> Progress,
}

/// The error of a call that names no operation of ours.
pub fn unknown(operation: &str) -> Error {
    let message = format!("there is no operation {operation:?}");
    Error::new(Layer::Salt, Phase::Validation, "unknown_operation", message, "look at sys.list_functions")
}
