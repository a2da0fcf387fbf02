//! The URLs of a service that is healthy, from Nomad's allocations.

use crate::error::{Phase, Result};
use crate::model::service::JobSource;
use crate::model::{Input, Name, PillarEntry, Source};
use crate::nomad::JobName;
use crate::operation::exec::servers;
use crate::operation::query::inspect::{Inspection, inspect};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;

/// Empty if the service has no port, or if Nomad does not answer: the service runs all the same.
pub(in crate::operation::command) fn urls(
    call: &Call<'_>,
    builder: &ReportBuilder,
    entry: &PillarEntry,
    component: &Name,
) -> Vec<String> {
    let environment = entry.environment.clone();
    let question =
        Question { environment, components: Some([component.clone()].into()), problems: Vec::new() };
    let found = inspect(call, builder, question, async |inspection| {
        addresses(&inspection, &entry.name, component).await
    });
    match found {
        Ok(addresses) => addresses.iter().map(|address| format!("http://{address}/")).collect(),
        Err(error) => {
            call.host.log(tracing::Level::WARN, &format!("the URLs of {component} are not known: {error}"));
            Vec::new()
        }
    }
}

async fn addresses(inspection: &Inspection<'_>, service: &Name, name: &Name) -> Result<Vec<String>> {
    let (session, settings) = (inspection.session, &inspection.session.blueprint.settings);
    let component = &session.blueprint.nodes[name].component;
    let Some(Source::Service(source)) = &component.source else { return Ok(Vec::new()) };
    let port = match &source.job {
        JobSource::Generated(shape) if shape.main.is_none() => return Ok(Vec::new()),
        JobSource::Generated(shape) => shape.main.as_deref(),
        // Which of the ports of a job file answers HTTP is not known.
        JobSource::Own { .. } => None,
    };
    let nomad = servers::nomad(settings, component, &session.call.reading()).await?;
    let namespace = component.inputs.get("namespace").and_then(Input::literal);
    let job = JobName { namespace: servers::namespace(settings, namespace), id: service.to_string() };
    let found = nomad.addresses(&job, port).await;
    found.map_err(|error| error.explain(&nomad.address, Phase::Verification))
}
