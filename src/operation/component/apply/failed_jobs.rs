//! What Nomad knows about a job whose deployment the provider has followed to its failure (`detach = false`).

use std::time::Duration;

use serde_json::Value;

use crate::decide::{State, StateJob};
use crate::error::{Code, Error, Result};
use crate::nomad::{DeploymentWatch, Diagnosis, JobName};
use crate::operation::exec::context::Context;
use crate::operation::exec::servers;
use crate::words::words;

/// The most time for one job.
const DIAGNOSING: Duration = Duration::from_secs(10);

/// The same error with the last words of the tasks. The provider says only that the deployment failed.
pub(super) async fn explain(context: &Context<'_>, error: Error, after: &State) -> Error {
    let addresses = error.details["addresses"].as_array();
    let failed = |job: &&StateJob| {
        addresses.is_some_and(|addresses| addresses.contains(&Value::from(job.address.as_str())))
    };
    let Some(job) = after.jobs.iter().find(failed).filter(|_| error.code == Code::DeploymentFailed) else {
        return error;
    };
    let Ok(Some(diagnosis)) = diagnose(context, job).await else { return error };
    let message = diagnosis.lines.iter().fold(error.message.clone(), |text, line| words![text, "\n  ", line]);
    let mut details = error.details.clone();
    details["nomad"] = diagnosis.details;
    Error { message, ..error }.with(details)
}

/// None if Nomad does not answer in time.
async fn diagnose(context: &Context<'_>, job: &StateJob) -> Result<Option<Diagnosis>> {
    let settings = &context.session.blueprint.settings;
    let nomad = servers::nomad(settings, context.component, &context.reader).await?;
    let name = JobName { namespace: job.namespace.clone(), id: job.id.clone() };
    let watch = DeploymentWatch::new(nomad, name, job.modify_index).silently(context.has_unreadable_secrets);
    let Ok(mut diagnosis) = tokio::time::timeout(DIAGNOSING, watch.diagnose()).await else { return Ok(None) };
    context.redactor.gathered(&mut diagnosis.details);
    diagnosis.lines.iter_mut().for_each(|line| *line = context.redactor.text(line));
    Ok(Some(diagnosis))
}
