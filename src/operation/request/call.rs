//! A call, as it arrived.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::command_line::{CommandLine, salt_call, salt_run};
use crate::error::{Code, Error, Layer, Phase};
use crate::host::Host;
use crate::model::{Branch, Identity, Name, Problem};
use crate::view::progress::ProgressDisplay;
use crate::words::Words;

/// One call of a runner function, an execution module function or a state.
pub struct Request {
    /// Such as `orchestrate`; `module.plan` for a function of the execution module.
    pub operation: String,
    /// Named parameters and unknown keywords.
    pub arguments: Map<String, Value>,
    /// The number of positional arguments beyond the parameters.
    pub surplus: usize,
    /// The pillar's `infrastructure`; null if the pillar has none.
    pub infrastructure: Value,
    /// Problems with values of the pillar and of the arguments, found when they were converted.
    pub problems: Vec<Problem>,
    pub identity: CallerIdentity,
}

/// Where a call runs, and so where the plans are that it saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallPlace {
    /// On the master. The minion whose pillar is used, if the call names it.
    Master { pillar_of: Option<String> },
    /// On this minion of a master.
    Minion(String),
    /// On a minion without a master.
    Masterless(String),
}

impl Default for CallPlace {
    fn default() -> Self {
        Self::Master { pillar_of: None }
    }
}

/// Who makes the call.
#[derive(Clone, Debug, Default)]
pub struct CallerIdentity {
    pub jid: String,
    pub user: String,
    /// The same user, and how the name is known.
    pub known: Identity,
    pub minion: String,
    pub place: CallPlace,
    /// How the caller writes commands.
    pub command_line: CommandLine,
    /// Salt's own `test`, if the call has none.
    pub test: bool,
    /// What made the call if no person did, such as `a schedule`.
    pub automation: Option<String>,
    /// The pillar's own `environment`, if the call names none.
    pub environment: Option<String>,
    /// The branch whose pillar this is, if the call asks for one.
    pub branch: Option<Branch>,
    /// The root that Salt's configuration names in place of the pillar's.
    pub salt_root: Option<String>,
    pub salt_version: String,
}

impl CallerIdentity {
    /// The command that shows the pillar of this call as Salt compiles it. None for a branch: it would show the one in
    /// force.
    pub fn shows_pillar(&self) -> Option<Words> {
        let shows = match self.place {
            CallPlace::Master { .. } => salt_run(&["pillar.show_pillar", &self.minion]),
            CallPlace::Minion(_) | CallPlace::Masterless(_) => salt_call(&["pillar.items"]),
        };
        self.branch.is_none().then(|| Words::shell(shows))
    }
}

/// One call: the request, the host, and the progress display.
pub struct Call<'a> {
    pub request: Request,
    pub host: &'a dyn Host,
    /// Opens the progress display. Its arguments: the environment, its components, the number that run in parallel.
    pub progress: fn(&str, &BTreeSet<Name>, usize) -> ProgressDisplay,
}

/// The error of a call that names an unknown operation.
pub fn unknown(operation: &str) -> Error {
    let message = format!("operation {operation:?} does not exist");
    Error::new(
        Layer::Salt,
        Phase::Validation,
        Code::UnknownOperation,
        message,
        "sys.list_functions lists all functions",
    )
}
