//! Applies a saved plan and records the result.

mod absorbed;
mod baseline;
mod failed_jobs;
pub mod failed_version;
mod finalize;
mod progress;
mod record;
mod resource_events;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use self::progress::ApplyProgress;
use super::inputs::prepared_secrets::PreparedSecrets;
use super::inputs::variables::Inputs;
use super::recovery::leftovers::ApplyEvents;
use super::recovery::state_copies;
use super::registrations::FollowedRegistrations;
use super::{recovery, reports};
use crate::change::{AbsorbedChange, Changes};
use crate::decide::{
    self, ApplyFailure, ChangeProgress, OrphanCandidate, PlannedCreation, RecordedState, State, TurnEnd,
};
use crate::error::{Error, Phase, Result};
use crate::journal::JournalEntry;
use crate::lock::Fence;
use crate::model::{Node, OnFailure};
use crate::operation::component::recovery::possible_orphans;
use crate::operation::exec::command_output::CommandOutput;
use crate::operation::exec::state::PulledState;
use crate::operation::exec::{Invoker, state};
use crate::operation::intent::Intent;
use crate::operation::session::PriorState;
use crate::operation::store::plan_basis::PlanBasis;
use crate::record::Record;
use crate::report::{ComponentReport, Counts, KeptResource, ResourceChange, Status};
use crate::snapshot::Snapshot;
use crate::terraform::{ApplyArguments, Event, ROOM};
use crate::words::words;
use crate::workdir::Manifest;

/// Bytes that one resource takes in the stream and in a state, if it is not a very large one.
const ROOM_OF_ONE: u64 = 8 * 1024;

pub(super) struct PlannedApply<'a> {
    pub invoker: &'a Invoker<'a>,
    pub node: &'a Node,
    pub record: Option<&'a Record>,
    /// The state against which the plan was made.
    pub state_before: RecordedState,
    /// The text of that state, if there is one.
    pub text: Option<Arc<Vec<u8>>>,
    pub inputs: &'a Inputs,
    /// Values for the tasks of a service.
    pub task_secrets: &'a PreparedSecrets,
    /// The text of `terraform.tfvars.json`.
    pub variables: &'a str,
    /// Address to id, from that state.
    pub held: BTreeMap<String, String>,
    /// Possible orphans of earlier applies. They are reported even if this apply crashes too.
    pub carried: Vec<OrphanCandidate>,
    /// An apply on another host was interrupted: the record of this turn ends it.
    pub elsewhere: bool,
    /// The rendered backend block. None means the local backend.
    pub backend: Option<&'a str>,
    pub basis: &'a PlanBasis,
    pub destroy: bool,
    pub intent: &'a Intent,
    /// The plan contains only a part of the changes.
    pub partly: bool,
    /// Jobs whose registration differs from the one in the state, if nothing is applied.
    pub followed: FollowedRegistrations,
}

impl PlannedApply<'_> {
    /// Applies exactly this plan. A fence proves that the lock is still held.
    pub async fn apply(
        &self,
        _fence: Fence<'_>,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
    ) -> Result<ComponentReport> {
        let invoker = self.invoker;
        invoker.context.go_on(Phase::Application).await?;
        let timeouts = &invoker.context.component.timeouts;
        let lasting = invoker.context.reader.must_last(timeouts.apply + timeouts.stop_grace).await;
        lasting.map_err(|error| error.during(Phase::Application))?;
        if !self.destroy {
            self.task_secrets.deliver(&invoker.context).await?;
        }
        let snapshot = self.snapshot().await?;
        let applied = self.begun(manifest, file, changes, &snapshot).await;
        let report =
            applied.unwrap_or_else(|error| reports::ended(error.of(&invoker.context.component.name)));
        Ok(ComponentReport { snapshot_id: Some(snapshot.snapshot_id), ..report })
    }

    async fn begun(
        &self,
        manifest: &mut Manifest,
        file: &Path,
        changes: Changes,
        snapshot: &Snapshot,
    ) -> Result<ComponentReport> {
        let (invoker, next) = (self.invoker, snapshot.next.as_str());
        let mut progress = ApplyProgress::new(&invoker.context, self.destroy, &changes);
        let mut events = ApplyEvents::default();
        let absorbed = self.absorb(file, &changes);
        invoker.expect_start();
        // The files of an earlier apply that was interrupted are not removed with those of this one.
        let is_first = !self.elsewhere && !invoker.context.paths.applying().exists();
        let said = self.run(file, &changes, snapshot, (&mut progress, &mut events)).await;
        progress.end();
        let sealed = manifest.seal(invoker.context.paths, false);
        if said.is_err() && !invoker.has_started() {
            self.withdraw(is_first).await;
        }
        let output = said?;
        sealed?;
        invoker.begin_saving();
        if output.exit.code == Some(0) {
            let (after, text) = with_text(state::pull(invoker).await?);
            let kept = self.kept(&after);
            let (status, ended, after) = match (self.destroy, self.partly) {
                // The outputs may be values of resources that are gone.
                (true, _) if !kept.is_empty() => {
                    (Status::DataKept, TurnEnd::DataKept, State { outputs: BTreeMap::new(), ..after })
                }
                (true, _) => (Status::Destroyed, TurnEnd::Destroyed, after),
                // The applied configuration and the known-good one stay what they are.
                (false, false) if self.intent.accepts_drift() => {
                    (Status::Applied, TurnEnd::Complete(next), self.with_nulls(after))
                }
                (false, false) => (Status::Applied, self.whole(next), self.with_nulls(after)),
                (false, true) => (Status::Applied, TurnEnd::Partial, after),
            };
            if let Err(error) = self.write_record(status, &after, ended).await {
                let mut report = ComponentReport::failed(error.of(&invoker.context.component.name));
                report.notes.push(words![
                    "the plan was applied, and the state contains it, at serial ",
                    after.serial,
                    "; only the record is missing",
                ]);
                return Ok(reports::with(report, changes));
            }
            let mut report = reports::with(ComponentReport::new(status, None), changes);
            let is_over = self.destroy || self.intent.accepts_drift();
            let text = text.as_deref().map(Vec::as_slice).filter(|_| !is_over);
            self.tell_absorbed(&mut report, &absorbed, (&after, text));
            self.look(&mut report, &after).await;
            report.keep(kept);
            if self.intent.accepts_drift() {
                invoker
                    .context
                    .session
                    .ledger
                    .record_progress(&self.node.component.name, ChangeProgress::Applied);
            }
            if self.partly || self.intent.accepts_drift() {
                return Ok(self.finished(report, after));
            }
            return Ok(self.settle(report, after, Some(next)).await);
        }
        let error = invoker.failure("apply", Phase::Application, &output).of(&invoker.context.component.name);
        let report = reports::with(reports::ended(error), Changes { outputs: BTreeMap::new(), ..changes });
        let report = ComponentReport { changes: progress.done, ..report };
        self.failed(report, &output, (&events, &absorbed), next).await
    }

    /// Records that an apply begins, and runs it.
    async fn run(
        &self,
        file: &Path,
        changes: &Changes,
        snapshot: &Snapshot,
        (progress, events): (&mut ApplyProgress<'_>, &mut ApplyEvents),
    ) -> Result<CommandOutput> {
        let (invoker, next) = (self.invoker, snapshot.next.as_str());
        let component = invoker.context.component.name.clone();
        invoker.context.session.ledger.change(&component, self.was(next));
        let applying = JournalEntry::Applying { component, snapshot_id: Some(snapshot.snapshot_id.clone()) };
        invoker.context.session.ledger.note_durably(applying).await?;
        let gone = self.gone(changes);
        gone.iter().for_each(|(address, id)| events.operations.gone(address, id));
        let started = recovery::ApplyStart {
            gone,
            planned: self.planned(changes),
            empties: self.empties(changes),
            carried: &self.carried,
        };
        recovery::begin(invoker, snapshot, started, self.record, self.backend).await?;
        let arguments = ApplyArguments {
            plan: file.to_owned(),
            state: invoker.context.state(),
            may_forget: invoker.context.session.call.tool.suppresses_forget_errors(),
            variable_file: invoker.ephemeral_file(),
        };
        let mut hear = |event: &Event| {
            progress.hear(event);
            events.record(event);
        };
        let (timeout, room) = (invoker.context.component.timeouts.apply, self.room(changes));
        let apply = invoker.stream("apply", arguments.arguments(), timeout, room, &mut hear);
        state_copies::during(invoker.context.state(), invoker.context.paths.copies(), apply).await
    }

    /// Terraform was not started, so nothing was interrupted, and there is nothing to repair or to roll back.
    async fn withdraw(&self, is_first: bool) {
        let context = &self.invoker.context;
        let name = &context.component.name;
        context.session.ledger.record_progress(name, ChangeProgress::Nothing);
        if is_first && let Err(error) = recovery::withdraw(context, &self.carried).await {
            // The next run treats this apply as an interrupted one.
            tracing::warn!("{name}: {error}");
        }
    }

    /// The component before the first effect of the apply. Until its end is known, it counts as interrupted.
    fn was(&self, next: &str) -> PriorState {
        let record = self.record.cloned().unwrap_or_default();
        let goes_back = self.on_failure() == OnFailure::Rollback;
        PriorState {
            progress: ChangeProgress::Failed(ApplyFailure::Interrupted),
            known_good: record.known_good,
            perpetual_diff: record.residue,
            attempted: next.to_owned(),
            state: self.text.clone().filter(|_| goes_back),
        }
    }

    /// What a destroy has left, and why.
    fn kept(&self, after: &State) -> Vec<KeptResource> {
        let component = &self.node.component;
        match self.destroy {
            true => decide::kept(after, &component.data, &component.policy.protect),
            false => Vec::new(),
        }
    }

    /// Bytes to reserve: the stream lists the started changes and, if the state can be saved nowhere else, the state
    /// too.
    fn room(&self, changes: &Changes) -> u64 {
        let size =
            self.invoker.context.state().and_then(|state| state.metadata().ok()).map(|state| state.len());
        let state = size.unwrap_or(self.state_before.resources * ROOM_OF_ONE);
        ROOM + 2 * state + changes.resources.len() as u64 * ROOM_OF_ONE
    }

    /// Resources in the state that the plan creates again: the refresh found that they no longer exist.
    fn gone(&self, changes: &Changes) -> BTreeMap<String, String> {
        let created = changes.resources.iter().filter(|one| one.actions == ["create"]);
        // Secrets were removed from these addresses.
        let created: BTreeSet<_> = created.map(|one| one.address.as_str()).collect();
        let is_created =
            |address: &str| created.contains(self.invoker.context.redactor.text(address).as_str());
        let gone = self.held.iter().filter(|(address, _)| is_created(address));
        gone.map(|(address, id)| (address.clone(), id.clone())).collect()
    }

    /// What the plan creates. After a power failure, the stream may not show which of these creations began.
    fn planned(&self, changes: &Changes) -> Vec<PlannedCreation> {
        let created = changes.resources.iter().filter(|one| one.does("create"));
        let creation = |change: &ResourceChange| PlannedCreation {
            address: change.address.clone(),
            kind: change.kind.clone(),
            replaces: change.actions.len() > 1,
        };
        created.map(creation).collect()
    }

    /// Whether it destroys or replaces each resource in the state. In between, the state may be empty.
    fn empties(&self, changes: &Changes) -> bool {
        changes.resources.iter().filter(|one| one.does("delete")).count() as u64
            >= self.state_before.resources
    }

    /// Saves and reports what was done before the failure. If that fails, the next run continues here.
    async fn failed(
        &self,
        mut report: ComponentReport,
        output: &CommandOutput,
        (events, absorbed): (&ApplyEvents, &[AbsorbedChange]),
        next: &str,
    ) -> Result<ComponentReport> {
        let invoker = self.invoker;
        let name = &invoker.context.component.name;
        invoker
            .context
            .session
            .ledger
            .record_progress(name, ChangeProgress::Failed(ApplyFailure::StateUnsaved));
        match recovery::after_failure(invoker, events, &self.state_before).await {
            Ok(notes) => report.notes.extend(notes),
            Err(error) => {
                let first = report.error.map(|error| error.message).unwrap_or_default();
                let message = words![first, "\nThen ", &error.message];
                let error = Error { message, ..error.of(name) };
                return Ok(ComponentReport { reason: error.code.into(), error: Some(error), ..report });
            }
        }
        let survived = match state::pull(invoker).await {
            // A record without resources would let the next run create all of them again.
            Ok(None) if self.state_before.resources > 0 => {
                report.notes.push("the previous state is gone");
                return Ok(report);
            }
            Ok(survived) => survived,
            Err(unreadable) => {
                report.notes.push(words!["the state cannot be read now: ", unreadable.to_string()]);
                return Ok(report);
            }
        };
        let ended = output.exit.code.is_some() && output.exit.cut_short.is_none();
        let state = survived.as_ref().map(|survived| &survived.state);
        let before = (&self.state_before, &self.held);
        report.notes.extend(events.completed.notes(before, state, ended));
        let (after, text) = with_text(survived);
        if let Some(error) = report.error.take() {
            report.error = Some(failed_jobs::explain(&invoker.context, error, &after).await);
        }
        self.tell_absorbed(&mut report, absorbed, (&after, text.as_deref().map(Vec::as_slice)));
        let candidates = events.operations.candidates(
            &invoker.context.session.call.run_id,
            &after.instances,
            output.end(),
        );
        report.notes.extend(possible_orphans::describe(&candidates));
        report.possible_orphans = possible_orphans::orphans(invoker, &candidates);
        // The provider itself waited for the deployment.
        let failed = self.given_up(&report, next);
        let all: Vec<_> = self.carried.iter().chain(&candidates).cloned().collect();
        if let Err(error) =
            self.write_record_telling(report.status, &after, TurnEnd::Partial, &all, failed).await
        {
            // The next run treats this apply as an interrupted one and reports it again.
            report.notes.push(&error);
            return Ok(self.finished_partly(report, after));
        }
        let failure = output.apply_failure();
        invoker.context.session.ledger.record_progress(name, ChangeProgress::Failed(failure));
        match failure {
            ApplyFailure::StateKnown => {
                if report.changes != Counts::default() {
                    self.look(&mut report, &after).await;
                }
                self.after_all(report, after, next).await
            }
            _ => Ok(self.finished_partly(report, after)),
        }
    }
}

/// The state, empty if there is none, and its text.
fn with_text(pulled: Option<PulledState>) -> (State, Option<Arc<Vec<u8>>>) {
    let (state, text) = pulled.map(|pulled| (pulled.state, pulled.text)).unzip();
    (state.unwrap_or_default(), text)
}
