//! Blocks of a job whose settings were checked. All names are Nomad's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::opaque::Opaque;
use crate::model::PillarPath;

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockBody {
    pub settings: Vec<(&'static str, Setting)>,
    pub blocks: Vec<JobBlock>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobBlock {
    pub kind: &'static str,
    pub label: Option<String>,
    pub body: BlockBody,
    /// Its path in the pillar.
    pub place: PillarPath,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    Flag(bool),
    Number(i64),
    Time(Duration),
    Text(String),
    Texts(Vec<String>),
    Map(BTreeMap<String, String>),
    Lists(BTreeMap<String, Vec<String>>),
    /// The text of a file of the module, by the name of its slot.
    File(String),
}

/// A file of the user that becomes a part of the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserFile {
    /// `salt://folder` or an absolute path.
    pub folder: String,
    pub file: String,
    pub place: PillarPath,
}

/// A task beside the main one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SideTask {
    pub driver: String,
    /// Settings of the driver.
    pub config: BTreeMap<String, Opaque>,
    pub env: BTreeMap<String, String>,
    pub resources: BlockBody,
    pub body: BlockBody,
}

/// What a generated job has besides the parts that Eos itself needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobExtras {
    pub job: BlockBody,
    pub group: BlockBody,
    pub task: BlockBody,
    pub resources: BlockBody,
    /// Of the registration that Eos generates.
    pub registration: BlockBody,
    pub tasks: BTreeMap<String, SideTask>,
    /// Slot to file.
    pub files: BTreeMap<String, UserFile>,
}

impl JobExtras {
    /// Whether the job has names that the pillar chose freely.
    pub fn has_free_names(&self) -> bool {
        let levels = [&self.job, &self.group, &self.task, &self.resources, &self.registration];
        levels.into_iter().chain(self.tasks.values().map(|task| &task.body)).any(BlockBody::has_free_names)
    }
}

impl BlockBody {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings.iter().find_map(|(key, setting)| match setting {
            Setting::Text(text) if *key == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether it has names that the pillar chose freely, such as those of headers.
    fn has_free_names(&self) -> bool {
        let is_free = |(_, setting): &(_, Setting)| matches!(setting, Setting::Map(_) | Setting::Lists(_));
        self.settings.iter().any(is_free) || self.blocks.iter().any(|one| one.body.has_free_names())
    }

    pub fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|(key, _)| *key == name) || self.blocks.iter().any(|one| one.kind == name)
    }
}
