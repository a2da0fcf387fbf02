//! A run over an environment: what orchestrate, plan, apply and destroy share.

pub mod as_applied;
mod data;
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

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::path::PathBuf;

use self::foreseen_outputs::ForeseenOutputs;
use self::kept_plans::KeptPlans;
use self::prepared_run::PreparedRun;
use self::run_request::RunRequest;
use self::schedule::schedule;
use crate::error::{Error, Result};
use crate::journal::{Journal, RunStart};
use crate::model::Name;
use crate::operation::announce::Announcer;
use crate::operation::blueprint::broken_modules;
use crate::operation::fingerprint::affected::Affected;
use crate::operation::request::answer;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::arguments::shown_environment;
use crate::operation::request::call::Call;
use crate::operation::session::pending_changes::PendingChanges;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::operation::store::last_run;
use crate::operation::store::run_log::{self, RunOutcome};
use crate::operation::store::run_values;
use crate::operation::store::saved_plans::SavedPlans;
use crate::report::{ComponentReport, Report};

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
    let (mut components, pending) = match execute(call, builder, work, &began, &mut begin, pending) {
        Ok(Executed::Done { components, pending }) => (components, pending),
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
    let resume = resume_command::of(builder, &layout, &environment, &began, &components);
    let mut extra = kept_plans::after_apply(builder, &environment, &components, &mut left);
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
    extra.extend(resume.map(|command| ("resume_command".to_owned(), command.into())));
    components.extend(orphans);
    Ok((components, extra))
}

enum Executed {
    /// The call was refused before anything began, so it is no run.
    Refused(Error),
    /// `pending`: what later states of the state run have to know.
    Done { components: BTreeMap<Name, ComponentReport>, pending: PendingChanges },
}

/// Runs each component's turn, and the rollback if one failed. `pending`: what earlier states of the state run would
/// change.
fn execute(
    call: &Call<'_>,
    builder: &ReportBuilder,
    work: PreparedRun<'_>,
    began: &RunStart,
    begin: &mut dyn FnMut() -> Result<Journal>,
    pending: PendingChanges,
) -> Result<Executed> {
    let graph = work.graph();
    let PreparedRun { prepared, intent, selected, resumes, meanings, passing, .. } = work;
    if selected.is_empty() && intent.is_of_configuration() {
        // No process is needed for nothing.
        begin()?;
        return Ok(Executed::Done { components: BTreeMap::new(), pending });
    }
    let done = resumes.map(|resumed| resumed.done).unwrap_or_default();
    let resuming = JournalHandle::resuming(done);
    driver::in_run(call, builder, prepared, resuming, &selected, begin, async move |session: &Session| {
        meanings.iter().for_each(|line| session.call.channel.say(line));
        let mut holding = BTreeSet::new();
        if intent.takes_data() {
            holding = data::ask_first(session, &graph).await;
        }
        let mut is_held = !holding.is_empty();
        let mut intent = if is_held { intent.only_saving_plans() } else { intent };
        if let Some(plan_id) = intent.plan_id().filter(|_| intent.changes_things()) {
            let plans = SavedPlans::new(&session.call.layout, plan_id);
            let waits = match as_applied::check_all(session, &graph, &plans).await {
                Ok(waits) => waits,
                Err(error) if error.code.refuses_a_plan() => return Ok(Executed::Refused(error)),
                Err(error) => return Err(error),
            };
            // A destroy does not begin while a part of it waits for an approval.
            if waits && intent.destroys() {
                (intent, is_held) = (intent.only_preview(), true);
            }
        }
        // Nothing is destroyed, so each plan can be shown, whatever the others say.
        let graph = if is_held { graph.without_edges() } else { graph };
        let rollback = match intent.rollback() {
            Some(request) => {
                let names = graph.names().cloned().collect();
                match rollback::request::requested(session, &names, request, intent.mode).await {
                    Ok(rollback) => Some(rollback),
                    Err(error) => return Ok(Executed::Refused(error)),
                }
            }
            None => None,
        };
        session.begin().await?;
        let (locks, environment) = (&session.call.locks, &session.blueprint.environment);
        last_run::tell(locks, environment, began, false).await;
        let foreseen = ForeseenOutputs::new(session, &pending, graph.names().cloned().collect());
        let keeping = data::KeepingComponents::new(session);
        let here: BTreeSet<Name> = graph.names().cloned().collect();
        let turn = async |name: Name| {
            if let Some(report) = keeping.needed(&name).filter(|_| intent.preserves_data()) {
                return report;
            }
            if let Some(report) = passing.as_ref().and_then(|passing| passing.report(&name, &here)) {
                session.ledger.note_end(&name, &report);
                return report;
            }
            let before = passing.as_ref().and_then(|passing| passing.before(&name));
            let turn = as_applied::run(session, &name, &intent);
            let report = match intent.foresees_outputs() {
                true => foreseen.before(&name, turn).await,
                false => turn.await,
            };
            keeping.note(&name, &report);
            if let Some(passing) = &passing {
                passing.note(&name, &report);
                if intent.changes_things() && report.status.is_as_asked() {
                    let version = session.call.tool.version.to_string();
                    if let Err(error) = passing.remember(&name, before, &version) {
                        tracing::warn!("{name}: {error}");
                    }
                }
            }
            report
        };
        let reports = match rollback {
            Some(rollback) => rollback.run(session).await,
            None => {
                let mut reports = schedule(session, graph, |name| session.on_failure(name), turn).await;
                data::tell(&mut reports, &holding);
                rollback::after(session, &intent, reports).await
            }
        };
        last_run::tell(locks, environment, began, answer::result(&reports) == Some(true)).await;
        let pending = if intent.decides_outputs() { foreseen.after(&reports) } else { pending.clone() };
        Ok(Executed::Done { components: reports, pending })
    })
}
