//! Reads a component's state, wherever it is kept, and compares it with what we remember.

use std::sync::Arc;

use super::Invoker;
use super::outcome::Said;
use crate::decide::{self, State, StateProblem};
use crate::error::{Error, Layer, Phase, Result};
use crate::record::Record;
use crate::terraform;
use crate::words::Words;
use crate::workdir;

/// A state, and the text that it was read from.
pub struct Pulled {
    pub state: State,
    pub text: Arc<Vec<u8>>,
}

/// None: there is no state yet. A backend other than the local one has to be initialised.
pub async fn read(invoker: &Invoker<'_>) -> Result<Option<State>> {
    Ok(pull(invoker).await?.map(|pulled| pulled.state))
}

/// The same with its null outputs, where a record is there that knows them. For questions: it takes no lock.
pub async fn whole(invoker: &Invoker<'_>) -> Result<Option<State>> {
    let state = read(invoker).await?;
    let name = &invoker.component.name;
    match invoker.session.records().latest(name, invoker.place).await {
        Ok(Some(record)) => Ok(record.with_nulls(state)),
        Ok(None) => Ok(state),
        // What the state has is the answer all the same; a run of this component refuses the record.
        Err(error) => {
            tracing::warn!("{name}: outputs that are null cannot be known: {error}");
            Ok(state)
        }
    }
}

/// The same with its text, which a snapshot keeps.
pub async fn pull(invoker: &Invoker<'_>) -> Result<Option<Pulled>> {
    // Killed before its first write, terraform leaves an empty file: nothing was made.
    let Some(text) = text(invoker).await?.filter(|text| !text.iter().all(u8::is_ascii_whitespace)) else {
        return Ok(None);
    };
    let state = State::parse(&text).map_err(|reason| {
        let message = format!("the state in {} cannot be read: {reason}", place(invoker));
        let remedy = match invoker.state() {
            Some(path) => format!("put a good copy there, such as {}.backup", path.display()),
            None => "restore an earlier version of it in the backend".to_owned(),
        };
        Error::new(Layer::Terraform, Phase::Preparation, "state_corrupt", message, remedy)
    })?;
    let hidden = state.outputs.values().filter(|output| output.sensitive);
    invoker.redactor.add(hidden.map(|output| &output.value));
    Ok(Some(Pulled { state, text: Arc::new(text) }))
}

/// The state as it stands, which need not be one.
pub async fn text(invoker: &Invoker<'_>) -> Result<Option<Vec<u8>>> {
    if let Some(path) = invoker.state() {
        return workdir::read(&path);
    }
    let timeout = invoker.component.timeouts.plan;
    let (exit, text) = invoker.document("state-pull", terraform::state_pull(), timeout).await?;
    match exit.code {
        Some(0) => Ok(Some(text)),
        _ => Err(invoker.failure("state pull", Phase::Preparation, &Said { exit, diagnostics: Vec::new() })),
    }
}

fn place(invoker: &Invoker<'_>) -> String {
    match invoker.state() {
        Some(path) => path.display().to_string(),
        None => format!("the {} backend", invoker.component.backend.kind),
    }
}

/// Refuses a state that is not the one the last run left.
pub fn check(
    record: Option<&Record>,
    found: Option<&State>,
    destroying: bool,
    invoker: &Invoker<'_>,
) -> Result<()> {
    let Some(record) = record else { return Ok(()) };
    let verdict = decide::compare(Some(&record.remembered()), found);
    let (code, what) = match verdict {
        Ok(()) => return Ok(()),
        // Nothing is left to destroy, and that is what was asked for.
        Err(StateProblem::Emptied) if destroying => return Ok(()),
        Err(StateProblem::Empty) => {
            ("state_empty", "there is no state now: everything would be created again")
        }
        Err(StateProblem::Emptied) => {
            ("state_empty", "the state was emptied by somebody else: everything would be created again")
        }
        Err(StateProblem::OtherLineage) => ("state_replaced", "the state there now is another one"),
        Err(StateProblem::Older) => ("state_older", "the state there now is an older one"),
    };
    let message = Words::own(format!(
        "the last run ({}, {}) left {} resource(s) at serial {}; {what}",
        record.run_id, record.finished, record.resources, record.serial
    ));
    let remedy = Words::own(format!(
        "put the state back into {}; if those resources are really gone, remove {}",
        place(invoker),
        invoker.place.record().display()
    ));
    Err(Error::new(Layer::Terraform, Phase::Preparation, code, message, remedy))
}
