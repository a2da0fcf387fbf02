//! Reads one of `infrastructure:services` with merged levels, and lowers it to the component `nomad-<name>`.

mod blocks;
mod consul_names;
mod context;
mod defaults;
mod extras;
mod files;
mod label;
mod levels;
mod mapping;
mod network;
mod parts;
mod registered;
mod rules;
mod secrets;
mod storage;
mod task;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::component::ComponentParts;
use super::fields::{Fields, entries};
use super::problems::Problems;
use super::tree::Tree;
use super::{component, health, scalars};
use crate::model::component::{Component, Input, Source};
use crate::model::service::{CONSUL_SERVICE, JobKind, JobShape, JobSource, NomadService, ServiceVariable};
use crate::model::{DriftPattern, GateSettings, Name, OwnOutput, PillarPath, ProbeSettings, ValueOrOutput};
pub(super) use consul_names::resolve as resolve_consul_names;
pub(super) use context::ServiceContext;
use files::{Files, user_file};
pub(super) use levels::levels;
pub use mapping::about;
pub(super) use mapping::{MappedServices, mapped};
pub(super) use registered::pattern_of_all;
use values::ServiceValues;

/// The keys whose places notes and messages of Nomad lead to. Each may come from another level.
const PLACED: [&str; 32] = [
    "affinity",
    "artifacts",
    "check",
    "connect",
    "constraints",
    "datacenter",
    "datacenters",
    "disconnect",
    "dispatch_payload",
    "ephemeral_disk",
    "health_path",
    "kill_timeout",
    "leader",
    "logs",
    "memory_max",
    "migrate",
    "namespace",
    "node_pool",
    "parameterized",
    "periodic",
    "port",
    "ports",
    "priority",
    "registrations",
    "reschedule",
    "restart",
    "scaling",
    "spread",
    "tasks",
    "templates",
    "update",
    "volumes",
];

/// None if no module can be generated. Its problems are reported in both cases.
pub(super) fn component(
    name: Name,
    label: Name,
    tree: Tree,
    context: &ServiceContext<'_>,
    problems: &Problems,
) -> Option<Component> {
    let said: Map<_, _> = ["on_failure", "data", "health", "hooks", "inherit_hooks", "enabled"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), tree.get(key)?.to_value())))
        .collect();
    let mut fields = Fields::open(tree, problems);
    let path = fields.path.clone();
    let template = fields.take("template");
    let source_place = template.as_ref().map_or_else(|| path.clone(), |tree| tree.path.clone());
    let depends_place = fields.place("depends_on");
    let of_nomad: Vec<_> = PLACED.iter().filter_map(|key| Some((*key, fields.place(key)?))).collect();
    let detach = fields.read("detach", scalars::flag).unwrap_or(true);

    let mut values = ServiceValues::open(&mut fields);
    let job = match template {
        Some(tree) => {
            task::of_a_template(&mut fields, &mut values, context);
            let read = user_file(&tree).map_err(|message| problems.add(&tree.path, message)).ok();
            read.map(|(folder, file)| JobSource::Own { folder, file })
        }
        None => shape(&mut fields, &mut values, &label, context)
            .map(|shape| JobSource::Generated(Box::new(shape))),
    };
    let source_place = job.as_ref().and_then(only_file).unwrap_or(source_place);
    let places = [("source", Some(source_place)), ("depends_on", depends_place)];
    let places = places.into_iter().filter_map(|(key, place)| Some((key, place?))).chain(of_nomad).collect();
    let task_secrets = secrets::secrets(&mut fields, &mut values, label.as_str(), context);
    let handed = secrets::handed(&task_secrets, context);
    let ServiceValues { inputs, places: variables, variables: knobs, env_outputs, literals, own, .. } =
        values;
    let declared = declared(said, &inputs);
    let service = job.map(|job| NomadService {
        name: label,
        job,
        variables: knobs,
        env_outputs,
        literals,
        own,
        secrets: handed,
        detach,
    });
    let gates = service.as_ref().map(|service| derived_gates(service, &path, problems)).unwrap_or_default();
    let source = service.map(|service| Source::Service(Arc::new(service)));
    let usable = source.is_some();
    let made = ComponentParts {
        source,
        step: None,
        template: None,
        inputs,
        variables,
        places,
        task_secrets,
        declared,
    };
    let mut component = component::finish(name, fields, made, context.shared, context.settings);
    component.health.iter_mut().for_each(|gate| about_its_output(gate, component.source.as_ref()));
    let is_replaced = |gate: &GateSettings| component.health.iter().any(|own| own.replaces(gate));
    let gates: Vec<_> = gates.into_iter().filter(|gate| !is_replaced(gate)).collect();
    component.health.extend(gates);
    component.drift.ignore.extend(left_to_an_autoscaler(&component));
    usable.then_some(component)
}

/// The place of the only file of `salt://` that the job reads.
fn only_file(job: &JobSource) -> Option<PillarPath> {
    let JobSource::Generated(shape) = job else { return None };
    let mut places = shape.extras.files.values().map(|file| &file.place);
    places.next().filter(|_| places.next().is_none()).cloned()
}

/// A service with `scaling` leaves its count to an autoscaler, which registers the job again for each change.
fn left_to_an_autoscaler(component: &Component) -> Vec<DriftPattern> {
    let Some(Source::Service(service)) = &component.source else { return Vec::new() };
    match &service.job {
        JobSource::Generated(shape) if shape.extras.group.has("scaling") => {
            ["task_groups.count", "modify_index"]
                .into_iter()
                .filter_map(|attribute| {
                    DriftPattern::new(&format!("nomad_job.{}.{attribute}", service.name)).ok()
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The gates of every service, written as the pillar would write them. A gate in its pillar about the same job or the
/// same registration replaces one of them.
fn derived_gates(service: &NomadService, path: &PillarPath, problems: &Problems) -> Vec<GateSettings> {
    // A deployment has already waited for its own `min_healthy_time`, and a batch job has ended.
    let window = match &service.job {
        JobSource::Generated(shape) if shape.kind != JobKind::System => "0s",
        _ => "10s",
    };
    let deployed = json!({ "nomad": { "job": { "output": "job_id" }, "min_healthy_time": window } });
    // The output has the name of the version that runs: a rollback brings back an earlier name.
    let registered = service.consul_name().map(|_| {
        json!({ "consul": { "service": { "output": CONSUL_SERVICE }, "interval": "1s", "min_healthy_time": "5s" } })
    });
    let gates = [Some(deployed), registered].into_iter().flatten();
    let gates = gates.filter_map(|written| health::gate(Tree::new(&written, path.clone()), problems));
    gates.map(|gate| GateSettings { is_derived: true, ..gate }).collect()
}

/// A gate that names the service, or its registration, means the registration of the version that runs.
fn about_its_output(gate: &mut GateSettings, source: Option<&Source>) {
    let Some(Source::Service(service)) = source else { return };
    let (ProbeSettings::Consul(probe), Some(registered)) = (&mut gate.probe, service.consul_name()) else {
        return;
    };
    let is_own = |name: &str| name == service.name.as_str() || name == registered;
    if matches!(&probe.service, ValueOrOutput::Literal(name) if is_own(name)) {
        let output = OwnOutput { output: CONSUL_SERVICE.to_owned(), path: Vec::new() };
        probe.service = ValueOrOutput::Output(output);
    }
}

/// A later destroy needs only the origins of the inputs: the module itself is in the workdir.
fn declared(mut said: Map<String, Value>, inputs: &BTreeMap<String, Input>) -> Map<String, Value> {
    let outputs = inputs.iter().filter_map(|(variable, input)| match input {
        Input::Output(one) => Some((variable.clone(), one.to_string().into())),
        Input::Outputs(many) => {
            Some((variable.clone(), many.iter().map(ToString::to_string).collect::<Vec<_>>().into()))
        }
        Input::Literal(_) | Input::Secret(_) => None,
    });
    said.insert("from_outputs".to_owned(), Value::Object(outputs.collect()));
    said
}

fn shape(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    service: &Name,
    context: &ServiceContext<'_>,
) -> Option<JobShape> {
    let problems = fields.problems;
    let kind = fields.read("type", task::kind);
    let kind = kind.unwrap_or(super::service::JobKind::Service);
    task::common(fields, values, context, kind);
    let task = task::task(fields, values);
    let driver = task.as_ref().map_or("docker", |task| task.driver.as_str());
    let mut files = Files::default();
    let network = network::network(fields, values, driver, context, &mut files);
    let extras = extras::ExtrasContext {
        service: service.as_str(),
        environment: context.environment.as_str(),
        kind,
        ports: &network.ports,
        is_registered: network.main.is_some(),
        memory: values.inputs.get("memory").and_then(Input::literal).and_then(Value::as_i64),
    };
    let (extras, named) = extras::extras(fields, &extras, network.checks, files);
    let registry = network.main.as_ref().map(|_| network.registry);
    let registered = registered::name(fields, service, context, registry, named);
    let update = rules::update(fields, kind);
    let storing = storage::StorageContext { service, driver, kind, update: update.as_ref() };
    let mut volumes = storage::volumes(fields, values, &storing);
    let data = storage::data_path(fields, values, &storing, context, &mut volumes);
    let shape = JobShape {
        kind,
        shutdown_delay: rules::shutdown_delay(fields, kind, network.main.is_some()),
        ports: network.ports,
        main: network.main,
        registry: network.registry,
        registered,
        extras,
        mesh: network.mesh,
        volumes,
        data,
        update,
        restart: rules::restart(fields),
        constraints: rules::constraints(fields.take("constraints"), problems),
        parts: parts::parts(fields),
        driver: driver.to_owned(),
        config: task.as_ref().map(|task| task.config.clone()).unwrap_or_default(),
    };
    values.rest_is_environment(fields);
    let variables = fields.take_or_empty("variables");
    let place = variables.path.clone();
    if !entries(variables, problems).is_empty() {
        problems.add(&place, "variables are only for your own template: template: salt://...");
    }
    if values.variables.contains(&ServiceVariable::Tags) && shape.main.is_none() {
        let pillar_path = values.places.get(ServiceVariable::Tags.name()).unwrap_or(&fields.path);
        problems.add(pillar_path, "need a registered port: set port");
    }
    task.map(|_| shape)
}
