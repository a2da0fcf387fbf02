//! Collects the inputs of a component's plan at the start of its turn.

pub mod given_secrets;
pub mod handed;
mod known_secret;
pub mod lacking;
pub mod task_secrets;
pub mod upstream_outputs;
pub mod variables;

use self::handed::Handed;
use self::variables::Inputs;
use crate::operation::session::Session;
use crate::operation::session::call_context::CallContext;
use crate::operation::session::secrets::Reading;
use crate::operation::store::facts::Facts;
use crate::operation::store::keyed_digest::keyed;
use serde_json::json;

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{Node, Source};
use crate::render;
use crate::resolve::Module;

pub struct Gathered {
    pub inputs: Inputs,
    /// For the tasks of a service, not for terraform.
    pub handed: Handed,
    /// The rendered backend block. None means the local backend.
    pub backend: Option<String>,
}

impl Gathered {
    /// The facts on which a plan of this module with these inputs is based.
    pub fn facts(&self, call: &CallContext, module: &Module) -> Result<Facts> {
        let inputs = keyed(&call.layout, &json!([self.inputs.known, self.inputs.secret]))?;
        Ok(Facts::new(module, inputs, self.backend.as_deref(), &call.tool.version))
    }
}

/// Whether the tasks of a service get their secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    Over,
    /// Not in a question, and not in a destroy.
    Not,
}

impl Hands {
    pub fn unless(destroys: bool) -> Self {
        if destroys { Self::Not } else { Self::Over }
    }
}

pub async fn gather(session: &Session, node: &Node, reading: &Reading, hands: Hands) -> Result<Gathered> {
    upstream_outputs::read(session, node).await?;
    let produced = |producer: &_| session.ledger.produced.borrow().get(producer).cloned();
    let mut inputs = variables::inputs(node, &produced, reading).await?;
    let component = &node.component;
    // An earlier configuration is a plain module. Its tasks keep the secrets that they have.
    let is_service =
        matches!(component.source, Some(Source::Service(_))) && !component.task_secrets.is_empty();
    let mut handed = Handed::default();
    if hands == Hands::Over && is_service {
        let (outputs, pending) = variables::handed(node, &produced)?;
        inputs.pending.extend(pending);
        if inputs.pending.is_empty() {
            let namespace = inputs.known.get("namespace");
            let given = task_secrets::gather(session, component, outputs, namespace, reading).await?;
            inputs.known.extend(given.revision.map(|revision| (REVISION.to_owned(), revision.into())));
            handed = given;
        }
    }
    let backend = render::backend(&component.backend, &session.blueprint.environment, &component.name)
        .map_err(|message| {
            Error::new(Layer::Salt, Phase::Validation, Code::Backend, message, "correct the backend")
        })?;
    Ok(Gathered { inputs, handed, backend })
}
