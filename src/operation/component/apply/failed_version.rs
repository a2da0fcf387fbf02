//! A version of a service that Nomad has marked as failed: it is registered again only if a person asks for it.

use super::PlannedApply;
use crate::change::Changes;
use crate::command_line::{command, switch};
use crate::decide::{FailedVersion, State};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::nomad::{DeploymentWatch, JobName};
use crate::operation::component::reports;
use crate::operation::exec::servers;
use crate::record::Record;
use crate::report::{ComponentReport, Status};
use crate::words::words;

/// The decision about a plan that would register that version.
pub(in crate::operation::component) enum FailedVersionVerdict {
    /// The plan does not register a failed version.
    Unrelated,
    /// The plan may be applied; the report contains this note.
    Allowed(String),
    /// The plan waits for a person.
    Refused(Error),
}

impl PlannedApply<'_> {
    /// The digest of the configuration that this turn applies.
    pub fn version(&self) -> String {
        self.basis.version(&self.node.component.declared)
    }

    /// The failed version, if this turn applies the same configuration.
    pub fn failed_before(&self) -> Option<&FailedVersion> {
        self.record?.failed.as_ref().filter(|failed| failed.version == self.version())
    }
}

/// Decides about a plan of this turn, before the plan is saved or applied.
pub(in crate::operation::component) fn judge(
    run: &PlannedApply<'_>,
    changes: &Changes,
) -> FailedVersionVerdict {
    let intent = run.intent;
    let registers = |action: &String| action == "create" || action == "update";
    let mut jobs = changes.resources.iter().filter(|one| one.kind == "nomad_job");
    if intent.destroys() || !jobs.any(|one| one.actions.iter().any(registers)) {
        return FailedVersionVerdict::Unrelated;
    }
    let failed = match intent.drift_id() {
        // A remediation plans from the configuration that was applied last, not from the pillar.
        Some(_) => run.record.and_then(Record::applied_and_failed),
        None => run.failed_before(),
    };
    let Some(failed) = failed.filter(|_| intent.plan_id().is_none()) else {
        return FailedVersionVerdict::Unrelated;
    };
    if intent.saves_plans() {
        return FailedVersionVerdict::Allowed(format!(
            "{}; applying this plan registers it again",
            failed.words()
        ));
    }
    match intent.options.retry {
        true => FailedVersionVerdict::Allowed(format!(
            "registered again because of {}: it failed in run {}",
            switch("retry"),
            failed.run_id
        )),
        false => FailedVersionVerdict::Refused(waits(run, failed)),
    }
}

/// Addresses of the jobs that a retry replaces: Nomad ignores the registration of an unchanged job. A job stays if an
/// instance of it still runs, for example an instance of the previous version.
pub(in crate::operation::component) async fn spent(
    run: &PlannedApply<'_>,
    state: Option<&State>,
) -> Result<Vec<String>> {
    let mut spent = Vec::new();
    if !run.intent.options.retry || run.intent.destroys() || run.failed_before().is_none() {
        return Ok(spent);
    }
    let (settings, invoker) = (&run.invoker.context.session.blueprint.settings, run.invoker);
    for job in state.iter().flat_map(|state| &state.jobs).filter(|job| job.is_purged) {
        let nomad = servers::nomad(settings, invoker.context.component, &invoker.context.reader).await?;
        let name = JobName { namespace: job.namespace.clone(), id: job.id.clone() };
        // A job that cannot be read now is left to the plan.
        let rollout = DeploymentWatch::new(nomad, name, job.modify_index).read().await;
        spent.extend(rollout.is_ok_and(|rollout| rollout.is_spent()).then(|| job.address.clone()));
    }
    Ok(spent)
}

fn waits(run: &PlannedApply<'_>, failed: &FailedVersion) -> Error {
    let (name, environment) = (&run.node.component.name, &run.invoker.context.session.blueprint.environment);
    let again = command("orchestrate").of(environment).with("components", name).flag("retry");
    let remedy =
        words!["correct the pillar, the module or its inputs. To try the same version again: ", again];
    Error::new(Layer::Nomad, Phase::Planning, Code::FailedVersion, failed.words(), remedy).of(name)
}

/// The report of a component whose version waits for a person. It shows the changes of the plan.
pub(in crate::operation::component) fn waiting(error: Error, changes: Changes) -> ComponentReport {
    let report =
        ComponentReport { error: Some(error), ..ComponentReport::new(Status::Blocked, Code::FailedVersion) };
    reports::with(report, changes)
}
