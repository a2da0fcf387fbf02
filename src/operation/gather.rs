//! What a component's plan is made from, gathered when its turn comes.

use super::inputs::{Inputs, inputs};
use super::producers;
use super::secrets::Reading;
use super::session::Session;
use crate::error::{Error, Layer, Phase, Result};
use crate::model::Node;
use crate::render;

pub struct Gathered {
    pub inputs: Inputs,
    /// The rendered backend block; None is the local one.
    pub backend: Option<String>,
}

pub async fn gather(session: &Session, node: &Node, reading: &Reading) -> Result<Gathered> {
    producers::read(session, node).await?;
    let produced = |producer: &_| session.produced.borrow().get(producer).cloned();
    let inputs = inputs(node, &produced, reading).await?;
    let component = &node.component;
    let backend = render::backend(&component.backend, &session.blueprint.environment, &component.name)
        .map_err(|message| {
            Error::new(Layer::Salt, Phase::Validation, "backend", message, "correct the backend")
        })?;
    Ok(Gathered { inputs, backend })
}
