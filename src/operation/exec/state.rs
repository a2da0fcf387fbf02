//! Reads a component's state, wherever it is kept.

use std::sync::Arc;

use super::Invoker;
use super::outcome::Said;
use crate::decide::State;
use crate::error::{Error, Layer, Phase, Result};
use crate::terraform;
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

/// Where it is, in words.
pub fn place(invoker: &Invoker<'_>) -> String {
    match invoker.state() {
        Some(path) => path.display().to_string(),
        None => format!("the {} backend", invoker.component.backend.kind),
    }
}
