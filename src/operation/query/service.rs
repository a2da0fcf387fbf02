//! A service: its generated module, Nomad's validation of its job, and its state in Nomad. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::command_line::command;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::service::NomadService;
use crate::model::{self, Component, Input, Name, Node, Overrides, PillarPath, Problem, Source};
use crate::nomad::{DeploymentWatch, JobName, JobNote, JobSubmission};
use crate::operation::blueprint::prepare;
use crate::operation::blueprint::prepared::{AppliedConfigurations, Prepared};
use crate::operation::component::inputs::given_secrets;
use crate::operation::component::plan::{nomad_preflight, removals};
use crate::operation::component::registrations;
use crate::operation::exec::context::Context;
use crate::operation::exec::{Invoker, servers, state};
use crate::operation::request::answer::{ReportBuilder, shape};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Call;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::render;
use crate::words::words;

/// The arguments of a call about one service.
struct ServiceRequest {
    service: Name,
    environment: Name,
    overrides: Overrides,
    problems: Vec<Problem>,
}

fn asked(call: &Call<'_>) -> ServiceRequest {
    let mut arguments = Arguments::new(&call.request);
    let service = arguments.name("service");
    let environment = arguments.environment();
    let config = arguments.value("service_config").map(|config| (service.clone(), config));
    arguments.value("minion");
    let overrides = Overrides { service: config, ..Overrides::default() };
    ServiceRequest { service, environment, overrides, problems: arguments.finish() }
}

/// `files` by their paths in the module, and `job`: null if only a run can generate it.
pub fn generate(call: &Call<'_>) -> Value {
    let ServiceRequest { service, environment, overrides, problems } = asked(call);
    let builder =
        ReportBuilder::new("generate_nomad_job", environment.as_str(), false, &call.request.identity);
    let prepared = prepare(call, &environment, &overrides, problems, AppliedConfigurations::NONE);
    match prepared.and_then(|prepared| generated(&prepared, &service)) {
        Ok(extra) => shape(builder.report(BTreeMap::new(), extra)),
        Err(error) => shape(builder.failed(error)),
    }
}

/// Whether Nomad accepts the service's job and has a node for it. Nothing is registered. Returns `valid` and `notes`.
pub fn validate(call: &Call<'_>) -> Value {
    let find = |prepared: &Prepared, service: &Name| {
        let extra = generated(prepared, service)?;
        let (_, component, _) = of_service(prepared, service)?;
        let jobspec = extra["job"].as_str().ok_or_else(|| not_known(service))?.to_owned();
        let namespace = component.inputs.get("namespace").and_then(Input::literal);
        let namespace = servers::namespace(&prepared.blueprint.settings, namespace);
        let name = JobName { namespace, id: service.to_string() };
        // Only a registered job has an owner.
        let spec = JobSubmission {
            jobspec,
            is_json: false,
            variables: String::new(),
            before: Some(name),
            is_removed_first: false,
            planned_from: None,
        };
        Ok((component.clone(), spec))
    };
    let ask = async |session: &Session, service: &Name, (component, spec): (Component, JobSubmission)| {
        let nomad = servers::nomad(&session.blueprint.settings, &component, &session.call.reading()).await?;
        let checked = nomad_preflight::asked(&nomad, &component, &spec).await;
        let checked = checked.map_err(|refusal| {
            nomad_preflight::explain(service.as_str(), &component.name, refusal, &nomad.address)
        })?;
        let notes: Vec<_> =
            removals::notes(&component).into_iter().chain(checked.notes.iter().map(JobNote::text)).collect();
        Ok([("valid", json!(true)), ("notes", json!(notes))])
    };
    let mut answer = answer(call, "nomad_validate_job", find, ask);
    if answer["result"] == false {
        answer["valid"] = false.into();
    }
    answer
}

/// The state of a service in Nomad: its deployment, its allocations, and why they fail. Returns `jobs` and `lines`.
pub fn diagnose(call: &Call<'_>) -> Value {
    let find = |prepared: &Prepared, service: &Name| Ok(of_service(prepared, service)?.0.clone());
    answer(call, "diagnose", find, async |session: &Session, _, component: Name| {
        let (paths, modules) = (session.call.layout.component(&component)?, &session.modules);
        let subdir = &modules[&component].subdir;
        let node = &session.blueprint.nodes[&component];
        let reader = session.call.reading();
        let context = Context::new(session, &node.component, &paths, None, reader)?;
        let mut invoker = Invoker::new(context, subdir).await?;
        given_secrets::hide(&mut invoker.context).await;
        let mut state = state::read(&invoker).await?.unwrap_or_default();
        if let Some(record) = session.records().read(&node.component, &paths).await? {
            registrations::recorded(&mut state, &record);
        }
        let (mut jobs, mut lines) = (Vec::new(), Vec::new());
        for job in &state.jobs {
            let name = JobName { namespace: job.namespace.clone(), id: job.id.clone() };
            let nomad =
                servers::nomad(&session.blueprint.settings, &node.component, &invoker.context.reader).await?;
            let mut diagnosis = DeploymentWatch::new(nomad, name, job.modify_index)
                .after_failure(job.failed)
                .silently(invoker.context.has_unreadable_secrets)
                .diagnose()
                .await;
            invoker.context.redactor.gathered(&mut diagnosis.details);
            jobs.push(diagnosis.details);
            lines.extend(diagnosis.lines.iter().map(|line| invoker.context.redactor.text(line)));
        }
        Ok([("jobs", json!(jobs)), ("lines", json!(lines))])
    })
}

/// Prepares the call, asks in a session, and formats the answer.
fn answer<T: Send>(
    call: &Call<'_>,
    operation: &str,
    find: impl FnOnce(&Prepared, &Name) -> Result<T>,
    ask: impl AsyncFnOnce(&Session, &Name, T) -> Result<[(&'static str, Value); 2]> + Send,
) -> Value {
    let ServiceRequest { service, environment, overrides, problems } = asked(call);
    let opening = ReportBuilder::new(operation, environment.as_str(), false, &call.request.identity);
    let prepared = prepare(call, &environment, &overrides, problems, AppliedConfigurations::NONE);
    let answered = prepared.and_then(|prepared| {
        let found = find(&prepared, &service)?;
        let ask = async |session: &Session| ask(session, &service, found).await;
        driver::in_session(call, &opening, prepared, JournalHandle::default(), &BTreeSet::new(), ask)
    });
    match answered {
        Ok(extra) => {
            let extra = extra.map(|(key, value)| (key.to_owned(), value)).into();
            shape(opening.answer(BTreeMap::new(), extra))
        }
        Err(error) => shape(opening.failed(error)),
    }
}

fn generated(prepared: &Prepared, service: &Name) -> Result<BTreeMap<String, Value>> {
    let (name, component, source) = of_service(prepared, service)?;
    let mut files: BTreeMap<String, Value> = BTreeMap::new();
    for file in &prepared.modules[name].files {
        files.insert(file.path.clone(), String::from_utf8_lossy(&file.bytes()?).into());
    }
    let inputs = component.inputs.iter();
    let literals = inputs.filter_map(|(variable, input)| Some((variable.as_str(), input.literal()?)));
    // The job contains the texts of some of its files.
    let texts = files.iter().map(|(path, text)| (path.as_str(), text));
    let job = render::job(source, &literals.chain(texts).collect());
    Ok(BTreeMap::from([
        ("service".to_owned(), json!(service)),
        ("component".to_owned(), json!(name)),
        ("files".to_owned(), json!(files)),
        ("job".to_owned(), json!(job)),
    ]))
}

fn of_service<'a>(
    prepared: &'a Prepared,
    service: &Name,
) -> Result<(&'a Name, &'a Component, &'a NomadService)> {
    let component = model::component_name(service.as_str());
    let found = prepared.blueprint.nodes.get_key_value(component.as_str());
    match found.map(|(name, node)| (name, &node.component, &node.component.source)) {
        Some((name, component, Some(Source::Service(source)))) => Ok((name, component, source)),
        _ => Err(unknown(prepared, service)),
    }
}

fn not_known(service: &Name) -> Error {
    let message = format!(
        "the job of {service} is not known yet: it reads outputs that have no value, or a template of yours"
    );
    let planned = command("orchestrate").here().with("components", model::component_name(service.as_str()));
    let remedy = words!["this shows the planned job to Nomad: ", planned.flag("test")];
    Error::new(Layer::Salt, Phase::Validation, Code::NotKnownYet, message, remedy)
}

fn unknown(prepared: &Prepared, service: &Name) -> Error {
    let nodes = &prepared.blueprint.nodes;
    let is_service = |node: &Node| matches!(node.component.source, Some(Source::Service(_)));
    let known = nodes.iter().filter(|(_, node)| is_service(node));
    let known = known.filter_map(|(name, _)| model::service_name(name.as_str()));
    let message = format!(
        "service {:?} does not exist in {}; {}",
        service.as_str(),
        prepared.blueprint.environment,
        model::hint(service.as_str(), known)
    );
    model::refusal(vec![Problem::new(&PillarPath::arguments().child("service"), message)])
}
