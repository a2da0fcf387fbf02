//! The resources of a component that hold data, read before a destroy begins.

use crate::decide::holds_data;
use crate::error::Result;
use crate::model::{DataPolicy, Name};
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, state};
use crate::operation::session::Session;

/// The addresses that a destroy would take although policy says to ask first. It takes no lock: the component's turn
/// judges its plan again.
pub async fn data_at_risk(session: &Session, name: &Name) -> Vec<String> {
    let component = &session.blueprint.nodes[name].component;
    if component.step.is_some() || component.policy.data == DataPolicy::Allow {
        return Vec::new();
    }
    in_state(session, name).await.unwrap_or_else(|error| {
        tracing::debug!("{name}: its state could not be read before the destroy: {error}");
        Vec::new()
    })
}

async fn in_state(session: &Session, name: &Name) -> Result<Vec<String>> {
    let node = &session.blueprint.nodes[name];
    let paths = session.call.layout.component(name)?;
    let module = session.modules.get(name).filter(|_| paths.module().exists());
    let Some(module) = module else { return Ok(Vec::new()) };
    let context = Context::new(session, &node.component, &paths, None, session.call.reading())?;
    let invoker = Invoker::new(context, &module.subdir).await?;
    let Some(state) = state::read(&invoker).await? else { return Ok(Vec::new()) };
    let named = &node.component.data;
    let data = state.instances.iter().filter(|(address, one)| holds_data(named, &one.kind, address));
    Ok(data.map(|(address, _)| invoker.context.redactor.text(address)).collect())
}
