//! A component that is a Salt step: its states run on minions, and only the outcome is recorded.

pub mod job;

use serde_json::json;

use self::job::{StepResult, failure, secrets};
use super::health::{self, Proof};
use super::inputs::upstream_outputs;
use super::inputs::variables::inputs;
use super::{hooks, reports};
use crate::clock;
use crate::command_line::command;
use crate::count::counted;
use crate::decide::{BatchGoal, State};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::journal;
use crate::lock::{Holder, LockGuard};
use crate::model::{Name, Node, SaltStep};
use crate::operation::exec::context::Context;
use crate::operation::intent::{Intent, Mode, What};
use crate::operation::session::Session;
use crate::operation::session::produced_outputs::ProducedOutputs;
use crate::operation::store::keyed_digest::keyed;
use crate::operation::store::records;
use crate::record::Record;
use crate::report::{ComponentReport, Status};
use crate::words::{Words, words};
use crate::workdir::ComponentPaths;

/// An operation that is for modules alone does not change a step, and reports that.
pub(super) fn left_alone(name: &Name, intent: &Intent) -> Option<ComponentReport> {
    let (reason, note) = match (&intent.what, intent.mode) {
        _ if intent.destroys() => {
            (Code::SaltNotUndone, "a destroy does not undo the changes of Salt states".into())
        }
        (What::SavedPlan { .. }, _) | (_, Mode::SavePlans) => {
            let run = || command("orchestrate").here().with("components", name);
            let (check, run) = (run().flag("test"), run());
            (
                Code::SaltNotPlanned,
                words!["a Salt step has no plan: ", run, " runs it, and ", check, " checks it"],
            )
        }
        (What::Configuration, _) => return None,
        _ => (Code::SaltStep, "a Salt step: it has no Terraform resources".into()),
    };
    let report = ComponentReport::new(Status::Unchanged, reason);
    Some(ComponentReport { notes: vec![note].into(), ..report })
}

/// Under its lock: waits for its inputs, runs, checks its health, and is recorded.
pub(super) async fn run(
    session: &Session,
    node: &Node,
    step: &SaltStep,
    paths: &ComponentPaths,
    guard: &LockGuard,
    intent: &Intent,
) -> Result<ComponentReport> {
    let name = &node.component.name;
    let record = session.records().read(&node.component, paths).await?;
    refuse_module(record.as_ref())?;
    let context = Context::new(session, &node.component, paths, Some(guard), session.call.reading())?;
    upstream_outputs::read(session, node).await?;
    let produced = |producer: &_| session.ledger.produced.borrow().get(producer).cloned();
    let inputs = inputs(node, &produced, &context.reader).await?;
    session.ledger.produce(name, ProducedOutputs::default());
    if !inputs.pending.is_empty() {
        let mut report = ComponentReport::new(Status::PendingInputs, Code::ReadsPendingOutputs);
        report.notes.push(format!("reads {}, which depends on a pending change", inputs.pending.join(", ")));
        return Ok(report);
    }
    if let Some(variable) = inputs.secret.keys().next() {
        return Err(secret(variable));
    }
    context.redactor.add(&secrets(&session.ledger));
    let made_from = json!([node.component.declared.get("salt"), inputs.known]);
    let done = journal::CompletedComponent {
        made_from: keyed(&session.call.layout, &made_from)?,
        lineage: String::new(),
        serial: 0,
    };
    let test = intent.is_test();
    let mut report = match session.ledger.done(name) {
        Some(before) if *before == done && !test => ComponentReport::new(Status::Unchanged, Code::DoneBefore),
        _ if test && !step.what.is_states() => no_test(step),
        _ => told(&context, step, job::run(&context, step, &inputs.known, test).await?, test),
    };
    context.redactor.report(&mut report);
    if test {
        return Ok(report);
    }
    let report = match report.status.is_as_asked() {
        true => match health::hold(&context, &State::default(), BatchGoal::default(), Proof::Lasting).await {
            Ok(()) => report,
            Err(error) => {
                let ComponentReport { status, reason, error, .. } = reports::ended(error.of(name));
                ComponentReport { status, reason, error, ..report }
            }
        },
        false => report,
    };
    if report.status != Status::Cancelled && report.reason != Some(Code::DoneBefore) {
        records::write(
            context.lock,
            &context.component.name,
            context.paths,
            outcome(&context, report.status),
        )
        .await?;
    }
    session.ledger.reach(name, done);
    let mut report = hooks::after(&context, false, report).await;
    context.redactor.report(&mut report);
    Ok(report)
}

/// Refuses to overwrite a record of resources: the resources would be forgotten.
fn refuse_module(record: Option<&Record>) -> Result<()> {
    match record {
        Some(record) if record.resources > 0 => {
            let message = Words::own(format!(
                "it was a Terraform module, and still has {}",
                counted(record.resources, "resource")
            ));
            let remedy = "set its source again and destroy it, or rename the step";
            Err(Error::new(Layer::Salt, Phase::Preparation, Code::HasResources, message, remedy))
        }
        _ => Ok(()),
    }
}

fn secret(variable: &str) -> Error {
    let message = format!("{variable:?} reads a sensitive output, but Salt stores the arguments of a job");
    let remedy = "remove it from from_outputs, and let the state read the secret itself";
    Error::new(Layer::Salt, Phase::Preparation, Code::SensitiveInput, message, remedy)
}

fn no_test(step: &SaltStep) -> ComponentReport {
    let mut report = ComponentReport::new(Status::Planned, None);
    report.notes.push(format!("{} has no test mode: it would be called", step.what.function()));
    report
}

fn told(
    context: &Context<'_>,
    step: &SaltStep,
    StepResult { status, run }: StepResult,
    test: bool,
) -> ComponentReport {
    let mut report = ComponentReport::new(status, None);
    let minions = run.minions.len();
    match status {
        Status::Failed if run.minions.is_empty() && test => {
            report.status = Status::Planned;
            report.notes.push(format!("no minion matches {:?} now, so it would fail", run.target));
        }
        Status::Failed => {
            let error = failure(step, &run).of(&context.component.name);
            report = ComponentReport::failed(error);
        }
        _ => {
            let states: usize = run.minions.values().map(|one| one.changed.len()).sum();
            let would = if test { "would change" } else { "changed" };
            report.notes.push(match step.what.is_states() {
                true => Words::own(format!(
                    "{}, {} {would}",
                    counted(minions, "minion"),
                    counted(states, "state")
                )),
                false => Words::own(format!("{} on {}", run.function, counted(minions, "minion"))),
            });
        }
    }
    ComponentReport { salt: Some(Box::new(run)), ..report }
}

fn outcome(context: &Context<'_>, status: Status) -> Record {
    let (session, component) = (context.session, context.component);
    let edges = session.blueprint.graph.dependencies(&component.name).iter().map(ToString::to_string);
    Record {
        run_id: session.call.run_id.clone(),
        outcome: status.word().to_owned(),
        finished: clock::now(),
        host: Holder::here().host,
        edges: edges.collect(),
        declared: component.declared.clone(),
        ..Record::default()
    }
}
