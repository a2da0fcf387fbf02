//! The last outputs of an environment's components.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::inspect::{Inspection, inspect};
use super::summary::Opening;
use super::{Call, apply, state};
use crate::error::Result;
use crate::model::Name;
use crate::report::{ComponentReport, Report, Status};

pub fn outputs(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let components = arguments.names("components");
    arguments.value("minion");
    let opening = Opening::new("outputs", environment.as_str(), false, &call.request.identity);
    let problems = arguments.finish();
    let found = inspect(call, &opening, &environment, components, problems, async |inspection| {
        let mut reports = BTreeMap::new();
        for name in &inspection.selected {
            reports.insert(name.clone(), of(&inspection, name).await?);
        }
        Ok(reports)
    });
    match found {
        Ok(components) => {
            let flat: BTreeMap<_, Value> =
                components.iter().map(|(name, one)| (name.clone(), json!(one.outputs))).collect();
            opening.answer(components, BTreeMap::from([("outputs".to_owned(), json!(flat))]))
        }
        Err(error) => opening.failed(error),
    }
}

/// One component's visible outputs; those that are secrets are named in a note.
async fn of(inspection: &Inspection<'_>, name: &Name) -> Result<ComponentReport> {
    let place = inspection.session.layout.place(name);
    let Some(invoker) = inspection.invoker(name, &place).await.map_err(|error| error.of(name))? else {
        return Ok(ComponentReport::new(Status::Absent, "never_ran_here"));
    };
    let Some(state) = state::read(&invoker).await.map_err(|error| error.of(name))? else {
        return Ok(ComponentReport::new(Status::Absent, "no_state"));
    };
    let mut report = ComponentReport::new(Status::Unchanged, "");
    report.outputs = apply::shown(&invoker, &state);
    let hidden: Vec<_> =
        state.outputs.iter().filter(|(_, output)| output.sensitive).map(|(name, _)| name.as_str()).collect();
    if !hidden.is_empty() {
        report.notes.push(format!("sensitive, not shown: {}", hidden.join(", ")));
    }
    Ok(report)
}
