//! What a component's plan is made from, gathered when its turn comes.

use super::inputs::Inputs;
use super::secrets::Reading;
use super::session::Session;
use super::{handing, inputs, producers};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Node;
use crate::model::service::REVISION;
use crate::render;

pub struct Gathered {
    pub inputs: Inputs,
    /// The rendered backend block; None is the local one.
    pub backend: Option<String>,
}

pub async fn gather(session: &Session, node: &Node, reading: &Reading) -> Result<Gathered> {
    producers::read(session, node).await?;
    let produced = |producer: &_| session.produced.borrow().get(producer).cloned();
    let mut inputs = inputs::inputs(node, &produced, reading).await?;
    let component = &node.component;
    let outputs = inputs::handed(node, &produced, &mut inputs)?;
    if inputs.pending.is_empty() && !component.task_secrets.is_empty() {
        let namespace = inputs.known.get("namespace");
        let handed = handing::gather(session, component, outputs, namespace, reading).await?;
        inputs.known.extend(handed.revision.map(|revision| (REVISION.to_owned(), revision.into())));
        inputs.handed = handed;
    }
    let backend = render::backend(&component.backend, &session.blueprint.environment, &component.name)
        .map_err(|message| {
            Error::new(Layer::Salt, Phase::Validation, "backend", message, "correct the backend")
        })?;
    Ok(Gathered { inputs, backend })
}
