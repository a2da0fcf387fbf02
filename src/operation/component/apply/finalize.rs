//! The end of a component's turn: health gates, then the record.

use std::collections::{BTreeMap, BTreeSet};

use super::PlannedApply;
use crate::change::Changes;
use crate::command_line::command;
use crate::decide::{ApplyFailure, BatchGoal, ChangeProgress, State, TurnEnd};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::OnFailure;
use crate::operation::component::health::{self, Proof};
use crate::operation::component::recovery::possible_orphans;
use crate::operation::component::shown_outputs::shown;
use crate::operation::component::{plan, reports};
use crate::operation::intent::rollback::RollbackTrigger;
use crate::operation::session::produced_outputs::ProducedOutputs;
use crate::record::Record;
use crate::report::{ComponentReport, Status};
use crate::snapshot::SnapshotStore;
use crate::terraform::Refresh;
use crate::words::words;

impl PlannedApply<'_> {
    /// The plan has no changes. The record is written if the state changed meanwhile, or if an apply failed before.
    pub async fn unchanged(&self, state: State, reason: Option<Code>) -> Result<ComponentReport> {
        let state = if self.destroy { state } else { self.with_nulls(state) };
        let is_applied = self.record.is_some_and(|record| record.applied.is_some());
        let known = self.record.is_some_and(|record| {
            record.remembered() == state.remembered()
                && record.edges == self.edges()
                && record.backend == self.backend.unwrap_or_default()
                && record.outcome != Status::Failed.word()
                && record.warnings == self.invoker.warnings_to_record(self.record)
                && record.followed == self.followed.registrations
                && record.foreign == self.followed.foreign
                && match self.destroy {
                    true => !(self.intent.changes_things() && is_applied),
                    // A record of version 0.1.0 does not list the outputs.
                    false => record.outputs.is_some() && self.is_applied(record),
                }
        });
        // A module may have only null outputs, and then it has no state.
        let is_there = !state.lineage.is_empty() || !state.outputs.is_empty() || is_applied;
        let mut configuration = self.record.and_then(|record| record.applied.clone());
        if (self.elsewhere || !known) && is_there {
            configuration = match self.destroy {
                true => None,
                false => Some(self.configuration().await?),
            };
            let ended = configuration.as_deref().map_or(TurnEnd::Destroyed, |whole| self.whole(whole));
            self.write_record(Status::Unchanged, &state, ended).await?;
        }
        possible_orphans::keep(&self.invoker.context, &self.carried)?;
        possible_orphans::remove_crash_files(&self.invoker.context)?;
        let report = ComponentReport::new(Status::Unchanged, reason);
        Ok(self.settle(report, state, configuration.as_deref()).await)
    }

    /// Whether the record says that exactly this configuration was applied; the resources may have become so
    /// otherwise.
    fn is_applied(&self, record: &Record) -> bool {
        let store = SnapshotStore::new(self.invoker.context.paths.snapshots());
        let applied = record.applied.as_ref().map(|digest| store.configuration(digest));
        matches!(applied, Some(Ok(applied)) if applied.facts == self.basis.digest())
    }

    /// Its apply failed, and the finished changes are saved. If a rollback is possible, a new plan shows whether one
    /// is needed.
    pub async fn after_all(
        &self,
        report: ComponentReport,
        after: State,
        next: &str,
    ) -> Result<ComponentReport> {
        let could = self.proves() && self.on_failure() == OnFailure::Rollback;
        if !could
            || !matches!(plan::again(self.invoker, Refresh::First, false).await, Ok(one) if one.changes.is_none())
        {
            return Ok(self.finished_partly(report, after));
        }
        let after = self.with_nulls(after);
        self.write_record(Status::AppliedWithWarnings, &after, TurnEnd::Complete(next)).await?;
        let error = report.error.map(|error| error.message).unwrap_or_default();
        let mut notes = report.notes;
        notes.push(words!["the apply failed, although a new plan has no changes: ", error]);
        let report = ComponentReport { status: Status::AppliedWithWarnings, error: None, notes, ..report };
        Ok(self.settle(report, after, Some(next)).await)
    }

    /// The whole configuration is in the state. Without health gates, that alone makes it known good.
    pub fn whole<'a>(&self, configuration: &'a str) -> TurnEnd<'a> {
        match self.has_to_prove() {
            true => TurnEnd::Complete(configuration),
            false => TurnEnd::KnownGood(configuration),
        }
    }

    /// Not in a test, and not where the component is destroyed.
    fn proves(&self) -> bool {
        self.intent.changes_things() && !self.destroy && !self.intent.destroys()
    }

    pub(super) fn has_to_prove(&self) -> bool {
        self.proves()
            && !self.intent.accepts_drift()
            && (!self.node.component.health.is_empty() || self.on_failure() == OnFailure::Rollback)
    }

    pub(super) fn on_failure(&self) -> OnFailure {
        self.invoker.context.session.on_failure(&self.node.component.name)
    }

    /// The end of a turn without failure so far. If a rollback may need this configuration later, a plan must be empty
    /// first; then the health gates decide. All changes are recorded before the gates, and their result after them.
    /// `configuration` is the one that is completely in the state.
    pub async fn settle(
        &self,
        report: ComponentReport,
        state: State,
        configuration: Option<&str>,
    ) -> ComponentReport {
        let name = &self.invoker.context.component.name;
        if !self.has_to_prove() {
            self.invoker.context.session.ledger.record_progress(name, ChangeProgress::Applied);
            return self.finished(report, state);
        }
        match self.prove(&report, &state, configuration).await {
            Ok(proof) => self.good(report, state, configuration, proof).await,
            Err(error) => self.not_good(report, state, configuration, error).await,
        }
    }

    /// An error if the component is not healthy.
    async fn prove(
        &self,
        report: &ComponentReport,
        state: &State,
        configuration: Option<&str>,
    ) -> Result<SecondPlan> {
        let planned = report.status == Status::Unchanged;
        let of_run = self.intent.rollback_step().filter(|way| way.trigger == RollbackTrigger::Automatic);
        let proof = match self.on_failure() {
            OnFailure::Rollback if !planned => match self.replan(state).await {
                Ok(left) => SecondPlan::Replanned(addresses(left)),
                Err(error) if of_run.is_some() => return Err(error),
                Err(error) => SecondPlan::Missing(error),
            },
            _ => SecondPlan::AsBefore,
        };
        if let (SecondPlan::Replanned(left), Some(step)) = (&proof, of_run)
            && !left.is_subset(&step.target.perpetual_diff)
        {
            let left = left.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("the rollback was applied, but a new plan still has changes: {left}");
            let remedy =
                words!["find the cause of the repeated changes, then: ", command("orchestrate").here()];
            return Err(Error::new(Layer::Terraform, Phase::Verification, Code::NotClean, message, remedy));
        }
        let batch_goal = match self.record {
            // Others started the job, and this run waits for nothing of its own.
            _ if self.intent.adopts() => BatchGoal::Working,
            Some(record) if report.status == Status::Unchanged => record.batch_goal(),
            _ => BatchGoal::Complete,
        };
        let lasting = match planned && self.is_proved(configuration) {
            true => Proof::Repeated,
            false => Proof::Lasting,
        };
        health::hold(&self.invoker.context, state, batch_goal, lasting).await.map(|()| proof)
    }

    /// Whether exactly this configuration is known good, and nobody has registered one of its jobs since.
    fn is_proved(&self, configuration: Option<&str>) -> bool {
        self.intent.rollback_step().is_none()
            && self.record.is_some_and(|record| {
                configuration.is_some()
                    && record.known_good.as_deref() == configuration
                    && record.applied.as_deref() == configuration
                    && record.failed.is_none()
                    && record.outcome != Status::Failed.word()
                    && record.followed == self.followed.registrations
            })
    }

    /// A plan after the apply. It also shows what the providers filled in.
    async fn replan(&self, state: &State) -> Result<Option<Changes>> {
        let looks = self.looks(state);
        let replan = plan::again(self.invoker, Refresh::First, looks).await?;
        if looks && let Err(error) = self.remember_look(replan.document.as_ref(), state) {
            tracing::warn!("{}: {error}", self.node.component.name);
        }
        Ok(replan.changes)
    }

    async fn good(
        &self,
        mut report: ComponentReport,
        state: State,
        configuration: Option<&str>,
        proof: SecondPlan,
    ) -> ComponentReport {
        self.invoker
            .context
            .session
            .ledger
            .record_progress(&self.invoker.context.component.name, ChangeProgress::Applied);
        let known = self.record.and_then(|record| record.known_good.as_deref()) == configuration;
        // Without a state, or with a state from before records existed, there is nothing to record it with.
        let known = known && self.failed_before().is_none();
        let Some(configuration) = configuration.filter(|_| !known || report.status != Status::Unchanged)
        else {
            return self.finished(report, state);
        };
        let perpetual_diff = match proof {
            SecondPlan::AsBefore => self.record.map(|record| record.residue.clone()).unwrap_or_default(),
            SecondPlan::Replanned(perpetual_diff) => perpetual_diff,
            SecondPlan::Missing(error) => {
                report.notes.push(format!(
                    "not marked as known good, because the plan that checks it failed: {error}"
                ));
                return self.finished(report, state);
            }
        };
        if !perpetual_diff.is_empty() {
            let left = perpetual_diff.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            report.notes.push(format!("a new plan still has changes; this is accepted: {left}"));
        }
        let ended = TurnEnd::KnownGood(configuration);
        if let Err(error) =
            self.write(report.status, &state, ended, perpetual_diff, &self.carried, None).await
        {
            report.notes.push(words!["the known-good mark could not be recorded: ", &error]);
        }
        self.finished(report, state)
    }

    async fn not_good(
        &self,
        report: ComponentReport,
        state: State,
        configuration: Option<&str>,
        error: Error,
    ) -> ComponentReport {
        let (session, name) = (self.invoker.context.session, &self.invoker.context.component.name);
        let ended = reports::ended(error.of(name));
        if ended.reason == Some(Code::AwaitingPromotion) {
            // The previous instances still run beside the canaries: that is no failure.
            session.ledger.record_progress(name, ChangeProgress::Applied);
            let ComponentReport { reason, error, .. } = ended;
            return self
                .finished(ComponentReport { status: Status::Blocked, reason, error, ..report }, state);
        }
        let failure = match ended.reason {
            Some(Code::LockLost) => ApplyFailure::LockLost,
            Some(Code::Superseded | Code::JobStopped) => ApplyFailure::Superseded,
            Some(Code::HealthUnknown) => ApplyFailure::HealthUnknown,
            _ if ended.status == Status::Cancelled => ApplyFailure::Cancelled,
            _ => ApplyFailure::StateKnown,
        };
        if report.status == Status::Unchanged
            && let Some(configuration) = configuration
        {
            self.continue_rotation(configuration);
        }
        session.ledger.record_progress(name, ChangeProgress::Failed(failure));
        let mut notes = report.notes;
        if report.status != Status::Unchanged && !state.lineage.is_empty() {
            notes.push(words!["kept: the applied changes are in the state, at serial ", state.serial]);
        }
        if let (Status::Failed, Some(configuration)) = (ended.status, configuration)
            && let Err(error) = self.write_failed(&ended, &state, configuration).await
        {
            notes.push(words!["its failure could not be recorded: ", &error]);
        }
        let ComponentReport { status, reason, error, .. } = ended;
        self.finished(ComponentReport { status, reason, error, notes, ..report }, state)
    }

    /// An earlier run deployed a rotated secret and was killed before it knew the result. A failure is now one of this
    /// run, which can roll it back.
    fn continue_rotation(&self, configuration: &str) {
        let (ledger, name) = (&self.invoker.context.session.ledger, &self.node.component.name);
        let is_new = self.record.is_some_and(|record| record.known_good.as_deref() != Some(configuration));
        if ledger.rotations.goes_back(name) && is_new && self.text.is_some() {
            ledger.change(name, self.was(configuration));
        }
    }

    /// The same after an apply that did not complete. Its outputs are not shown: some may be from before it.
    pub fn finished_partly(&self, report: ComponentReport, state: State) -> ComponentReport {
        ComponentReport { outputs: BTreeMap::new(), ..self.finished(report, state) }
    }

    /// Publishes the outputs to dependents, and shows those that are not sensitive.
    pub fn finished(&self, report: ComponentReport, state: State) -> ComponentReport {
        let outputs = shown(&self.invoker.context.redactor, &state);
        let (session, name) = (self.invoker.context.session, &self.invoker.context.component.name);
        session.ledger.reach(name, self.done(&state));
        session
            .ledger
            .produce(name, ProducedOutputs { outputs: state.outputs, ..ProducedOutputs::default() });
        ComponentReport { outputs, ..report }
    }
}

/// The result of the plan that is made again.
enum SecondPlan {
    /// No plan was needed.
    AsBefore,
    Replanned(BTreeSet<String>),
    /// The plan could not be made.
    Missing(Error),
}

fn addresses(left: Option<Changes>) -> BTreeSet<String> {
    let left = left.into_iter().flat_map(|changes| changes.resources);
    left.map(|change| change.address).collect()
}
