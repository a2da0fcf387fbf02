//! Collects the inputs of a component's plan at the start of its turn.

pub mod given_secrets;
mod known_secret;
pub mod missing_variables;
pub mod prepared_secrets;
pub mod task_secrets;
pub mod upstream_outputs;
pub mod variables;

use serde_json::json;

use self::prepared_secrets::PreparedSecrets;
use self::variables::Inputs;
use crate::operation::session::Session;
use crate::operation::session::call_context::CallContext;
use crate::operation::session::secrets::SecretReader;
use crate::operation::store::keyed_digest::DigestKey;
use crate::operation::store::plan_basis::PlanBasis;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{Node, Source};
use crate::render;
use crate::resolve::Module;

pub struct CollectedInputs {
    pub inputs: Inputs,
    /// For the tasks of a service, not for terraform.
    pub task_secrets: PreparedSecrets,
    /// The rendered backend block. None means the local backend.
    pub backend: Option<String>,
}

impl CollectedInputs {
    /// The facts on which a plan of this module with these inputs is based.
    pub fn plan_basis(&self, call: &CallContext, module: &Module) -> Result<PlanBasis> {
        let key = DigestKey::of(&call.layout)?;
        let inputs = key.digest(&self.inputs.basis());
        // Equal values of two variables have different digests.
        let each = self.inputs.lasting();
        let variables =
            each.into_iter().map(|(name, value)| (name.clone(), key.digest(&json!([name, value])))).collect();
        Ok(PlanBasis::new(module, inputs, variables, self.backend.as_deref(), call.tool.identity()))
    }
}

/// Whether the tasks of a service get their secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPublishing {
    Yes,
    /// Not in a question, and not in a destroy.
    No,
}

impl SecretPublishing {
    pub fn unless(destroys: bool) -> Self {
        if destroys { Self::No } else { Self::Yes }
    }
}

pub async fn collect_inputs(
    session: &Session,
    node: &Node,
    reader: &SecretReader,
    publishing: SecretPublishing,
) -> Result<CollectedInputs> {
    let read = match publishing {
        SecretPublishing::Yes => upstream_outputs::read(session, node).await?,
        SecretPublishing::No => upstream_outputs::read_present(session, node).await?,
    };
    let produced = |producer: &_| read.get(producer).cloned();
    let mut inputs = variables::inputs(node, &produced, reader).await?;
    let component = &node.component;
    // An earlier configuration is a plain module. Its tasks keep the secrets that they have.
    let is_service =
        matches!(component.source, Some(Source::Service(_))) && !component.task_secrets.is_empty();
    let mut task_secrets = PreparedSecrets::default();
    if publishing == SecretPublishing::Yes && is_service {
        let (outputs, pending) = variables::handed(node, &produced)?;
        inputs.pending.extend(pending);
        if inputs.pending.is_empty() {
            let namespace = inputs.known.get("namespace");
            let given =
                task_secrets::collect_task_secrets(session, component, outputs, namespace, reader).await?;
            inputs.known.extend(given.revision.map(|revision| (REVISION.to_owned(), revision.into())));
            task_secrets = given;
        }
    }
    let backend = render::backend(&component.backend, &session.blueprint.environment, &component.name)
        .map_err(|message| {
            Error::new(Layer::Salt, Phase::Validation, Code::Backend, message, "correct the backend")
        })?;
    Ok(CollectedInputs { inputs, task_secrets, backend })
}
