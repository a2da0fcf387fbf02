//! Takes over jobs that Nomad already has: describes each one for the pillar, and imports those that the pillar has.
//!
//! Knows which job belongs to which service. Must not know how a job is described, and how an import is planned.
//! In: names of jobs. Out: a report, and a file for each description.

mod described;
mod found;
mod owner;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::described::describe;
use self::found::{OPERATION, WantedJob, find};
use self::owner::refuse_owned;
use self::text::refuse_unusable;
use super::requests;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{self, Component, Input, Name, ResourceAddress, Source, StateEdit};
use crate::nomad::JobName;
use crate::operation::blueprint::today;
use crate::operation::exec::servers;
use crate::operation::request::answer::{ReportBuilder, result};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::run;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::report::{ComponentReport, Report};
use crate::workdir::Layout;

pub fn adopt_job(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let environment = arguments.environment();
    let jobs = jobs(&mut arguments);
    let namespace = arguments.text("namespace");
    let test = arguments.test(&call.request.identity);
    arguments.value("minion");
    let builder = ReportBuilder::new(OPERATION, environment.as_str(), test, &call.request.identity);
    let looked = arguments.check().and_then(|()| {
        let prepared = today(call, &environment, Vec::new())?;
        let layout = Layout::of(&prepared.blueprint)?;
        let pillar = call.request.infrastructure.clone();
        let look = async |session: &Session| look(session, &pillar, &jobs, namespace.as_deref()).await;
        let nothing = BTreeSet::new();
        let looked = driver::in_session(call, &builder, prepared, JournalHandle::default(), &nothing, look);
        layout.remove_run(&builder.run_id);
        looked
    });
    let JobsFound { imports, reports } = match looked {
        Ok(found) => found,
        Err(error) => return builder.failed(error),
    };
    if imports.is_empty() {
        return builder.report(reports, BTreeMap::new());
    }
    let mut report = run::run(call, requests::adoption(OPERATION, environment, imports, test));
    if report.error.is_none() {
        report.components.extend(reports);
        report.result = result(&report.components);
    }
    report
}

/// The names of the jobs, each with the service that it becomes.
fn jobs(arguments: &mut Arguments) -> BTreeMap<Name, String> {
    let mut jobs = BTreeMap::new();
    let given = arguments.texts("jobs");
    if given.is_empty() {
        arguments.problem("jobs", "is missing: name the jobs as Nomad lists them");
    }
    for job in given {
        match model::service_for(&job) {
            Ok(service) => match jobs.insert(service, job.clone()) {
                Some(other) if other != job => arguments.problem(
                    "jobs",
                    format!("{other} and {job} would be the same service: adopt one of them"),
                ),
                _ => {}
            },
            Err(reason) => arguments.problem("jobs", format!("{job:?} {reason}")),
        }
    }
    jobs
}

/// What a call has found.
struct JobsFound {
    /// The imports, by component.
    imports: BTreeMap<Name, StateEdit>,
    /// The reports of all other jobs, by the component that each would be.
    reports: BTreeMap<Name, ComponentReport>,
}

async fn look(
    session: &Session,
    pillar: &Value,
    jobs: &BTreeMap<Name, String>,
    namespace: Option<&str>,
) -> Result<JobsFound> {
    let mut found = JobsFound { imports: BTreeMap::new(), reports: BTreeMap::new() };
    for (service, id) in jobs {
        let name = component_of(service)?;
        let node = session.blueprint.nodes.get(&name);
        let component = node.map(|node| &node.component);
        let wanted = wanted(session, service, id, component, namespace);
        let looked = async {
            refuse_other_sources(service, component)?;
            let (settings, reader) = (&session.blueprint.settings, session.call.reading());
            let nomad = servers::nomad_for(settings, component, &reader).await?;
            let server = component
                .map_or_else(|| settings.nomad.clone(), |one| servers::nomad_settings(settings, one));
            let job = find(&nomad, &wanted).await?;
            refuse_owned(pillar, &server, &wanted, &name).await?;
            refuse_unusable(session, &nomad, &wanted, &job).await?;
            match component {
                Some(_) => Ok(None),
                None => describe(session, pillar, &nomad, &wanted, &job).await.map(Some),
            }
        };
        match looked.await {
            Ok(None) => drop(found.imports.insert(name, import(&wanted)?)),
            Ok(Some(report)) => drop(found.reports.insert(name, report)),
            Err(error) => drop(found.reports.insert(name.clone(), ComponentReport::failed(error.of(&name)))),
        }
    }
    Ok(found)
}

fn component_of(service: &Name) -> Result<Name> {
    Name::new(&model::component_name(service.as_str())).map_err(|reason| {
        let message = format!("service {service} would be a component whose name {reason}");
        Error::new(Layer::Salt, Phase::Validation, Code::Invalid, message, "choose a shorter name")
    })
}

fn wanted(
    session: &Session,
    service: &Name,
    id: &str,
    component: Option<&Component>,
    namespace: Option<&str>,
) -> WantedJob {
    let of_pillar = component.and_then(|one| one.inputs.get("namespace")).and_then(Input::literal);
    let namespace = namespace.map(Value::from).or_else(|| of_pillar.cloned());
    let namespace = servers::namespace(&session.blueprint.settings, namespace.as_ref());
    WantedJob {
        name: JobName { namespace, id: id.to_owned() },
        service: service.clone(),
        environment: session.blueprint.environment.clone(),
    }
}

/// Only a service has the resource that the import needs.
fn refuse_other_sources(service: &Name, component: Option<&Component>) -> Result<()> {
    match component.map(|component| (&component.source, &component.path)) {
        None | Some((Some(Source::Service(_)), _)) => Ok(()),
        Some((_, path)) => {
            let message = format!("{path} is not a service, but the job would be the service {service}");
            let remedy = "import the job with eos_terraform.import_resource";
            Err(Error::new(Layer::Salt, Phase::Validation, Code::NotAdoptable, message, remedy))
        }
    }
}

fn import(wanted: &WantedJob) -> Result<StateEdit> {
    let JobName { namespace, id } = &wanted.name;
    let address = ResourceAddress::new(&format!("nomad_job.{}", wanted.service)).map_err(|reason| {
        let message = format!("nomad_job.{} {reason}", wanted.service);
        Error::new(Layer::Salt, Phase::Validation, Code::Invalid, message, "choose another name")
    })?;
    Ok(StateEdit::Import { address, id: format!("{id}@{namespace}") })
}
