//! Reads where a service stores its data: `volumes`, and `data_path` with its storage class.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context::ServiceContext;
use super::defaults;
use super::defaults::StorageClass;
use super::values::folder;
use super::values::{ServiceValues, some_text};
use crate::model::Name;
use crate::model::component::Input;
use crate::model::read::fields::{Fields, entries};
use crate::model::read::scalars;
use crate::model::read::tree::{self, Tree};
use crate::model::service::{DataFolder, JobKind, ServiceVariable, UpdateSettings, Volume, VolumeKind};

/// The folder on the host for the class `persistent`. Each service has a subfolder in it.
const ON_THE_HOST: &str = "/opt/services/data";
/// The volume of the group that `data_path` becomes. The pillar cannot define a volume with this name.
const DATA: &str = "data_path";

const FILE_SYSTEM: &str = "file-system";
const ATTACHMENTS: [&str; 2] = [FILE_SYSTEM, "block-device"];
const ONE_WRITER: &str = "single-node-writer";
const MANY_READERS: &str = "multi-node-reader-only";
const MANY_WRITERS: &str = "multi-node-multi-writer";
const OF_CSI: [&str; 5] =
    ["single-node-reader-only", ONE_WRITER, MANY_READERS, "multi-node-single-writer", MANY_WRITERS];
/// The access modes of a volume that Nomad creates on a host.
const OF_A_HOST: [&str; 4] =
    ["single-node-reader-only", ONE_WRITER, "single-node-single-writer", "single-node-multi-writer"];

/// The parts of a task that its storage depends on.
pub(super) struct StorageContext<'a> {
    pub service: &'a Name,
    pub driver: &'a str,
    pub kind: JobKind,
    pub update: Option<&'a UpdateSettings>,
}

impl StorageContext<'_> {
    /// Whether two allocations may use a volume at the same time.
    fn shares(&self, values: &ServiceValues) -> bool {
        let replicas = values.inputs.get(ServiceVariable::Replicas.name()).and_then(Input::literal);
        let alone = replicas.and_then(Value::as_u64).is_some_and(|count| count < 2);
        let canary = self.update.and_then(|update| update.canary).unwrap_or(0);
        !alone || self.kind.is_on_each_node() || canary > 0
    }

    /// The access mode of a CSI volume that sets none.
    fn access(&self, values: &ServiceValues, read_only: bool, per_alloc: bool) -> &'static str {
        match read_only {
            true => MANY_READERS,
            false if per_alloc || !self.shares(values) => ONE_WRITER,
            false => MANY_WRITERS,
        }
    }
}

pub(super) fn volumes(
    fields: &mut Fields<'_>,
    values: &ServiceValues,
    task: &StorageContext<'_>,
) -> BTreeMap<String, Volume> {
    let problems = fields.problems;
    let mut found = BTreeMap::new();
    let volumes = fields.take_or_empty("volumes");
    if !volumes.is_empty() && task.driver == "raw_exec" {
        problems.add(&volumes.path, NOT_MOUNTED);
    }
    for (name, tree) in entries(volumes, problems) {
        let path = tree.path.clone();
        let named = scalars::label(&Tree {
            kind: tree::TreeKind::Leaf(name.clone().into()),
            ..Tree::empty(path.clone())
        });
        match named {
            Err(message) => problems.add(&path, message),
            Ok(name) if name == DATA => {
                problems.add(&path, "is the name that data_path uses: choose another name");
            }
            Ok(_) => {}
        }
        if let Some(volume) = volume(&name, Fields::open(tree, problems), values, task) {
            found.insert(name, volume);
        }
    }
    found
}

const NOT_MOUNTED: &str = "cannot be mounted by raw_exec, which has no file system of its own";

/// None if `path` is missing: it says where the task finds the volume.
fn volume(
    name: &str,
    mut fields: Fields<'_>,
    values: &ServiceValues,
    task: &StorageContext<'_>,
) -> Option<Volume> {
    let problems = fields.problems;
    let csi = fields.read("type", |tree| match tree.text() {
        Some("csi") => Ok(true),
        Some("host") => Ok(false),
        _ => Err("must be host or csi".to_owned()),
    });
    let csi = csi.unwrap_or(false);
    let source = fields.read("source", scalars::label).unwrap_or_else(|| name.to_owned());
    if fields.place("path").is_none() {
        problems.add(&fields.path.child("path"), "is missing: the path of the volume in the task");
    }
    let path = fields.read("path", folder);
    let read_only = fields.read("read_only", scalars::flag).unwrap_or(false);
    let words: &[&'static str] = if csi { &OF_CSI } else { &OF_A_HOST };
    let access = fields.read("access_mode", |tree| word(tree, words));
    let attachment = fields.read("attachment_mode", |tree| word(tree, &ATTACHMENTS));
    let place = fields.place("per_alloc").or_else(|| fields.place("mount_options"));
    let per_alloc = fields.read("per_alloc", scalars::flag).unwrap_or(false);
    let mut options = Fields::open(fields.take_or_empty("mount_options"), problems);
    let fs_type = options.read("fs_type", some_text);
    let mount_flags = options.read("mount_flags", flags).unwrap_or_default();
    options.close();
    fields.close();
    if let Some(pillar_path) = place.filter(|_| !csi) {
        problems.add(&pillar_path, "is only for a volume of type: csi");
    }
    let kind = match csi {
        true => VolumeKind::Csi { per_alloc, fs_type, mount_flags },
        false => VolumeKind::Host,
    };
    let (access, attachment) = match csi {
        true => {
            let access = access.unwrap_or_else(|| task.access(values, read_only, per_alloc));
            (Some(access), attachment.or(Some(FILE_SYSTEM)))
        }
        false => (access, attachment),
    };
    Some(Volume { kind, source, path: path?, read_only, access, attachment })
}

fn word(tree: &Tree, words: &[&'static str]) -> Result<&'static str, String> {
    let known = words.iter().copied().find(|word| tree.text() == Some(*word));
    known.ok_or_else(|| format!("must be one of: {}", words.join(", ")))
}

fn flags(tree: &Tree) -> Result<Vec<String>, String> {
    let flags = scalars::texts(tree)?;
    match flags.iter().any(|flag| flag.is_empty() || flag.contains('\0')) {
        true => Err("must be a list of texts, none of them empty or with a NUL".to_owned()),
        false => Ok(flags),
    }
}

/// Reads a folder of the host: a text for the same path in the task, or `{source, path}`. Without `source`, the storage
/// class decides which folder or volume is used.
pub(super) fn data_path(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    task: &StorageContext<'_>,
    context: &ServiceContext<'_>,
    volumes: &mut BTreeMap<String, Volume>,
) -> Option<DataFolder> {
    let problems = fields.problems;
    let (mut target, mut inside) = (None, None);
    let source = match fields.take("data_path") {
        Some(tree) if matches!(tree.kind, tree::TreeKind::Map(_)) => {
            let mut inner = Fields::open(tree, problems);
            inside = inner.place("path");
            target = inner.read("path", folder);
            let source = inner.take("source");
            if source.is_none() && inside.is_none() {
                problems.add(
                    &inner.path,
                    "must be a path, or {source: on the host, path: in the container}, or {path: in the task}",
                );
            }
            inner.close();
            source
        }
        other => other,
    };
    let is_on_the_host =
        values.given(fields, ServiceVariable::DataPath, source, |tree| folder(tree).map(Into::into));
    let asked = inside.is_some() && !is_on_the_host;
    let class = class(fields, context, asked);
    let Some(inside) = inside else {
        return is_on_the_host.then_some(DataFolder::Host { target: None });
    };
    if asked && class == StorageClass::Redundant {
        if task.driver == "raw_exec" {
            problems.add(&inside, format!("{NOT_MOUNTED}: {AS_A_TEXT}"));
        }
        let volume = Volume {
            kind: VolumeKind::Csi { per_alloc: false, fs_type: None, mount_flags: Vec::new() },
            source: format!("{}-data", task.service),
            path: target?,
            read_only: false,
            access: Some(task.access(values, false, false)),
            attachment: Some(FILE_SYSTEM),
        };
        volumes.insert(DATA.to_owned(), volume);
        return None;
    }
    if task.driver != "docker" {
        problems.add(
            &inside,
            format!("is a path inside a container, and only docker has containers: {AS_A_TEXT}"),
        );
    }
    if asked && class == StorageClass::Ephemeral {
        return Some(DataFolder::Allocation { target: target? });
    }
    if asked {
        values.or(fields, ServiceVariable::DataPath, format!("{ON_THE_HOST}/{}", task.service));
    }
    Some(DataFolder::Host { target })
}

const AS_A_TEXT: &str = "set the folder of the host as a text, such as data_path: /opt/services/data/web";

/// The class that the service sets, or else the default of its environment. Setting it without a use for it is a
/// mistake.
fn class(fields: &mut Fields<'_>, context: &ServiceContext<'_>, asked: bool) -> StorageClass {
    let place = fields.place("storage");
    let said = fields.read("storage", |tree| match tree.text() {
        Some("ephemeral") => Ok(StorageClass::Ephemeral),
        Some("persistent") => Ok(StorageClass::Persistent),
        Some("redundant") => Ok(StorageClass::Redundant),
        _ => Err("must be one of: ephemeral, persistent, redundant".to_owned()),
    });
    if let Some(pillar_path) = place.filter(|_| said.is_some() && !asked) {
        fields.problems.add(
            &pillar_path,
            "is only for a data_path that does not name a folder of the host: data_path: {path: /in/the/task}",
        );
    }
    said.unwrap_or(defaults::defaults(context.environment).storage)
}
