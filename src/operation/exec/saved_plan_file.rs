//! Reads a saved plan: the plan file, as JSON.

use std::path::Path;

use serde_json::Value;

use super::Invoker;
use super::command_output::CommandOutput;
use crate::change::{self, Changes};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::store::keyed_digest;
use crate::terraform;

/// The changes of a saved plan, by attribute.
pub async fn show(invoker: &Invoker<'_>, file: &Path) -> Result<Changes> {
    let plan = document(invoker, file).await?;
    let digest = keyed_digest::keyed(&invoker.context.session.call.layout, &change::change_set(&plan))?;
    Ok(Changes { digest, ..change::read(&plan) })
}

/// The complete plan of a file, in clear.
pub async fn document(invoker: &Invoker<'_>, file: &Path) -> Result<Value> {
    let timeout = invoker.context.component.timeouts.plan;
    let (exit, text) = invoker.document("show", terraform::show_plan(file), timeout).await?;
    if exit.code != Some(0) {
        return Err(invoker.failure(
            "show",
            Phase::Planning,
            &CommandOutput { exit, diagnostics: Vec::new() },
        ));
    }
    serde_json::from_slice(&text).map_err(|error| {
        let message = format!("terraform show printed invalid JSON: {error}");
        Error::new(
            Layer::Terraform,
            Phase::Planning,
            Code::Garbage,
            message,
            "check the configured terraform",
        )
    })
}
