//! The outputs of components that this run does not change, read from their states.

use std::collections::BTreeMap;

use crate::decide::State;
use crate::error::Result;
use crate::model::{Name, Node, OutputRef};
use crate::operation::component::recorded_state;
use crate::operation::exec::Invoker;
use crate::operation::exec::context::Context;
use crate::operation::session::Session;
use crate::operation::session::produced_outputs::{PendingOutputs, ProducedOutputs};

/// The outputs by the component that has them.
type Read = BTreeMap<Name, ProducedOutputs>;

/// The outputs of each component that this component's inputs refer to. What this run has not produced is read.
pub(in crate::operation::component) async fn read(session: &Session, node: &Node) -> Result<Read> {
    let mut read = Read::new();
    for OutputRef { component, .. } in node.component.reads() {
        let known = session.ledger.produced.borrow().get(component).cloned();
        let produced = match known {
            Some(produced) => produced,
            None => {
                let produced = last(session, component).await?;
                session.ledger.produce(component, produced.clone());
                produced
            }
        };
        read.insert(component.clone(), produced);
    }
    Ok(read)
}

/// The same for a destroy or a question: no pending change hides an output, because it is still there.
pub(in crate::operation::component) async fn read_present(session: &Session, node: &Node) -> Result<Read> {
    let mut read = read(session, node).await?;
    for (component, produced) in &mut read {
        if produced.pending != PendingOutputs::None {
            *produced = last(session, component).await?;
        }
    }
    Ok(read)
}

/// Produces the outputs of a component whose pending changes are known: its last outputs, and which of them change.
pub async fn produce_pending(session: &Session, name: &Name, pending: PendingOutputs) -> Result<()> {
    let mut produced = last(session, name).await?;
    if let Some(node) = session.blueprint.nodes.get(name) {
        // A declared output without a value that no change gives it one is null.
        let state = State { outputs: produced.outputs, ..State::default() };
        produced.outputs = state.with_nulls(&node.interface.outputs).outputs;
    }
    session.ledger.produce(name, ProducedOutputs { pending, ..produced });
    Ok(())
}

/// The last outputs of a component; none if it never ran on this host. It takes no lock, because it only reads.
async fn last(session: &Session, name: &Name) -> Result<ProducedOutputs> {
    // The applied configuration may read a component that was removed from the pillar.
    let Some(node) = session.blueprint.nodes.get(name) else { return Ok(ProducedOutputs::default()) };
    let paths = session.call.layout.component(name)?;
    let module = session.modules.get(name).filter(|_| paths.module().exists());
    let Some(module) = module else { return Ok(ProducedOutputs::default()) };
    let reader = session.call.reading();
    let context = Context::new(session, &node.component, &paths, None, reader)?;
    let invoker = Invoker::new(context, &module.subdir).await?;
    let state = recorded_state::whole(&invoker).await.map_err(|error| error.of(name))?;
    Ok(ProducedOutputs {
        outputs: state.map(|state| state.outputs).unwrap_or_default(),
        ..ProducedOutputs::default()
    })
}
