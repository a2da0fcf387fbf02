//! A run over an environment: what orchestrate, plan, apply and destroy share.

pub mod as_applied;
mod data;
mod execute;
mod foreseen_outputs;
pub mod journal;
mod kept_plans;
mod prepared_run;
mod refuse_needed;
mod remediate_target;
mod resume_command;
pub mod rollback;
pub mod run_request;
mod schedule;
mod turns;

use std::cell::Cell;
use std::mem::take;
use std::path::PathBuf;

use self::execute::{Executed, execute};
use self::kept_plans::KeptPlans;
use self::prepared_run::PreparedRun;
use self::run_request::RunRequest;
use crate::error::Result;
use crate::operation::announce::Announcer;
use crate::operation::blueprint::broken_modules;
use crate::operation::fingerprint::affected::Affected;
use crate::operation::request::answer;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::shown_environment;
use crate::operation::request::call::Call;
use crate::operation::session::pending_changes::PendingChanges;
use crate::operation::store::run_log::{self, RunOutcome};
use crate::operation::store::run_values;
use crate::report::Report;

/// Runs the request. Every result, also an error, becomes a report.
pub(super) fn run(call: &Call<'_>, wanted: RunRequest) -> Report {
    let builder = ReportBuilder::new(
        wanted.operation,
        shown_environment(&wanted.environment, &wanted.problems),
        wanted.intent.is_test(),
        &call.request.identity,
    );
    let changes_things = wanted.intent.changes_things();
    let mut announcer = Announcer::new(call, &wanted.environment, changes_things, &wanted.problems);
    let report = run_log::reported(call, builder, ReportBuilder::report, |builder, begun| {
        attempt(call, wanted, builder, begun, &mut announcer)
    });
    announcer.ended(report)
}

/// `begun` gets the run's folder once it exists.
fn attempt(
    call: &Call<'_>,
    wanted: RunRequest,
    builder: &mut ReportBuilder,
    begun: &mut Option<PathBuf>,
    announcer: &mut Announcer<'_>,
) -> Result<RunOutcome> {
    let mut work = PreparedRun::prepare(call, wanted, builder)?;
    let began = work.began(builder);
    let note_made_from = work.note_made_from(call);
    let affected = work.affected.as_ref().map(Affected::facts);
    let orphans = work.orphans()?;
    let (as_applied, mut left) = (take(&mut work.prepared.as_applied), take(&mut work.skipped));
    let applied_plan = work.intent.plan_id().map(str::to_owned);
    let kept = KeptPlans::of(&work, &builder.run_id);
    let (layout, environment) = (work.layout.clone(), work.prepared.blueprint.environment.clone());
    let (values, settings) = (work.values(), work.prepared.blueprint.settings.clone());
    let is_begun = Cell::new(false);
    let mut begin = || {
        let journal = journal::begin(&layout, builder, began.clone(), begun)?;
        is_begun.set(true);
        announcer.began(&settings, &layout, &began);
        values.store(&layout, &builder.run_id)?;
        if let Some(note) = &note_made_from {
            note(&builder.run_id)?;
        }
        Ok(journal)
    };

    let pending = PendingChanges::read(call.host.pending());
    let (mut components, pending, is_rotating) =
        match execute(call, builder, work, &began, &mut begin, pending) {
            Ok(Executed::Done { components, pending, is_rotating }) => (components, pending, is_rotating),
            Ok(Executed::Refused(error)) => {
                // The check may have laid out an earlier module.
                layout.remove_run(&builder.run_id);
                return Err(error);
            }
            Err(error) => {
                // It is a run that failed, also where it came to nothing.
                if !is_begun.get() {
                    begin()?;
                }
                return Err(error);
            }
        };
    call.host.keep_pending(&pending.to_json());
    if answer::result(&components) == Some(true) {
        run_values::forget(&layout, &environment, &builder.run_id);
    }
    for (name, faults) in &as_applied {
        if let Some(report) = components.get_mut(name) {
            report.notes.push(broken_modules::note(faults));
        }
    }
    let resume = resume_command::of(builder, &layout, &environment, &began, &components, is_rotating);
    let mut extra = kept_plans::after_apply(builder, &environment, &components, &mut left);
    extra.extend(applied_plan.and_then(|plan_id| kept_plans::approve(builder, &plan_id, &components)));
    extra.extend(affected.map(|facts| ("affected".to_owned(), facts)));
    components.extend(left);
    let made_by = || {
        let mut who = began.who.clone();
        who.identity.accounts = call.host.accounts();
        who
    };
    match kept.keep(builder, &components, made_by) {
        Ok(keys) => extra.extend(keys),
        Err(error) if kept.was_asked => return Err(error),
        // The changes are complete and in the report.
        Err(error) => call.host.log(tracing::Level::ERROR, &format!("no plan was saved: {error}")),
    }
    if let Some(rules) = settings.approvals.as_ref().filter(|_| extra.contains_key("approve_command")) {
        extra.insert("approvers".to_owned(), rules.who().into());
    }
    extra.extend(resume.map(|command| ("resume_command".to_owned(), command.into())));
    components.extend(orphans);
    Ok((components, extra))
}
