//! Writes the record at the end of a turn: the state of the component, and which of its versions failed.

use std::collections::BTreeSet;

use super::Run;
use crate::decide::{Ended, FailedVersion, Standing, State, Suspect};
use crate::error::{Code, Result};
use crate::journal::Done;
use crate::operation::component::recovery::possible_orphans;
use crate::operation::store::records;
use crate::record::Record;
use crate::report::{ComponentReport, Status};

impl Run<'_> {
    /// This configuration is completely in the state, and it does not work.
    pub(super) async fn write_failed(
        &self,
        ended: &ComponentReport,
        state: &State,
        configuration: &str,
    ) -> Result<()> {
        let residue = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        let failed = self.given_up(ended, configuration);
        let whole = Ended::Whole(configuration);
        self.write(ended.status, state, whole, residue, &self.carried, failed).await
    }

    /// The version, if Nomad marked it as failed.
    pub fn given_up(&self, ended: &ComponentReport, configuration: &str) -> Option<FailedVersion> {
        let error = ended.error.as_ref().filter(|error| error.code == Code::DeploymentFailed)?;
        let said = error.message.lines().next().unwrap_or_default();
        Some(FailedVersion {
            version: self.version(),
            configuration: configuration.to_owned(),
            run_id: self.invoker.context.session.call.run_id.clone(),
            since: now(),
            said: self.invoker.context.redactor.text(said),
        })
    }

    /// Writes the record and keeps the known perpetual diff.
    pub async fn write_record(&self, status: Status, state: &State, ended: Ended<'_>) -> Result<()> {
        let residue = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        self.write(status, state, ended, residue, &self.carried, None).await
    }

    /// `suspects`: possible orphans that the report names too. The files in which they were found are removed.
    pub async fn write_record_telling(
        &self,
        status: Status,
        state: &State,
        ended: Ended<'_>,
        suspects: &[Suspect],
        failed: Option<FailedVersion>,
    ) -> Result<()> {
        let residue = self.record.map(|record| record.residue.clone()).unwrap_or_default();
        self.write(status, state, ended, residue, suspects, failed).await
    }

    /// `failed`: the version that has just failed.
    pub(super) async fn write(
        &self,
        status: Status,
        state: &State,
        ended: Ended<'_>,
        residue: BTreeSet<String>,
        suspects: &[Suspect],
        failed: Option<FailedVersion>,
    ) -> Result<()> {
        let invoker = self.invoker;
        let Standing { applied, known_good } =
            self.record.map(Record::standing).unwrap_or_default().after(ended);
        let record = Record {
            run_id: invoker.context.session.call.run_id.clone(),
            outcome: status.word().to_owned(),
            finished: now(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            terraform: invoker.context.session.call.tool.version.to_string(),
            deployment_id: self.node.deployment_id.clone(),
            lineage: state.lineage.clone(),
            serial: state.serial,
            resources: state.resources,
            edges: self.edges(),
            subdir: invoker.context.session.modules[&invoker.context.component.name].subdir.clone(),
            declared: self.node.component.declared.clone(),
            backend: self.backend.unwrap_or_default().to_owned(),
            applied,
            outputs: match ended {
                Ended::Whole(_) | Ended::Good(_) => Some(self.node.interface.outputs.clone()),
                Ended::Destroyed | Ended::Partly => None,
            },
            known_good,
            residue,
            failed: failed.or_else(|| self.still_failed(ended)),
            followed: self.followed.registrations.clone(),
            foreign: self.followed.foreign.clone(),
            ..Record::default()
        };
        records::write(invoker.context.lock, &invoker.context.component.name, invoker.context.place, record)
            .await?;
        possible_orphans::forget(&invoker.context, suspects)
    }

    /// A state that contains this whole configuration, completed by the outputs that are null.
    pub fn with_nulls(&self, state: State) -> State {
        state.with_nulls(&self.node.interface.outputs)
    }

    /// The version that failed earlier, if it still counts.
    fn still_failed(&self, ended: Ended<'_>) -> Option<FailedVersion> {
        let before = self.record?.failed.clone()?;
        before.after(&self.version(), self.intent.is_aside(), ended)
    }

    /// What a run that resumes this one has to know of the component.
    pub fn done(&self, state: &State) -> Done {
        Done { made_from: self.facts.digest(), lineage: state.lineage.clone(), serial: state.serial }
    }

    pub(super) fn edges(&self) -> BTreeSet<String> {
        let graph = &self.invoker.context.session.blueprint.graph;
        graph.dependencies(&self.node.component.name).iter().map(ToString::to_string).collect()
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}
