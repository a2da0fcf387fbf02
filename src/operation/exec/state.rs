//! Reads a component's state from its backend.

use std::sync::Arc;

use super::Invoker;
use super::command_output::CommandOutput;
use super::context::Context;
use crate::decide::State;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::terraform;
use crate::workdir;

/// A state, and its text.
pub struct PulledState {
    pub state: State,
    pub text: Arc<Vec<u8>>,
}

/// None if there is no state yet. A backend other than the local one has to be initialised.
pub async fn read(invoker: &Invoker<'_>) -> Result<Option<State>> {
    Ok(pull(invoker).await?.map(|pulled_state| pulled_state.state))
}

/// The same with its text, which a snapshot stores.
pub async fn pull(invoker: &Invoker<'_>) -> Result<Option<PulledState>> {
    // A terraform that is killed before its first write leaves an empty file: no resource was created.
    let Some(text) = text(invoker).await?.filter(|text| !text.iter().all(u8::is_ascii_whitespace)) else {
        return Ok(None);
    };
    let state = State::parse(&text).map_err(|reason| {
        let message = format!("the state in {} cannot be read: {reason}", place(&invoker.context));
        let remedy = match invoker.context.state() {
            Some(path) => format!("replace it with a good copy, such as {}.backup", path.display()),
            None => "restore an earlier version of it in the backend".to_owned(),
        };
        Error::new(Layer::Terraform, Phase::Preparation, Code::StateCorrupt, message, remedy)
    })?;
    let hidden = state.outputs.values().filter(|output| output.sensitive);
    invoker.context.redactor.add(hidden.map(|output| &output.value));
    Ok(Some(PulledState { state, text: Arc::new(text) }))
}

/// The text of the state as it is. It may not be a valid state.
pub async fn text(invoker: &Invoker<'_>) -> Result<Option<Vec<u8>>> {
    if let Some(path) = invoker.context.state() {
        return workdir::read(&path);
    }
    let timeout = invoker.context.component.timeouts.plan;
    let (exit, text) = invoker.document("state-pull", terraform::state_pull(), timeout).await?;
    match exit.code {
        Some(0) => Ok(Some(text)),
        _ => Err(invoker.failure(
            "state pull",
            Phase::Preparation,
            &CommandOutput { exit, diagnostics: Vec::new() },
        )),
    }
}

/// Its place, in words.
pub fn place(context: &Context<'_>) -> String {
    match context.state() {
        Some(path) => path.display().to_string(),
        None => format!("the {} backend", context.component.backend.kind),
    }
}
