//! A state compared with the record of the last run: whether it is the same state, and which outputs are null.

use std::collections::BTreeMap;

use crate::count::counted;
use crate::decide::{self, State, StateProblem};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, state};
use crate::record::Record;
use crate::report::Status;
use crate::words::Words;

/// The state with its null outputs, if a record lists them. For questions: it takes no lock.
pub async fn whole(invoker: &Invoker<'_>) -> Result<Option<State>> {
    let state = state::read(invoker).await?;
    let name = &invoker.context.component.name;
    match invoker.context.session.records().latest(name, invoker.context.paths).await {
        // Its outputs may be values of resources that are gone.
        Ok(Some(record)) if record.outcome == Status::DataKept.word() => {
            Ok(state.map(|state| State { outputs: BTreeMap::new(), ..state }))
        }
        Ok(Some(record)) => Ok(record.with_nulls(state)),
        Ok(None) => Ok(state),
        // The state itself is still the answer. The next run of this component refuses the record.
        Err(error) => {
            tracing::warn!("{name}: Eos could not find out which outputs are null: {error}");
            Ok(state)
        }
    }
}

/// Refuses a state that is not the one after the last run.
pub(super) fn check(
    record: Option<&Record>,
    state: Option<&State>,
    may_be_empty: bool,
    context: &Context<'_>,
) -> Result<()> {
    let Some(record) = record else { return Ok(()) };
    let verdict = decide::compare(Some(&record.remembered()), state);
    let (code, what) = match verdict {
        Ok(()) => return Ok(()),
        // A destroy has nothing left to do, or an interrupted apply removed the resources.
        Err(StateProblem::Emptied) if may_be_empty => return Ok(()),
        Err(StateProblem::Empty) => {
            (Code::StateEmpty, "the state is missing: everything would be created again")
        }
        Err(StateProblem::Emptied) => {
            (Code::StateEmpty, "someone else emptied the state: everything would be created again")
        }
        Err(StateProblem::OtherLineage) => (Code::StateReplaced, "the current state is a different one"),
        Err(StateProblem::Older) => (Code::StateOlder, "the current state is an older one"),
    };
    let message = Words::own(format!(
        "the last run ({}, {}) left {} at serial {}; {what}",
        record.run_id,
        record.finished,
        counted(record.resources, "resource"),
        record.serial
    ));
    let remedy = Words::own(format!(
        "restore the state in {}; if those resources no longer exist, remove {}",
        state::place(context),
        context.paths.record().display()
    ));
    Err(Error::new(Layer::Terraform, Phase::Preparation, code, message, remedy))
}
