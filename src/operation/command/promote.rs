//! Promotes the canaries of components' jobs, when a person asks for it, and waits for the result.

use std::collections::BTreeMap;

use serde_json::json;

use crate::decide::{BatchGoal, StateJob};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Name;
use crate::nomad::{DeploymentWatch, JobHealth, JobName};
use crate::operation::component::health::{self, Proof};
use crate::operation::component::inputs::given_secrets;
use crate::operation::component::registrations;
use crate::operation::exec::context::Context;
use crate::operation::exec::{servers, state};
use crate::operation::query::inspect::{Inspection, inspect};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::store::audit;
use crate::report::{ComponentReport, Report, Status};

pub fn promote(call: &Call<'_>) -> Report {
    let question = Question::new(Arguments::new(&call.request));
    let builder = question.report_builder("promote", &call.request.identity);
    let asked = inspect(call, &builder, question, async |inspection| {
        let mut reports = BTreeMap::new();
        for name in &inspection.selected {
            let report = of(&inspection, name).await;
            reports
                .insert(name.clone(), report.unwrap_or_else(|error| ComponentReport::failed(error.of(name))));
        }
        Ok(reports)
    });
    match asked {
        Ok(reports) => builder.report(reports, BTreeMap::new()),
        Err(error) => builder.failed(error),
    }
}

/// One after the other: if the first fails, the next does not begin.
async fn of(inspection: &Inspection<'_>, name: &Name) -> Result<ComponentReport> {
    let session = inspection.session;
    let paths = session.call.layout.component(name)?;
    let nothing = || Ok(ComponentReport::new(Status::Unchanged, Code::NothingToPromote));
    let Some(mut invoker) = inspection.invoker(name, &paths).await? else { return nothing() };
    given_secrets::hide(&mut invoker.context).await;
    let Some(mut state) = state::read(&invoker).await? else { return nothing() };
    if let Some(record) = session.records().read(invoker.context.component, &paths).await? {
        registrations::recorded(&mut state, &record);
    }
    let mut notes = Vec::new();
    for job in &state.jobs {
        notes.extend(one(&invoker.context, job).await?);
    }
    if notes.is_empty() {
        return nothing();
    }
    if invoker.context.component.health.is_empty() {
        notes.push("it has no health gates, so Eos did not wait".to_owned());
    } else {
        health::hold(&invoker.context, &state, BatchGoal::default(), Proof::Lasting).await?;
    }
    Ok(ComponentReport { notes: notes.into(), ..ComponentReport::new(Status::Applied, Code::Promoted) })
}

/// None if no canaries wait.
async fn one(context: &Context<'_>, job: &StateJob) -> Result<Option<String>> {
    let session = context.session;
    let name = JobName { namespace: job.namespace.clone(), id: job.id.clone() };
    let follow = DeploymentWatch::new(
        servers::nomad(&session.blueprint.settings, context.component, &context.reader).await?,
        name,
        job.modify_index,
    )
    .after_failure(job.failed);
    let explain = |error: crate::nomad::NomadError| {
        error.explain(&session.blueprint.settings.nomad.address, Phase::Application)
    };
    match follow.look().await {
        JobHealth::AwaitingPromotion(_) => {}
        JobHealth::Unseen(error) => return Err(explain(error)),
        JobHealth::Failed(reason) | JobHealth::Stopped(reason) | JobHealth::Superseded(reason) => {
            let message = format!("job {} cannot be promoted: {reason}", job.id);
            let remedy = "nothing was promoted. Find the cause, then apply the component again";
            return Err(Error::new(Layer::Nomad, Phase::Application, Code::NotPromotable, message, remedy));
        }
        JobHealth::Passing(_) | JobHealth::Waiting(..) => return Ok(None),
    }
    let Some(deployment) = follow.deployment() else { return Ok(None) };
    // It is recorded first: nothing is promoted without a trace.
    let by = session.holder(&context.component.name);
    audit::note(
        &session.call.layout,
        &json!({ "did": "promote", "job": job.id, "id": deployment, "by": by }),
    )?;
    follow.nomad.promote(&job.namespace, &deployment).await.map_err(explain)?;
    Ok(Some(format!("promoted deployment {deployment} of job {}", job.id)))
}
