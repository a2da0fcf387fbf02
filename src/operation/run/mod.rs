//! A run over an environment: what orchestrate, plan, apply and destroy share.

pub mod as_applied;
mod refuse_needed;
mod remediate_target;
pub mod rollback;
mod schedule;
pub mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use self::schedule::schedule;
use self::wanted::{Resumed, Wanted, Wish};
use crate::error::Result;
use crate::journal::{self, Began, Entry, Journal};
use crate::lock::Holder;
use crate::model::{Name, Surgery};
use crate::operation::blueprint::prepared::{Destruction, Past};
use crate::operation::blueprint::{broken_modules, gone, prepare, refuse_steps, select};
use crate::operation::component::inputs::lacking;
use crate::operation::component::intent::{Act, Intent};
use crate::operation::request::answer;
use crate::operation::request::answer::Opening;
use crate::operation::request::call::Call;
use crate::operation::session::{Memory, Session, driver};
use crate::operation::store::plan_contents::Contents;
use crate::operation::store::saved_plans::SavedPlans;
use crate::operation::store::{approvals, last_run, run_log, shared_records};
use crate::report::{ComponentReport, Report, Status};
use crate::workdir::{Layout, ensure_private, retain_newest};

/// How many runs' logs, and how many kept plans, stay.
const KEPT_RUNS: usize = 50;
const KEPT_PLANS: usize = 20;

/// Runs it, and reports, whatever happens.
pub fn run(call: &Call<'_>, wanted: Wanted) -> Report {
    let mut opening =
        Opening::new(wanted.operation, wanted.environment.as_str(), wanted.test, &call.request.identity);
    let mut begun = None;
    let report = match attempt(call, wanted, &mut opening, &mut begun) {
        Ok((components, extra)) => opening.report(components, extra),
        Err(error) => opening.failed(error),
    };
    run_log::close(call.host, begun.as_deref(), &report);
    report
}

type Outcome = (BTreeMap<Name, ComponentReport>, BTreeMap<String, Value>);

/// `begun` is the run's folder, once there is one.
fn attempt(
    call: &Call<'_>,
    wanted: Wanted,
    opening: &mut Opening,
    begun: &mut Option<PathBuf>,
) -> Result<Outcome> {
    let named = wanted.components.as_ref();
    let destruction = Destruction { run_id: &opening.run_id, named };
    let past = match wanted.wish {
        Wish::Destroy | Wish::PreviewDestroy => Past { gone: named, broken: Some(destruction) },
        Wish::Remediate { .. } => Past { gone: named, broken: None },
        // A plan that is kept may be one of a destruction.
        Wish::KeepDestroy | Wish::ApplyKept(_) | Wish::ShowKept(_) => {
            Past { gone: None, broken: Some(destruction) }
        }
        _ => Past::NONE,
    };
    let mut prepared = prepare(call, &wanted.environment, &wanted.overrides, wanted.problems, past)?;
    let layout = Layout::of(&prepared.blueprint)?;
    let (settings, environment) = (&prepared.blueprint.settings, &prepared.blueprint.environment);
    shared_records::fetch(settings, environment)?;
    opening.run_id = run_log::next_id(settings, &layout, environment)?;
    if matches!(wanted.wish, Wish::Remediate { .. }) {
        let selected = select(&prepared.blueprint, wanted.components.clone(), false)?;
        refuse_steps(&prepared.blueprint, &selected, wanted.operation)?;
        for name in selected {
            remediate_target::aim(&mut prepared, &name, &layout.run(&opening.run_id))?;
        }
    }
    let blueprint = &prepared.blueprint;
    let mut selected = select(blueprint, wanted.components.clone(), wanted.include_dependencies)?;
    if matches!(
        wanted.wish,
        Wish::RollBack(_) | Wish::Operate(_) | Wish::PreviewOperation(_) | Wish::Acknowledge
    ) {
        refuse_steps(blueprint, &selected, wanted.operation)?;
    }
    let mut intent = Intent {
        migrate_backend: wanted.migrate_backend,
        upgrade: wanted.upgrade,
        retry: wanted.retry,
        ..intent(&wanted.wish, &layout, &opening.run_id)
    };
    let mut extra = BTreeMap::new();
    let mut left = BTreeMap::new();
    match &intent.act {
        Act::ApplyKept(plans) | Act::ShowKept(plans) => {
            let contents = plans.contents()?;
            if !contents.destroy {
                prepared.refuse_broken(&layout.run(&opening.run_id))?;
            }
            (selected, left) = contents.split(blueprint, &wanted.components)?;
            intent.destroy = contents.destroy;
        }
        Act::Apply
        | Act::Preview
        | Act::Keep(_)
        | Act::Prepare
        | Act::Remediate { .. }
        | Act::GoBack(_)
        | Act::Acknowledge => {}
    }
    let done = wanted.resumes.as_ref().map(|resumed| resumed.done.clone()).unwrap_or_default();
    if matches!(intent.act, Act::ApplyKept(_)) {
        // Its kept plan is spent.
        let spent: Vec<_> = selected.iter().filter(|name| done.contains_key(*name)).cloned().collect();
        for name in spent {
            selected.remove(&name);
            left.insert(name, ComponentReport::new(Status::Unchanged, "done_before"));
        }
    }
    if intent.destroy {
        crate::operation::run::refuse_needed::refuse_needed(blueprint, &layout, &selected)?;
    }
    let began = began(opening, &wanted.wish, &intent, &selected, wanted.resumes);
    let journal = begin(&layout, opening, began.clone(), begun)?;
    let graph = blueprint.graph.restricted(&selected);
    let graph = if intent.destroy { graph.reversed() } else { graph };
    let mut orphans = gone::report(blueprint, &layout)?;
    orphans.retain(|name, _| !prepared.left_out.contains_key(name));
    let taken_back = std::mem::take(&mut prepared.as_applied);

    let asked = match wanted.wish {
        Wish::RollBack(asked) => Some(asked),
        _ => None,
    };
    let shown = selected;
    let (act, destroy) = (intent.act.clone(), intent.destroy);
    // Its kept plans, and those of what policy stopped.
    let kept = SavedPlans::new(&layout, &opening.run_id);
    let (mut components, terraform) = driver::in_session(
        call,
        opening,
        prepared,
        Memory { journal: Some(journal), done },
        &shown,
        async move |session: &Session| {
            if let Act::ApplyKept(plans) = &intent.act {
                as_applied::check_all(session, &graph, plans).await?;
            }
            last_run::tell(&session.locks, &session.blueprint.environment, &began, false).await;
            let work = async |name| as_applied::run(session, &name, &intent).await;
            let reports = match &asked {
                Some(asked) => {
                    rollback::asked::asked(session, &graph.names().cloned().collect(), asked).await?
                }
                None => {
                    let reports = schedule(session, graph, |name| session.on_failure(name), work).await;
                    rollback::after(session, &intent, reports).await
                }
            };
            last_run::tell(
                &session.locks,
                &session.blueprint.environment,
                &began,
                answer::result(&reports) == Some(true),
            )
            .await;
            Ok((reports, session.tool.version.to_string()))
        },
    )?;
    opening.terraform = Some(terraform);
    for (name, faults) in &taken_back {
        if let Some(report) = components.get_mut(name) {
            report.notes.push(broken_modules::note(faults));
        }
    }
    components.extend(left);
    if matches!(act, Act::Keep(_)) || kept.is_there() {
        // One that lacks a variable was not planned.
        let planned = components.iter().filter(|(_, one)| one.reason != lacking::MISSING);
        let statuses = planned.map(|(name, one)| (name.to_string(), one.status.word().to_owned()));
        match kept.write_contents(&Contents { statuses: statuses.collect(), destroy }) {
            Ok(()) => drop(extra.insert("plan_id".to_owned(), opening.run_id.clone().into())),
            Err(error) if matches!(act, Act::Keep(_)) => return Err(error),
            // What was done is done, and the report says it.
            Err(error) => call.host.log(tracing::Level::ERROR, &format!("no plan was kept: {error}")),
        }
    }
    components.extend(orphans);
    Ok((components, extra))
}

fn intent(wish: &Wish, layout: &Layout, run_id: &str) -> Intent {
    use crate::decide::Consent::{Confirmed, None};
    let (destroy, consent, act) = match wish {
        Wish::Apply => (false, None, Act::Apply),
        Wish::Preview => (false, None, Act::Preview),
        Wish::Keep => (false, None, Act::Keep(SavedPlans::new(layout, run_id))),
        Wish::ApplyKept(plan_id) => (false, None, Act::ApplyKept(SavedPlans::new(layout, plan_id))),
        Wish::ShowKept(plan_id) => (false, None, Act::ShowKept(SavedPlans::new(layout, plan_id))),
        Wish::Destroy => (true, Confirmed, Act::Apply),
        Wish::PreviewDestroy => (true, Confirmed, Act::Preview),
        Wish::Prepare => (false, None, Act::Prepare),
        Wish::Remediate { drift_id, apply } => {
            (false, None, Act::Remediate { drift_id: drift_id.clone(), apply: *apply })
        }
        // Whoever asks for a destruction means it.
        Wish::Operate(Surgery::Remove { destroy: true, .. }) => (false, Confirmed, Act::Apply),
        Wish::PreviewOperation(Surgery::Remove { destroy: true, .. }) => (false, Confirmed, Act::Preview),
        Wish::Operate(_) => (false, None, Act::Apply),
        Wish::PreviewOperation(_) => (false, None, Act::Preview),
        Wish::Acknowledge => (false, None, Act::Acknowledge),
        // Each component's way is its own.
        Wish::RollBack(asked) if asked.shown => (false, None, Act::Preview),
        Wish::RollBack(_) => (false, None, Act::Apply),
        Wish::KeepDestroy => (true, Confirmed, Act::Keep(SavedPlans::new(layout, run_id))),
    };
    let surgery = match wish {
        Wish::Operate(surgery) | Wish::PreviewOperation(surgery) => Some(surgery.clone()),
        _ => Option::None,
    };
    Intent { destroy, consent, surgery, ..Intent::of(act) }
}

/// The first line of the run's journal.
fn began(
    opening: &Opening,
    wish: &Wish,
    intent: &Intent,
    components: &BTreeSet<Name>,
    resumes: Option<Resumed>,
) -> Began {
    let who = Holder {
        run_id: opening.run_id.clone(),
        jid: opening.identity.jid.clone(),
        operation: opening.operation.clone(),
        environment: opening.environment.clone(),
        ..Holder::here()
    };
    let changes = intent.act.changes_things();
    let kind = match (changes, intent.destroy) {
        (true, true) => journal::Wish::Destroy,
        (true, false) => journal::Wish::Apply,
        (false, _) => journal::Wish::Look,
    };
    let plan_id = match wish {
        Wish::ApplyKept(plan_id) | Wish::ShowKept(plan_id) => Some(plan_id.clone()),
        _ => None,
    };
    Began {
        plan_id,
        resumes: resumes.map(|resumed| resumed.run_id),
        ..Began::new(who, &opening.identity.user, kind, components.clone())
    }
}

/// The run's folder and journal. Old ones go, but not this one, the plan that it is about, or one that can be resumed.
pub(super) fn begin(
    layout: &Layout,
    opening: &Opening,
    began: Began,
    begun: &mut Option<PathBuf>,
) -> Result<Journal> {
    let run = layout.run(&opening.run_id);
    ensure_private(&run)?;
    layout.give_all();
    let plan = began.plan_id.as_ref().map(|plan_id| layout.plan(plan_id));
    retain_newest(&layout.runs(), KEPT_RUNS, |folder| folder == run || run_log::is_needed(folder));
    retain_newest(&layout.plans(), KEPT_PLANS, |folder| {
        plan.as_deref() == Some(folder) || approvals::is_awaited(folder)
    });
    let journal = Journal::of(&run);
    journal.note(Entry::Began(Box::new(began)))?;
    *begun = Some(run);
    Ok(journal)
}
