//! Whether components are healthy now: each gate is measured once. Takes no lock, and stores nothing.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::inspect::{Inspection, inspect};
use crate::command_line::command;
use crate::decide::{BatchGoal, State};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::health::{HealthGate, Measurement};
use crate::model::{Component, Name};
use crate::operation::component::inputs::given_secrets;
use crate::operation::component::recorded_state;
use crate::operation::component::{health, registrations};
use crate::operation::exec::context::Context;
use crate::operation::layers;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::session::Session;
use crate::operation::session::channel::logged;
use crate::record::Record;
use crate::report::{ComponentReport, Report, Status, Warning};
use crate::words::words;
use crate::workdir::ComponentPaths;

/// One component: its report, and the result of each gate.
type MeasuredComponent = (ComponentReport, Vec<Value>);

pub fn health(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let wants_layers = arguments.flag("layers");
    let question = Question::new(arguments);
    let builder = question.report_builder("health", &call.request.identity);
    layers::beside(wants_layers, call, builder, question, |builder, question| {
        match measure(call, &builder, question) {
            Ok(measured) => {
                let gates: BTreeMap<_, _> = measured.iter().map(|(name, (_, gates))| (name, gates)).collect();
                let extra = BTreeMap::from([("health".to_owned(), json!(gates))]);
                let components = measured.into_iter().map(|(name, (report, _))| (name, report)).collect();
                builder.report(components, extra)
            }
            Err(error) => builder.failed(error),
        }
    })
}

/// The function of the execution module, for one component. The log says why it is not healthy.
pub fn component_is_healthy(call: &Call<'_>) -> Value {
    let mut arguments = Arguments::new(&call.request);
    let component = arguments.name("component");
    let question = Question::of_component(&component, arguments);
    let environment = question.environment.clone();
    let builder = question.report_builder("health", &call.request.identity);
    let measured = measure(call, &builder, question);
    let (healthy, why) = match measured.map(|mut measured| measured.remove(&component)) {
        Ok(Some((report, _))) => {
            (report.status == Status::Healthy, report.error.map(|error| error.to_string()))
        }
        Ok(None) => (false, None),
        Err(error) => (false, Some(error.to_string())),
    };
    if let Some(why) = why {
        call.host.log(tracing::Level::WARN, &format!("{environment}: {}", logged(&builder.secrets, &why)));
    }
    json!({ "result": healthy, "retcode": i32::from(!healthy) })
}

fn measure(
    call: &Call<'_>,
    builder: &ReportBuilder,
    question: Question,
) -> Result<BTreeMap<Name, MeasuredComponent>> {
    inspect(call, builder, question, async |inspection| {
        let at_once = inspection.session.blueprint.settings.parallelism.get();
        let measured = futures_util::stream::iter(&inspection.selected).map(async |name| {
            let found = of(&inspection, name).await;
            (name.clone(), found.unwrap_or_else(|error| (unhealthy(error.of(name)), Vec::new())))
        });
        Ok(measured.buffer_unordered(at_once).collect().await)
    })
}

async fn of(inspection: &Inspection<'_>, name: &Name) -> Result<MeasuredComponent> {
    let session = inspection.session;
    let paths = session.call.layout.component(name)?;
    let node = &session.blueprint.nodes[name];
    if node.component.step.is_some() {
        return of_step(session, &node.component, &paths).await;
    }
    let Some(mut invoker) = inspection.invoker(name, &paths).await? else {
        return Ok((unhealthy(not_there(Code::NeverRanHere, "it never ran here").of(name)), Vec::new()));
    };
    let record = session.records().read(invoker.context.component, &paths).await?;
    let outcome = record.as_ref().map(|record| Status::from_word(&record.outcome));
    let state =
        recorded_state::whole(&invoker).await?.filter(|_| !outcome.is_some_and(Status::is_taken_down));
    let Some(mut state) = state else {
        return Ok((unhealthy(not_there(Code::NoState, "it has no state").of(name)), Vec::new()));
    };
    if invoker.context.component.health.is_empty() {
        let report = match outcome.filter(|outcome| !outcome.is_as_asked()) {
            None => ComponentReport::new(Status::Healthy, Code::NoGates),
            Some(outcome) => unhealthy(last_run(outcome).of(name)),
        };
        let note = "it has no health gates: only its state was checked, and it exists";
        let report = ComponentReport { notes: vec![note].into(), ..report };
        return Ok((with_checks(report, record.as_ref()), Vec::new()));
    }
    if let Some(record) = &record {
        registrations::recorded(&mut state, record);
    }
    given_secrets::hide(&mut invoker.context).await;
    let batch_goal = record.as_ref().map(Record::batch_goal).unwrap_or_default();
    let (report, gates) = measured(&invoker.context, &state, batch_goal).await?;
    Ok((with_checks(report, record.as_ref()), gates))
}

/// Adds the results of the module's own `check` blocks. Only a plan evaluates them, and they are warnings: the gates
/// alone decide whether the component is healthy.
fn with_checks(mut report: ComponentReport, record: Option<&Record>) -> ComponentReport {
    let Some(record) = record else { return report };
    let of_checks = record.warnings.iter().filter(|one| one.check.is_some());
    report.warnings = of_checks.cloned().map(Warning::recorded).collect();
    if !report.warnings.is_empty() {
        report.notes.push(words![
            "its checks are as the last run or drift check found them; ",
            command("drift").here(),
            " evaluates them now"
        ]);
    }
    report
}

/// A Salt step: its last run, and its gates.
async fn of_step(
    session: &Session,
    component: &Component,
    paths: &ComponentPaths,
) -> Result<MeasuredComponent> {
    let name = &component.name;
    let Some(record) = session.records().read(component, paths).await? else {
        return Ok((unhealthy(not_there(Code::NeverRanHere, "it never ran here").of(name)), Vec::new()));
    };
    let outcome = Status::from_word(&record.outcome);
    match component.health.is_empty() {
        false => {
            let context = Context::new(session, component, paths, None, session.call.reading())?;
            measured(&context, &State::default(), BatchGoal::default()).await
        }
        true if outcome.is_as_asked() => {
            Ok((ComponentReport::new(Status::Healthy, Code::NoGates), Vec::new()))
        }
        true => Ok((unhealthy(last_run(outcome).of(name)), Vec::new())),
    }
}

async fn measured(context: &Context<'_>, state: &State, batch_goal: BatchGoal) -> Result<MeasuredComponent> {
    let name = &context.component.name;
    let gates = health::gates(context, state, batch_goal).await?;
    let answers = join_all(gates.iter().map(HealthGate::measure)).await;
    let told = gates.iter().zip(&answers).map(|(gate, answer)| {
        json!({
            "gate": gate.path, "target": gate.target, "healthy": answer.passed, "said": answer.said, "duration": answer.duration,
        })
    });
    let told: Vec<_> = told.collect();
    let said = |(gate, answer): (&HealthGate, &Measurement)| format!("{}: {}", gate.target, answer.said);
    let failing: Vec<_> = gates.iter().zip(&answers).filter(|(_, answer)| !answer.passed).map(said).collect();
    if failing.is_empty() {
        let notes: Vec<_> = gates.iter().zip(&answers).map(said).collect();
        return Ok((
            ComponentReport { notes: notes.into(), ..ComponentReport::new(Status::Healthy, None) },
            told,
        ));
    }
    let ill = answers.iter().find(|answer| !answer.passed).map(|answer| answer.outlook).unwrap_or_default();
    let (code, _) = health::ending(ill);
    let remedy = "find the cause; this was a single check, made now";
    let error = Error::new(Layer::Service, Phase::Verification, code, failing.join("; "), remedy);
    Ok((unhealthy(error.of(name)), told))
}

fn unhealthy(error: Error) -> ComponentReport {
    ComponentReport { status: Status::Unhealthy, ..ComponentReport::failed(error) }
}

fn not_there(code: Code, message: &'static str) -> Error {
    Error::new(Layer::Salt, Phase::Verification, code, message, "apply it first")
}

fn last_run(outcome: Status) -> Error {
    let message = format!("it has no health gates, and its last run ended with {}", outcome.word());
    let remedy = words![command("status").here(), " shows that run; run again"];
    Error::new(Layer::Salt, Phase::Verification, Code::LastRunFailed, message, remedy)
}
