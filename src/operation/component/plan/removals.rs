//! What the key `job` of a service removes, although the job does not have it.

use serde_json::Value;

use super::job_place::positions;
use crate::model::service::{NomadService, ServiceVariable};
use crate::model::{Component, Input, Source, nearest};
use crate::nomad::{JobRefusal, NomadClient, NomadError};
use crate::render;

/// With these words, Nomad's parser names an attribute or a block that it does not know.
const UNKNOWN: &str = "No argument or block type is named";

/// One sentence for each removal that finds nothing.
pub(in crate::operation) fn notes(component: &Component) -> Vec<String> {
    let Some(service) = service(component) else { return Vec::new() };
    let names = |variable: ServiceVariable| names(component, service, variable);
    let sentence = |idle: render::Idle| {
        let near = nearest(&idle.name, idle.there.iter().map(String::as_str));
        let near = near.map_or_else(|| ".".to_owned(), |near| format!("; did you mean {near:?}?"));
        format!(
            "{}: null removes nothing, because the job has no {name} here{near} {name}!: null removes it only if it is \
             there",
            idle.path,
            name = idle.name
        )
    };
    render::idle_removals(service, names).into_iter().map(sentence).collect()
}

/// An error if a removed name is one that Nomad does not know.
pub(in crate::operation) async fn check(
    nomad: &NomadClient,
    component: &Component,
) -> Result<(), JobRefusal> {
    let Some(question) = service(component).and_then(render::removed_names) else { return Ok(()) };
    let said = match nomad.parse(&question.text, "").await {
        Ok(_) => return Ok(()),
        Err(NomadError::Refused(said)) => said,
        Err(error) => return Err(error.into()),
    };
    let unknown = positions(&said).into_iter().filter(|(_, said)| said.starts_with(UNKNOWN));
    let placed = unknown.filter_map(|(line, said)| {
        let place = question.places.get(line.checked_sub(1)?)?.as_ref()?;
        Some(format!("{place}: {}", said.trim_end_matches('.')))
    });
    match placed.collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        some => Err(JobRefusal::Invalid(some)),
    }
}

fn service(component: &Component) -> Option<&NomadService> {
    match &component.source {
        Some(Source::Service(service)) => Some(service),
        _ => None,
    }
}

/// The names in a mapping of the generated job.
fn names(component: &Component, service: &NomadService, variable: ServiceVariable) -> Vec<String> {
    let written = component.inputs.get(variable.name()).and_then(Input::literal).and_then(Value::as_object);
    let mut names: Vec<String> = written.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    if variable == ServiceVariable::Env {
        names.extend(service.env_outputs.iter().cloned());
    }
    names
}
