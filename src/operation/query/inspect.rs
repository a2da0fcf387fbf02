//! Questions that terraform has to answer. They take no lock and change nothing.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::error::Result;
use crate::model::{Input, Name};
use crate::operation::blueprint::{select, today};
use crate::operation::component::inputs::{SecretPublishing, collect_inputs, missing_variables};
use crate::operation::exec::Invoker;
use crate::operation::exec::context::Context;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::workdir::{ComponentPaths, Layout};

pub struct Inspection<'a> {
    pub session: &'a Session,
    pub selected: BTreeSet<Name>,
}

impl<'a> Inspection<'a> {
    /// None if the component never ran here, or is a Salt step: its workdir has no module.
    ///
    /// Its secret inputs are removed from the answer. If they cannot be read, there is no answer.
    pub async fn invoker(&self, name: &Name, place: &'a ComponentPaths) -> Result<Option<Invoker<'a>>> {
        let module = self.session.modules.get(name).filter(|_| place.module().exists());
        let Some(module) = module else { return Ok(None) };
        let node = &self.session.blueprint.nodes[name];
        let reader = self.session.call.reading();
        let context = Context::new(self.session, &node.component, place, None, reader.clone())?;
        let invoker = Invoker::new(context, &module.subdir).await?;
        invoker.context.redactor.add(
            collect_inputs(self.session, node, &reader, SecretPublishing::No).await?.inputs.secret.values(),
        );
        // A value that a call gave and that cannot be read now is still hidden by Terraform's own sensitive marks.
        for input in missing_variables::given(self.session, node, name).await.unwrap_or_default() {
            if let Input::Secret(reference) = input
                && let Ok(value) = reader.read(&reference).await
            {
                invoker.context.redactor.add([&Value::from(value.expose_secret())]);
            }
        }
        Ok(Some(invoker))
    }
}

/// Prepares a session for the question, and runs `ask` in it, on the run's thread.
pub fn inspect<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    question: Question,
    ask: impl AsyncFnOnce(Inspection<'_>) -> Result<T> + Send,
) -> Result<T> {
    let prepared = today(call, &question.environment, question.problems)?;
    let selected = select(&prepared.blueprint, question.components, false)?;
    let layout = Layout::of(&prepared.blueprint)?;
    let answer = driver::in_session(
        call,
        builder,
        prepared,
        JournalHandle::default(),
        &BTreeSet::new(),
        async move |session: &Session| ask(Inspection { session, selected }).await,
    );
    layout.remove_run(&builder.run_id);
    answer
}
