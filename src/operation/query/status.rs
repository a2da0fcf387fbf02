//! What the records say of each component. Takes no lock, and starts no terraform, except to ask a layer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::command_line::command;
use crate::count::counted;
use crate::error::{Code, Error, Result};
use crate::lock::{self, Holder};
use crate::operation::blueprint::{gone, select, today};
use crate::operation::layers;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::store::shared_records::EnvironmentLocks;
use crate::operation::store::{approvals, run_log, shared_records};
use crate::record::{Record, UnfinishedApply};
use crate::report::{ComponentReport, Report, Status, Warning};
use crate::workdir::{ComponentPaths, Layout};

pub fn status(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let wants_layers = arguments.flag("layers");
    let question = Question::new(arguments);
    let builder = question.report_builder("status", &call.request.identity);
    layers::beside(wants_layers, call, builder, question, |builder, question| {
        recorded(call, builder, question)
    })
}

fn recorded(call: &Call<'_>, builder: ReportBuilder, question: Question) -> Report {
    let Question { environment, components, problems } = question;
    let found = today(call, &environment, problems).and_then(|prepared| {
        let blueprint = &prepared.blueprint;
        let layout = Layout::of(blueprint)?;
        let mut torn = shared_records::fetch(&blueprint.settings, &blueprint.environment)?;
        let EnvironmentLocks { held, applying } =
            shared_records::environment_locks(&blueprint.settings, &blueprint.environment)?;
        let mut reports = BTreeMap::new();
        let mut last_runs = BTreeMap::new();
        let gone = gone::report(blueprint, &layout)?;
        let (gone, components) = match components {
            None => (gone, None),
            Some(named) => {
                let (of_gone, of_pillar): (BTreeSet<_>, _) =
                    named.into_iter().partition(|name| gone.contains_key(name));
                (gone.into_iter().filter(|(name, _)| of_gone.contains(name)).collect(), Some(of_pillar))
            }
        };
        for name in select(blueprint, components, false)? {
            let place = layout.component(&name);
            let record = match torn.remove(&name) {
                Some(error) => Err(error),
                None => place.as_ref().map_err(Error::clone).and_then(|paths| Record::read(&paths.record())),
            };
            let report = place.and_then(|paths| {
                let mut report = of(&paths, record.as_ref().map_err(Error::clone)?.as_ref())?;
                let applying = applying.get(name.as_str()).cloned().transpose()?;
                elsewhere(&mut report, held.get(name.as_str()), applying.as_ref());
                Ok(report)
            });
            let failed = |error: Error| ComponentReport::failed(error.of(&name));
            reports.insert(name.clone(), report.unwrap_or_else(failed));
            last_runs.insert(name, json!(record.ok().flatten()));
        }
        reports.extend(gone);
        let running: Vec<_> = run_log::all(&layout, &environment)
            .filter_map(|(run_id, run)| run.ok()?.history.is_alive().then_some(run_id))
            .collect();
        let waiting = approvals::waiting(&layout, blueprint.settings.approvals.as_ref());
        let extra =
            [("last_runs", json!(last_runs)), ("running", json!(running)), ("waiting", json!(waiting))];
        Ok((reports, extra.map(|(key, value)| (key.to_owned(), value)).into()))
    });
    match found {
        Ok((components, extra)) => builder.answer(components, extra),
        Err(error) => builder.failed(error),
    }
}

fn of(paths: &ComponentPaths, record: Option<&Record>) -> Result<ComponentReport> {
    let mut report = match record {
        None => ComponentReport::new(Status::Absent, Code::NeverRanHere),
        Some(record) => {
            let mut report = ComponentReport::new(Status::from_word(&record.outcome), None);
            report.warnings = record.warnings.iter().cloned().map(Warning::recorded).collect();
            let by = format!("{} run {} at {}", did(report.status), record.run_id, record.finished);
            // A Salt step has no state.
            report.notes.push(match record.declared.contains_key("salt") {
                true => by,
                false => {
                    format!("{}, serial {}, {by}", counted(record.resources, "resource"), record.serial)
                }
            });
            report
        }
    };
    let underway = UnfinishedApply::read(&paths.applying())?;
    match (lock::holder(&paths.lock())?, underway) {
        (Some(holder), _) => report.notes.push(format!("locked now by {holder}")),
        // Read again: the apply may have ended before its lock was read.
        (None, Some(unfinished_apply))
            if UnfinishedApply::read(&paths.applying())?.as_ref() == Some(&unfinished_apply) =>
        {
            unfinished(&mut report, &unfinished_apply);
        }
        _ => {}
    }
    Ok(report)
}

/// What the run did that the record names. A later run that finds nothing to do writes no record.
fn did(status: Status) -> &'static str {
    match status {
        Status::Unchanged => "as found by",
        status if status.ended_well() => "last changed by",
        _ => "last worked on by",
    }
}

/// The same for another host that shares the locks. What was reported for this host is not repeated.
fn elsewhere(report: &mut ComponentReport, held: Option<&Holder>, applying: Option<&UnfinishedApply>) {
    let known = |host: &str| host == Holder::here().host;
    match (held, applying) {
        (Some(holder), _) if !known(&holder.host) => report.notes.push(format!("locked now by {holder}")),
        (None, Some(unfinished_apply)) if report.reason != Some(Code::UnfinishedApply) => {
            unfinished(report, unfinished_apply)
        }
        _ => {}
    }
}

/// The lock is free, and the file that an apply removes last still exists.
fn unfinished(report: &mut ComponentReport, unfinished_apply: &UnfinishedApply) {
    let UnfinishedApply { run_id, started, pid, host, .. } = unfinished_apply;
    if report.status == Status::Absent {
        report.status = Status::Failed;
    }
    report.reason = Some(Code::UnfinishedApply);
    report.notes.push(format!(
        "the apply of run {run_id} (since {started}, process {pid} on {host}) was interrupted: \
         {} continues it, and lists possible orphans",
        command("resume").with("run_id", run_id)
    ));
}
