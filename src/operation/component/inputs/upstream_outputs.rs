//! The outputs of components that this run leaves alone, read from their states.

use crate::error::Result;
use crate::model::{Name, Node};
use crate::operation::component::recorded_state;
use crate::operation::exec::Invoker;
use crate::operation::session::Session;
use crate::operation::session::produced::Produced;

/// Reads what this component's inputs come from, where this run has not produced it.
pub(in crate::operation::component) async fn read(session: &Session, node: &Node) -> Result<()> {
    for reference in node.component.reads() {
        if !session.produced.borrow().contains_key(&reference.component) {
            let produced = last(session, &reference.component).await?;
            session.produce(&reference.component, produced);
        }
    }
    Ok(())
}

/// A component's last outputs; none where it never ran here. Takes no lock: it only reads.
async fn last(session: &Session, name: &Name) -> Result<Produced> {
    // What was applied may read from a component that the pillar has no more.
    let Some(node) = session.blueprint.nodes.get(name) else { return Ok(Produced::default()) };
    let place = session.layout.place(name)?;
    let module = session.modules.get(name).filter(|_| place.module().exists());
    let Some(module) = module else { return Ok(Produced::default()) };
    let reading = session.reading();
    let invoker = Invoker::new(session, &node.component, &place, &module.subdir, None, reading).await?;
    let state = recorded_state::whole(&invoker).await.map_err(|error| error.of(name))?;
    Ok(Produced { outputs: state.map(|state| state.outputs).unwrap_or_default(), ..Produced::default() })
}
