//! Writes the record at the end of a turn: the state of the component, and which of its versions failed.

use std::collections::BTreeSet;

use super::PlannedApply;
use crate::clock;
use crate::decide::{Baseline, Course, FailedVersion, OrphanCandidate, State, TurnEnd};
use crate::error::{Code, Result};
use crate::journal::CompletedComponent;
use crate::lock::host_name;
use crate::operation::component::recovery::possible_orphans;
use crate::operation::store::records;
use crate::record::Record;
use crate::report::{ComponentReport, Status};
use crate::workdir::sync_folder;

impl PlannedApply<'_> {
    /// This configuration is completely in the state, and it does not work.
    pub(super) async fn write_failed(
        &self,
        ended: &ComponentReport,
        state: &State,
        configuration: &str,
    ) -> Result<()> {
        let perpetual_diff = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        let failed = self.given_up(ended, configuration);
        let whole = TurnEnd::Complete(configuration);
        self.write(ended.status, state, whole, perpetual_diff, &self.carried, failed).await
    }

    /// The version, if Nomad marked it as failed.
    pub fn given_up(&self, ended: &ComponentReport, configuration: &str) -> Option<FailedVersion> {
        let error = ended.error.as_ref().filter(|error| error.code == Code::DeploymentFailed)?;
        let said = error.message.lines().next().unwrap_or_default();
        Some(FailedVersion {
            version: self.version(),
            configuration: configuration.to_owned(),
            run_id: self.invoker.context.session.call.run_id.clone(),
            since: clock::now(),
            said: self.invoker.context.redactor.text(said),
        })
    }

    /// Writes the record and keeps the known perpetual diff.
    pub async fn write_record(&self, status: Status, state: &State, ended: TurnEnd<'_>) -> Result<()> {
        let perpetual_diff = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        self.write(status, state, ended, perpetual_diff, &self.carried, None).await
    }

    /// `suspects`: possible orphans that the report names too. The files in which they were found are removed.
    pub async fn write_record_telling(
        &self,
        status: Status,
        state: &State,
        ended: TurnEnd<'_>,
        candidates: &[OrphanCandidate],
        failed: Option<FailedVersion>,
    ) -> Result<()> {
        let perpetual_diff = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        self.write(status, state, ended, perpetual_diff, candidates, failed).await
    }

    /// `failed`: the version that has just failed.
    pub(super) async fn write(
        &self,
        status: Status,
        state: &State,
        ended: TurnEnd<'_>,
        perpetual_diff: BTreeSet<String>,
        candidates: &[OrphanCandidate],
        failed: Option<FailedVersion>,
    ) -> Result<()> {
        let invoker = self.invoker;
        let before = self.record.map_or_else(Baseline::nothing, Record::baseline);
        let Baseline { applied, known_good, previous, back } = before.after(ended, self.course(status));
        let record = Record {
            run_id: invoker.context.session.call.run_id.clone(),
            outcome: status.word().to_owned(),
            finished: clock::now(),
            host: host_name(),
            terraform: invoker.context.session.call.tool.identity(),
            deployment_id: self.node.deployment_id.clone(),
            lineage: state.lineage.clone(),
            serial: state.serial,
            resources: state.resources,
            machines: Some(state.machines.clone()),
            edges: self.edges(),
            subdir: invoker.context.session.modules[&invoker.context.component.name].subdir.clone(),
            declared: self.node.component.declared.clone(),
            backend: self.backend.unwrap_or_default().to_owned(),
            applied,
            outputs: match ended {
                TurnEnd::Complete(_) | TurnEnd::KnownGood(_) => Some(self.node.interface.outputs.clone()),
                TurnEnd::Destroyed | TurnEnd::DataKept | TurnEnd::Partial => None,
            },
            known_good,
            previous,
            back,
            residue: perpetual_diff,
            failed: failed.or_else(|| self.still_failed(ended)),
            warnings: match ended {
                TurnEnd::Destroyed => Vec::new(),
                _ => invoker.warnings_to_record(self.record),
            },
            followed: self.followed.registrations.clone(),
            foreign: self.followed.foreign.clone(),
            ..Record::default()
        };
        let context = &invoker.context;
        possible_orphans::keep(context, candidates)?;
        if self.text.is_none() && context.state().is_some_and(|state| state.exists()) {
            // Terraform made the file and synced its data, but not its name.
            sync_folder(&context.paths.workdir)?;
        }
        records::write(context.lock, &context.component.name, context.paths, record).await?;
        possible_orphans::remove_crash_files(context)
    }

    /// `status` is the end of the turn.
    fn course(&self, status: Status) -> Course<'_> {
        match self.intent.rollback_step() {
            Some(step) => Course::Back(&step.target.configuration),
            // A remediation applies the last applied configuration again.
            None if status == Status::Unchanged || self.intent.drift_id().is_some() => Course::Same,
            None => Course::Forward,
        }
    }

    /// A state that contains this whole configuration, completed by the outputs that are null.
    pub fn with_nulls(&self, state: State) -> State {
        state.with_nulls(&self.node.interface.outputs)
    }

    /// The version that failed earlier, if it still counts.
    fn still_failed(&self, ended: TurnEnd<'_>) -> Option<FailedVersion> {
        let before = self.record?.failed.clone()?;
        before.after(&self.version(), self.intent.uses_other_configuration(), ended)
    }

    /// What a run that resumes this one has to know of the component.
    pub fn done(&self, state: &State) -> CompletedComponent {
        CompletedComponent {
            made_from: self.basis.digest(),
            lineage: state.lineage.clone(),
            serial: state.serial,
        }
    }

    pub(super) fn edges(&self) -> BTreeSet<String> {
        let graph = &self.invoker.context.session.blueprint.graph;
        graph.dependencies(&self.node.component.name).iter().map(ToString::to_string).collect()
    }
}
