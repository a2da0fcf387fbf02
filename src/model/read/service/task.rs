//! Reads what a service runs, its resources, and its placement.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::context::ServiceContext;
use super::defaults::{Defaults, defaults};
use super::network;
use super::values::{ServiceValues, env_name, folder, literal, scalar, some_text};
use crate::model::PillarPath;
use crate::model::read::fields::{Fields, mapping};
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{self, Tree};
use crate::model::reference::is_variable_name;
use crate::model::service::{JobKind, Opaque, ServiceVariable};

/// Keys that Eos sets in the meta block of every job.
pub(super) const OURS: [&str; 3] = ["component", "environment", "managed_by"];
/// Nomad's minimum, in MB.
const LEAST_MEMORY: u64 = 10;

pub(super) struct TaskConfig {
    pub driver: String,
    pub config: BTreeMap<String, Opaque>,
}

pub(super) fn kind(tree: &Tree) -> Result<JobKind, String> {
    let known = JobKind::ALL.into_iter().find(|kind| tree.text() == Some(kind.word()));
    known.ok_or_else(|| "must be one of: service, batch, system, sysbatch".to_owned())
}

/// Reads the keys that all jobs have.
pub(super) fn common(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    context: &ServiceContext<'_>,
    kind: JobKind,
) {
    let problems = fields.problems;
    let Defaults { replicas, cpu, memory, .. } = *defaults(context.environment);
    let place = fields.place("replicas");
    if values.knob(fields, ServiceVariable::Replicas, |tree| scalars::count(tree).map(Value::from)) {
        if kind.is_on_each_node() {
            problems.add(
                &place.unwrap_or_else(|| fields.path.child("replicas")),
                "a system job runs once on every node: remove it",
            );
        }
    } else {
        match kind {
            JobKind::Service => values.or(fields, ServiceVariable::Replicas, replicas),
            JobKind::Batch => values.or(fields, ServiceVariable::Replicas, 1),
            JobKind::System | JobKind::Sysbatch => {}
        }
    }
    let mut at_least = |variable, least, default: u64| {
        let read = |tree: &Tree| match scalars::count(tree) {
            Ok(count) if count >= least => Ok(Value::from(count)),
            _ => Err(format!("must be an integer of at least {least}")),
        };
        if !values.knob(fields, variable, read) {
            values.or(fields, variable, default);
        }
    };
    at_least(ServiceVariable::Cpu, 1, cpu);
    at_least(ServiceVariable::Memory, LEAST_MEMORY, memory);
    if let Some(tree) = fields.take("datacenter") {
        match fields.take("datacenters") {
            Some(_) => problems.add(&tree.path, "datacenter and datacenters exclude each other"),
            None => drop(values.given(fields, ServiceVariable::Datacenters, Some(tree), datacenters)),
        }
    } else if !values.knob(fields, ServiceVariable::Datacenters, datacenters) {
        values.or(fields, ServiceVariable::Datacenters, Value::Array(vec!["*".into()]));
    }
    let name = |tree: &Tree| scalars::label(tree).map(Value::from);
    if !values.knob(fields, ServiceVariable::Namespace, name) {
        values.or(fields, ServiceVariable::Namespace, context.settings.nomad.namespace.as_str());
    }
    if !values.knob(fields, ServiceVariable::Region, name)
        && let Some(region) = &context.settings.nomad.region
    {
        values.or(fields, ServiceVariable::Region, region.as_str());
    }
    let env = mapping(fields.take_or_empty("env"), problems, |name, tree| {
        env_name(name).and_then(|()| literal(tree))
    });
    let meta = mapping(fields.take_or_empty("meta"), problems, |name, tree| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match !name.is_empty() && name.bytes().all(good) {
            _ if OURS.contains(&name) => Err("is a name that Eos uses: choose another name".to_owned()),
            true => scalar(tree),
            false => Err("must consist of letters, digits, '-', '_' and '.'".to_owned()),
        }
    });
    for (variable, map) in [(ServiceVariable::Env, env), (ServiceVariable::Meta, meta)] {
        let map: Map<String, Value> = map.into_iter().map(|(name, text)| (name, text.into())).collect();
        values.or(fields, variable, Value::Object(map));
    }
    values.knob(fields, ServiceVariable::Tags, texts);
}

/// One datacenter or a list of them. As in Nomad, `*` matches any letters.
fn datacenters(tree: &Tree) -> Result<Value, String> {
    let texts = scalars::texts(tree)?;
    let good = |text: &String| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte))
    };
    match !texts.is_empty() && texts.iter().all(good) {
        true => Ok(texts.into()),
        false => {
            Err("must be one or more datacenters; their names consist of letters, digits, '-', '_', '.' and \
                 '*'"
            .to_owned())
        }
    }
}

fn texts(tree: &Tree) -> Result<Value, String> {
    let texts = scalars::texts(tree)?;
    match texts.iter().any(|text| text.contains('\0')) {
        true => Err("must not contain a NUL".to_owned()),
        false => Ok(texts.into()),
    }
}

/// A list of texts and integers for a command.
pub(super) fn args(tree: &Tree) -> Result<Value, String> {
    match &tree.kind {
        tree::TreeKind::List(items) => items
            .iter()
            .map(|item| scalar(item).map(Value::from))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from)
            .map_err(|message| format!("an item {message}")),
        _ => Err("must be a list of texts".to_owned()),
    }
}

/// Reads an image, a command, or a driver with its settings.
pub(super) fn task(fields: &mut Fields<'_>, values: &mut ServiceValues) -> Option<TaskConfig> {
    let problems = fields.problems;
    let text = |tree: &Tree| some_text(tree).map(Value::from);
    let has_image = values.knob(fields, ServiceVariable::Image, text);
    let has_command = values.knob(fields, ServiceVariable::Command, text);
    let args_place = fields.place("args");
    let has_args = values.knob(fields, ServiceVariable::Args, args);
    let driver_place = fields.place("driver");
    let driver = fields.read("driver", driver);
    let config = fields.take("config");
    let config_place = config.as_ref().map(|tree| tree.path.clone());
    let config =
        mapping(config.unwrap_or_else(|| Tree::empty(fields.path.child("config"))), problems, setting);
    let refuse = |place: Option<PillarPath>, message: &'static str| {
        problems.add(place.as_ref().unwrap_or(&fields.path), message);
        None
    };
    let fixed: &[&str] = match (has_image, has_command) {
        (true, true) => return refuse(None, "image and command exclude each other"),
        (false, false) if driver.is_some() && !config.is_empty() => &[],
        (false, false) if driver_place.is_some() && driver.is_none() => return None,
        (false, false) => {
            return refuse(
                None,
                "the service has nothing to run: set image, or command, or driver and config",
            );
        }
        (true, false) => &["image"],
        (false, true) => &["command", "args"],
    };
    let driver = driver.unwrap_or_else(|| if has_image { "docker" } else { "raw_exec" }.to_owned());
    if has_image && matches!(driver.as_str(), "raw_exec" | "exec") {
        return refuse(driver_place, "cannot run an image; use docker");
    }
    if has_args && !has_command {
        refuse(args_place, "are only for a command; for an image set config: {command: ..., args: [...]}");
    }
    for key in fixed.iter().chain(["ports", "volumes"].iter().filter(|_| driver == "docker")) {
        if config.contains_key(*key) {
            let pillar_path = config_place.as_ref().unwrap_or(&fields.path).child(key);
            problems.add(&pillar_path, "is set by other keys of the service: remove it here");
        }
    }
    Some(TaskConfig { driver, config: config.into_iter().map(|(key, value)| (key, Opaque(value))).collect() })
}

pub(super) fn driver(tree: &Tree) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match scalars::text(tree)? {
        text if !text.is_empty() && text.bytes().all(good) => Ok(text),
        _ => Err("must be the name of a driver, such as docker, exec, raw_exec".to_owned()),
    }
}

/// One setting of a driver. Its key becomes an attribute of a block.
pub(super) fn setting(name: &str, tree: &Tree) -> Result<Value, String> {
    let value = tree.to_value();
    match (is_variable_name(name), value.to_string().contains("\\u0000")) {
        (false, _) => Err("must consist of letters, digits and '_', and not begin with a digit".to_owned()),
        (_, true) => Err("must not contain a NUL".to_owned()),
        _ => Ok(value),
    }
}

/// Reads the service of a user's template: all values, but no key about the shape of the job.
pub(super) fn of_a_template(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    context: &ServiceContext<'_>,
) {
    let problems: &Problems = fields.problems;
    for key in
        ["check", "config", "connect", "constraints", "driver", "health_path", "job", "ports", "provider"]
            .into_iter()
            .chain([
                "affinity",
                "artifacts",
                "disconnect",
                "dispatch_payload",
                "ephemeral_disk",
                "kill_signal",
            ])
            .chain(["kill_timeout", "leader", "logs", "memory_max", "migrate", "node_pool", "parameterized"])
            .chain([
                "periodic",
                "priority",
                "registration",
                "registrations",
                "reschedule",
                "scaling",
                "spread",
            ])
            .chain(["tasks", "templates", "user"])
            .chain(["restart", "shutdown_delay", "storage", "type", "update", "volumes"])
    {
        if let Some(tree) = fields.take(key) {
            problems.add(
                &tree.path,
                "is written in the template itself: remove it, or pass it as one of variables",
            );
        }
    }
    common(fields, values, context, JobKind::Service);
    let text = |tree: &Tree| some_text(tree).map(Value::from);
    values.knob(fields, ServiceVariable::Image, text);
    values.knob(fields, ServiceVariable::Command, text);
    values.knob(fields, ServiceVariable::Args, args);
    values.knob(fields, ServiceVariable::Port, network::number);
    values.knob(fields, ServiceVariable::DataPath, |tree| folder(tree).map(Value::from));
    values.rest_is_own(fields);
}
