//! One run in its session: all that may refuse it, its beginning, and its turns.

use std::collections::{BTreeMap, BTreeSet};

use super::as_applied;
use super::data;
use super::prepared_run::PreparedRun;
use super::rollback::{self, request::RequestedRollback};
use super::schedule::schedule;
use super::turns::Turns;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::journal::{Journal, RunStart};
use crate::model::Name;
use crate::operation::fingerprint::Passing;
use crate::operation::intent::Intent;
use crate::operation::request::answer::{self, ReportBuilder};
use crate::operation::request::call::Call;
use crate::operation::rotation;
use crate::operation::session::pending_changes::PendingChanges;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::operation::store::last_run;
use crate::operation::store::saved_plans::SavedPlans;
use crate::report::ComponentReport;

pub(super) enum Executed {
    /// The call was refused before anything began, so it is no run.
    Refused(Error),
    /// `pending`: what later states of the state run have to know. `is_rotating`: the rotation of a secret has not ended.
    Done { components: BTreeMap<Name, ComponentReport>, pending: PendingChanges, is_rotating: bool },
}

/// Runs each component's turn, and the rollback if one failed. `pending`: what earlier states of the state run would
/// change.
pub(super) fn execute(
    call: &Call<'_>,
    builder: &ReportBuilder,
    work: PreparedRun<'_>,
    began: &RunStart,
    begin: &mut dyn FnMut() -> Result<Journal>,
    pending: PendingChanges,
) -> Result<Executed> {
    let graph = work.graph();
    let PreparedRun { prepared, intent, selected, resumes, rotation, meanings, passing, .. } = work;
    if selected.is_empty() && intent.is_of_configuration() {
        // No process is needed for nothing.
        begin()?;
        return Ok(Executed::Done { components: BTreeMap::new(), pending, is_rotating: false });
    }
    let done = resumes.map(|resumed| resumed.done).unwrap_or_default();
    let resuming = JournalHandle::resuming(done);
    driver::in_run(call, builder, prepared, resuming, &selected, begin, async move |session: &Session| {
        meanings.iter().for_each(|line| session.call.channel.say(line));
        let allowed = match Allowed::check(session, graph, intent).await? {
            Ok(allowed) => allowed,
            Err(refused) => return Ok(Executed::Refused(refused)),
        };
        if let Some(target) = rotation
            && let Err(refused) = rotation::check(session, target).await
        {
            return Ok(Executed::Refused(refused));
        }
        session.begin().await?;
        if allowed.intent.changes_things() {
            rotation::begin(session).await?;
        }
        let (locks, environment) = (&session.call.locks, &session.blueprint.environment);
        last_run::tell(locks, environment, began, false).await;
        let (components, pending, is_rotating) = allowed.run(session, passing.as_ref(), pending).await;
        last_run::tell(locks, environment, began, answer::result(&components) == Some(true)).await;
        Ok(Executed::Done { components, pending, is_rotating })
    })
}

/// A run that may begin.
struct Allowed {
    graph: Graph,
    intent: Intent,
    /// The components with data that a destroy would take, so that the run only saves plans.
    holding: BTreeSet<Name>,
    rollback: Option<RequestedRollback>,
}

impl Allowed {
    /// Asks all that may refuse the run before anything begins. The inner error is a refusal, so there is no run.
    async fn check(session: &Session, graph: Graph, intent: Intent) -> Result<Result<Self, Error>> {
        let mut holding = BTreeSet::new();
        if intent.takes_data() {
            holding = data::ask_first(session, &graph).await;
        }
        let mut is_held = !holding.is_empty();
        let mut intent = if is_held { intent.only_saving_plans() } else { intent };
        match waits_for_approval(session, &graph, &intent).await {
            // A destroy does not begin while a part of it waits for an approval.
            Ok(true) if intent.destroys() => (intent, is_held) = (intent.only_preview(), true),
            Ok(_) => {}
            Err(error) if error.code.refuses_a_plan() => return Ok(Err(error)),
            Err(error) => return Err(error),
        }
        // Nothing is destroyed, so each plan can be shown, whatever the others say.
        let graph = if is_held { graph.without_edges() } else { graph };
        Ok(match requested_rollback(session, &graph, &intent).await {
            Ok(rollback) => Ok(Self { graph, intent, holding, rollback }),
            Err(error) => Err(error),
        })
    }

    /// The reports of the components, what later states of the state run have to know, and whether the rotation of a
    /// secret has not ended.
    async fn run(
        self,
        session: &Session,
        passing: Option<&Passing<'_>>,
        pending: PendingChanges,
    ) -> (BTreeMap<Name, ComponentReport>, PendingChanges, bool) {
        let Self { graph, intent, holding, rollback } = self;
        let turns = Turns::new(session, &intent, &graph, passing, &pending);
        let (reports, is_rotating) = match rollback {
            Some(rollback) => (rollback.run(session).await, false),
            None => {
                let stop = |name: &Name| session.on_failure(name);
                let mut reports = schedule(session, graph, stop, async |name| turns.run(name).await).await;
                data::tell(&mut reports, &holding);
                rotation::withdraw_failed(session, &mut reports).await;
                let mut reports = rollback::after(session, &intent, reports).await;
                let is_rotating = rotation::end(session, &mut reports).await;
                (reports, is_rotating)
            }
        };
        let decided = turns.pending_after(&reports);
        (reports, decided.unwrap_or(pending), is_rotating)
    }
}

/// Whether a saved plan waits for an approval. An error if one can no longer be applied.
async fn waits_for_approval(session: &Session, graph: &Graph, intent: &Intent) -> Result<bool> {
    match intent.plan_id().filter(|_| intent.changes_things()) {
        Some(plan_id) => {
            let plans = SavedPlans::new(&session.call.layout, plan_id);
            as_applied::check_all(session, graph, &plans).await
        }
        None => Ok(false),
    }
}

/// The rollback that the call asks for, if it does.
async fn requested_rollback(
    session: &Session,
    graph: &Graph,
    intent: &Intent,
) -> Result<Option<RequestedRollback>> {
    let Some(request) = intent.rollback() else { return Ok(None) };
    let names = graph.names().cloned().collect();
    rollback::request::requested(session, &names, request, intent.mode).await.map(Some)
}
