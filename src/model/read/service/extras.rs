//! Reads the keys of a service whose meaning only Nomad knows: more tasks, and blocks at each place of the job.

use std::collections::BTreeMap;

use super::blocks::{self, tables};
use super::files::Files;
use super::registered::expanded;
use super::task;
use super::values::{env_name, literal, some_text};
use crate::model::read::fields::{Fields, entries, mapping};
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::Tree;
use crate::model::service::{BlockBody, JobBlock, JobExtras, JobKind, Opaque, Port, Setting, SideTask};

/// What the extras depend on.
pub(super) struct ExtrasContext<'a> {
    pub service: &'a str,
    pub environment: &'a str,
    pub kind: JobKind,
    pub ports: &'a BTreeMap<String, Port>,
    pub is_registered: bool,
    /// MB, if the pillar has it as a value.
    pub memory: Option<i64>,
}

/// The extras, and the name of the registration.
pub(super) fn extras(
    fields: &mut Fields<'_>,
    context: &ExtrasContext<'_>,
    mut checks: Vec<JobBlock>,
    mut files: Files,
) -> (JobExtras, Option<String>) {
    let (problems, path) = (fields.problems, fields.path.clone());
    let job = blocks::body(fields, &tables::JOB, &mut files);
    let mut group = blocks::body(fields, &tables::GROUP, &mut files);
    let task = blocks::body(fields, &tables::TASK, &mut files);
    let resources = blocks::body(fields, &tables::RESOURCES, &mut files);
    let most = |body: &BlockBody| match body.settings.first() {
        Some((_, Setting::Number(most))) => Some(*most),
        _ => None,
    };
    if most(&resources).zip(context.memory).is_some_and(|(most, memory)| most < memory) {
        problems.add(&path.child("memory_max"), "must not be less than memory");
    }
    let (mut registration, mut name) = (BlockBody::default(), None);
    if let Some(tree) = fields.take("registration") {
        if !context.is_registered {
            problems.add(&tree.path, "needs a registered port: set port");
        }
        let mut inner = Fields::open(tree, problems);
        name =
            inner.read("name", |tree| expanded(&scalars::text(tree)?, context.service, context.environment));
        registration = blocks::body(&mut inner, &tables::REGISTRATION, &mut files);
        inner.close();
    }
    let in_main_task = |check: &mut JobBlock| blocks::in_main_task(check, context.service);
    checks.iter_mut().for_each(in_main_task);
    registration.blocks.extend(checks);
    if let Some(tree) = fields.take("registrations") {
        let mut own = blocks::blocks(tree, &tables::OWN_REGISTRATION, &mut files, problems);
        for block in &mut own {
            if !block.body.has("task") {
                block.body.blocks.iter_mut().for_each(in_main_task);
            }
            if let Some((_, Setting::Text(name))) =
                block.body.settings.iter_mut().find(|(key, _)| *key == "name")
            {
                match expanded(name, context.service, context.environment) {
                    Ok(expanded) => *name = expanded,
                    Err(message) => problems.add(&block.place.child("name"), message),
                }
            }
        }
        group.blocks.extend(own);
    }
    let tasks = entries(fields.take_or_empty("tasks"), problems);
    let tasks = tasks.into_iter().filter_map(|(name, tree)| {
        let label = Tree::new(&name.as_str().into(), tree.path.clone());
        if let Err(message) = scalars::label(&label) {
            problems.add(&tree.path, format!("this key {message}"));
        } else if name == context.service {
            problems.add(&tree.path, "is the name of the main task: choose another name");
        }
        Some((name, side_task(tree, &mut files, problems)?))
    });
    let tasks = tasks.collect();
    let known = |block: &JobBlock| {
        let label = block.body.text("port").filter(|port| port.parse::<u16>().is_err());
        if let Some(label) = label.filter(|label| !context.ports.contains_key(*label)) {
            let message = format!("names the port {label}, which is not one of ports");
            problems.add(&block.place.child("port"), message);
        }
    };
    let own = group.blocks.iter().filter(|block| block.kind == "service");
    for block in registration.blocks.iter().chain(own) {
        known(block);
        block.body.blocks.iter().for_each(known);
    }
    let extras = JobExtras { job, group, task, resources, registration, tasks, files: files.0 };
    blocks::check(&extras, context.kind, &path, problems);
    (extras, name)
}

fn side_task(tree: Tree, files: &mut Files, problems: &Problems) -> Option<SideTask> {
    let mut fields = Fields::open(tree, problems);
    let image = fields.read("image", some_text);
    let command = fields.read("command", some_text);
    let args = fields.read("args", task::args);
    let driver = fields.read("driver", task::driver);
    let config = fields.take_or_empty("config");
    let mut config = mapping(config, problems, |name, tree| task::setting(name, tree).map(Opaque));
    let default = match (&image, &command) {
        (Some(_), Some(_)) => {
            problems.add(&fields.path, "image and command exclude each other");
            None
        }
        (Some(_), None) => Some("docker"),
        (None, Some(_)) => Some("raw_exec"),
        (None, None) => None,
    };
    if driver.is_none() && default.is_none() && fields.place("driver").is_none() {
        problems
            .add(&fields.path, "the task has nothing to run: set image, or command, or driver and config");
    }
    let given = [("image", image.map(Into::into)), ("command", command.map(Into::into)), ("args", args)];
    for (name, value) in given {
        if let Some(value) = value {
            config.insert(name.to_owned(), Opaque(value));
        }
    }
    let env = mapping(fields.take_or_empty("env"), problems, |name, tree| {
        env_name(name).and_then(|()| literal(tree))
    });
    let resources = blocks::body(&mut fields, &tables::SIDE_RESOURCES, files);
    let mut body = blocks::body(&mut fields, &tables::SIDE_TASK, files);
    let more = blocks::body(&mut fields, &tables::TASK, files);
    body.settings.extend(more.settings);
    body.blocks.extend(more.blocks);
    fields.close();
    let driver = driver.or(default.map(str::to_owned))?;
    Some(SideTask { driver, config, env, resources, body })
}
