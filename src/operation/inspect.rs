//! Questions that terraform has to answer; they take no lock and change nothing.

use std::collections::BTreeSet;
use std::sync::mpsc;

use super::environment::{locate, runtime};
use super::invoke::Invoker;
use super::prepare::{prepare, select};
use super::session::Session;
use super::signal::Teller;
use super::summary::Opening;
use super::{Call, pump};
use crate::error::Result;
use crate::model::{Name, Overrides, Problem};
use crate::process::Cancel;
use crate::workdir::{Layout, Place};

pub struct Inspection<'a> {
    pub session: &'a Session,
    pub selected: BTreeSet<Name>,
}

impl<'a> Inspection<'a> {
    /// None where the component never ran here: its workdir has no module.
    pub fn invoker(&self, name: &Name, place: &'a Place) -> Result<Option<Invoker<'a>>> {
        if !place.module().exists() {
            return Ok(None);
        }
        let component = &self.session.blueprint.nodes[name].component;
        let subdir = &self.session.modules[name].subdir;
        Invoker::new(self.session, component, place, subdir, None).map(Some)
    }
}

/// Prepares a session and asks `question` of it, on the run's thread.
pub fn inspect<T: Send>(
    call: &Call<'_>,
    opening: &Opening,
    environment: &Name,
    components: Option<BTreeSet<Name>>,
    problems: Vec<Problem>,
    question: impl AsyncFnOnce(Inspection<'_>) -> Result<T> + Send,
) -> Result<T> {
    let prepared = prepare(&call.request, environment, &Overrides::default(), problems, call.host)?;
    let blueprint = &prepared.blueprint;
    let selected = select(blueprint, components, false)?;
    let layout = Layout::new(&blueprint.settings.root, &blueprint.environment);
    let (sender, receiver) = mpsc::channel();
    let teller = Teller { sender, environment: environment.clone(), run_id: opening.run_id.clone() };
    let cancel = Cancel::new();
    let mut progress = (call.progress)(environment.as_str(), &BTreeSet::new(), 1);
    let cancel_file = layout.run(&opening.run_id).join("cancel");
    let identity = call.request.identity.clone();
    let worker_cancel = cancel.clone();
    let work = move |teller: Teller| {
        runtime()?.block_on(async move {
            let tool = locate(&prepared, &worker_cancel).await?;
            let session = Session::new(
                opening.run_id.clone(),
                "inspect",
                prepared,
                tool,
                worker_cancel,
                teller,
                identity,
            )?;
            question(Inspection { session: &session, selected }).await
        })
    };
    pump::drive(call.host, &mut progress, &cancel, &cancel_file, teller, receiver, work)
}
