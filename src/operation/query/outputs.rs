//! The last outputs of an environment's components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::inspect::{Inspection, inspect};
use super::snapshots;
use crate::error::{Code, Error, Result};
use crate::model::{self, Name};
use crate::operation::blueprint::draft;
use crate::operation::component::recorded_state;
use crate::operation::component::shown_outputs;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::record::{CachedOutputs, Record};
use crate::report::{ComponentReport, Report, Status};
use crate::words::Words;
use crate::workdir::Layout;

pub fn outputs(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let cached = arguments.flag("cached");
    let question = Question::new(arguments);
    let builder = question.report_builder("outputs", &call.request.identity);
    if cached {
        let found = match question.problems.is_empty() {
            true => known(call, &question.environment, question.components),
            false => Err(model::refusal(question.problems)),
        };
        return match found {
            Ok(found) => answer(builder, found),
            Err(error) => builder.failed(error),
        };
    }
    let found = inspect(call, &builder, question, async |inspection| {
        let mut reports = BTreeMap::new();
        for name in &inspection.selected {
            let report = of(&inspection, name).await;
            reports.insert(name.clone(), report.unwrap_or_else(|error| failed(name, error)));
        }
        Ok(reports)
    });
    match found {
        Ok(components) => answer(builder, components),
        Err(error) => builder.failed(error),
    }
}

fn answer(builder: ReportBuilder, mut components: BTreeMap<Name, ComponentReport>) -> Report {
    components.values_mut().for_each(|report| builder.secrets.report(report));
    let flat: BTreeMap<_, Value> =
        components.iter().map(|(name, one)| (name.clone(), json!(one.outputs))).collect();
    builder.found(components, BTreeMap::from([("outputs".to_owned(), json!(flat))]))
}

fn failed(name: &Name, error: Error) -> ComponentReport {
    ComponentReport::failed(error.of(name))
}

/// As the last scheduled check found them: no terraform, no backend and no module is used.
fn known(
    call: &Call<'_>,
    environment: &Name,
    components: Option<BTreeSet<Name>>,
) -> Result<BTreeMap<Name, ComponentReport>> {
    let draft = draft(&call.request, environment)?;
    let layout = Layout::new(&draft.settings.root, environment)?;
    if let Some(named) = &components {
        snapshots::refuse_unknown(&draft, named, &draft.mentioned)?;
    }
    let mut reports = BTreeMap::new();
    for name in components.unwrap_or_else(|| draft.components.keys().cloned().collect()) {
        let known = layout.component(&name).and_then(|paths| CachedOutputs::read(&paths.outputs()));
        let report = match known {
            Err(error) => failed(&name, error),
            Ok(None) => ComponentReport::new(Status::Absent, Code::NeverSynced),
            Ok(Some(cached)) => {
                let record = layout.component(&name).and_then(|paths| Record::read(&paths.record()));
                let mut report = found(record.ok().flatten().as_ref());
                report.outputs = cached.outputs;
                report.notes.push(Words::own(format!("as of {}", cached.time)));
                report.notes.extend(hidden(&cached.sensitive));
                report
            }
        };
        reports.insert(name, report);
    }
    Ok(reports)
}

/// The report of a component that has a state. It is marked if the last apply did not complete.
fn found(record: Option<&Record>) -> ComponentReport {
    let Some(outcome) = record.filter(|record| !record.is_complete()).map(|record| &record.outcome) else {
        return ComponentReport::new(Status::Unchanged, None);
    };
    let mut report = ComponentReport::new(Status::Unchanged, Code::LastRunFailed);
    report.notes.push(Words::own(format!(
        "the last apply did not complete ({}): some outputs may be from before it, and some may be missing",
        Status::from_word(outcome).word()
    )));
    report
}

fn hidden(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("sensitive, not shown: {}", names.join(", ")))
}

/// The visible outputs of one component. A note names the secret ones.
async fn of(inspection: &Inspection<'_>, name: &Name) -> Result<ComponentReport> {
    let paths = inspection.session.call.layout.component(name)?;
    let Some(invoker) = inspection.invoker(name, &paths).await.map_err(|error| error.of(name))? else {
        return Ok(ComponentReport::new(Status::Absent, Code::NeverRanHere));
    };
    let Some(state) = recorded_state::whole(&invoker).await.map_err(|error| error.of(name))? else {
        return Ok(ComponentReport::new(Status::Absent, Code::NoState));
    };
    let record = inspection.session.records().latest(name, &paths).await.ok().flatten();
    let mut report = found(record.as_ref());
    report.outputs = shown_outputs::shown(&invoker.context.redactor, &state);
    let sensitive = state.outputs.iter().filter(|(_, output)| output.sensitive);
    report.notes.extend(hidden(&sensitive.map(|(name, _)| name.clone()).collect::<Vec<_>>()));
    Ok(report)
}
