//! What a component's plan is made from, gathered when its turn comes.

use super::inputs::Inputs;
use super::secrets::Reading;
use super::session::Session;
use super::{handing, inputs, producers};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::service::REVISION;
use crate::model::{Node, Source};
use crate::render;

pub struct Gathered {
    pub inputs: Inputs,
    /// The rendered backend block; None is the local one.
    pub backend: Option<String>,
}

/// Whether the tasks of a service are to be handed what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    Over,
    /// It is a question, or is destroyed.
    Not,
}

impl Hands {
    pub fn unless(destroys: bool) -> Self {
        if destroys { Self::Not } else { Self::Over }
    }
}

pub async fn gather(session: &Session, node: &Node, reading: &Reading, hands: Hands) -> Result<Gathered> {
    producers::read(session, node).await?;
    let produced = |producer: &_| session.produced.borrow().get(producer).cloned();
    let mut inputs = inputs::inputs(node, &produced, reading).await?;
    let component = &node.component;
    // An earlier configuration is a module like any other: its tasks have what they had.
    let is_service =
        matches!(component.source, Some(Source::Service(_))) && !component.task_secrets.is_empty();
    if hands == Hands::Over && is_service {
        let (outputs, pending) = inputs::handed(node, &produced)?;
        inputs.pending.extend(pending);
        if inputs.pending.is_empty() {
            let namespace = inputs.known.get("namespace");
            let handed = handing::gather(session, component, outputs, namespace, reading).await?;
            inputs.known.extend(handed.revision.map(|revision| (REVISION.to_owned(), revision.into())));
            inputs.handed = handed;
        }
    }
    let backend = render::backend(&component.backend, &session.blueprint.environment, &component.name)
        .map_err(|message| {
            Error::new(Layer::Salt, Phase::Validation, "backend", message, "correct the backend")
        })?;
    Ok(Gathered { inputs, backend })
}
