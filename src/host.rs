//! The functions that the core needs from Salt. They are called only on the thread on which Salt called Eos.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::MinionTarget;

/// Salt, as the core uses it. Tests have their own implementation. An error is one sentence.
pub trait Host {
    /// Returns the files below a `salt://` folder: from the path relative to it, to the path of a local copy. Empty if
    /// the folder does not exist.
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String>;
    /// Renders a file with Salt's Jinja, and returns the text.
    fn render(&self, path: &Path) -> Result<String, String>;
    /// Starts to read `sdb://profile/key` with Salt's sdb, in a process that ends within the limit. Does not wait.
    /// Returns an id. An error never contains the value.
    fn start_sdb(&self, _uri: &str, _limit: Duration) -> Result<String, String> {
        Err("this host has no sdb".to_owned())
    }
    /// Returns the value, or None while it is being read. Does not wait.
    fn poll_sdb(&self, _id: &str) -> Result<Option<String>, String> {
        Ok(None)
    }
    /// Ends the read.
    fn stop_sdb(&self, _id: &str) {}
    /// Sends an event on Salt's event bus, if there is one.
    fn emit(&self, tag: &str, data: &Value);
    /// Writes to Salt's log.
    fn log(&self, level: tracing::Level, message: &str);
    /// Writes to Salt's log what the person at the terminal also gets as progress or in the report.
    fn log_repeated(&self, level: tracing::Level, message: &str) {
        self.log(level, message);
    }
    /// Returns the number of requests to stop so far. Called every 100 ms while something runs.
    fn tick(&self) -> u32;
    /// On the master: whether its process accepts jobs. On a minion: whether it has a master.
    fn has_master(&self) -> bool {
        false
    }
    /// What Salt's configuration says about Eos, as a mapping. Null if the host does not know it.
    fn configuration(&self) -> Value {
        Value::Null
    }
    /// Returns the groups of the user who makes the call. An error if nobody knows them for certain.
    fn groups(&self) -> Result<UserGroups, String> {
        Ok(UserGroups::default())
    }
    /// Returns the numbers of this user's accounts on the system of this host. Empty if it has none.
    fn accounts(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }
    /// Starts a job, and does not wait for it.
    fn start(&self, job: &SaltJob) -> Result<StartedJob, String>;
    /// Returns the answers of a job so far, by minion. Does not wait.
    fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String>;
    /// Asks the minions to end a job. Does not wait for it.
    fn stop(&self, jid: &str);
    /// Returns the pillar and the files at a commit of the repository that has them.
    fn at_commit(&self, _reference: &str) -> Result<PastPillar<'_>, String> {
        Err("this host has no pillar files".to_owned())
    }
    /// Returns the sources of the values at these paths of the pillar: files and ext_pillars. One answer for each path.
    fn origins(&self, _paths: &[Vec<String>]) -> Result<Vec<PillarOrigin>, String> {
        Err("this host has no pillar files".to_owned())
    }
    /// Returns where the pillar of this call is written.
    fn pillar_place(&self) -> Result<PillarPlace, String> {
        Err("this host has no pillar files".to_owned())
    }
    /// Compiles the pillar of this call again. `before`: a folder whose files replace those of the same names in the
    /// pillar.
    fn compile_pillar(&self, _before: Option<&Path>) -> Result<CompiledPillar, String> {
        Err("this host has no pillar files".to_owned())
    }
    /// Commits the entries in the checkout of the pillar. Returns its branch (`name`) and its `commit`.
    fn commit_pillar(&self, _message: &str) -> Result<Value, String> {
        Err("this host has no pillar files".to_owned())
    }
    /// Returns what `keep_pending` got from an earlier state of the same state run. Null if there was none.
    fn pending(&self) -> Value {
        Value::Null
    }
    /// Keeps a value for the later states of the same state run.
    fn keep_pending(&self, _pending: &Value) {}
    /// Returns the arguments of all `eos_terraform.apply` states of the same state run.
    fn apply_states(&self) -> Vec<Map<String, Value>> {
        Vec::new()
    }
}

/// Where Eos may write the pillar.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PillarPlace {
    /// The folder with the top.sls. None if the pillar is not in a folder of this host.
    pub root: Option<PathBuf>,
    pub write: PillarWrite,
    /// Why it is so, as a part of a sentence.
    pub because: String,
}

/// The option `pillar_write` of Salt's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PillarWrite {
    /// Eos writes its files.
    Direct,
    /// Eos writes into a checkout, and commits there.
    Branch,
    /// Eos shows what a person writes.
    Print,
}

/// The pillar's `infrastructure`, compiled again.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CompiledPillar {
    /// Null if there is none.
    pub infrastructure: Value,
    /// Why it could not be compiled.
    pub problems: Vec<String>,
}

/// A pillar as it was at a commit.
pub struct PastPillar<'a> {
    /// The pillar's `infrastructure`. Null if there was none.
    pub infrastructure: Value,
    /// Reads the files of that commit.
    pub host: Box<dyn Host + 'a>,
    /// The whole id of the commit.
    pub commit: String,
    /// Salt's errors in that pillar.
    pub problems: Vec<String>,
    /// Folders of the pillar or of modules that are not in the repository.
    pub outside: Vec<String>,
    /// The top of the repository.
    pub top: PathBuf,
    /// The copy of the commit's files.
    pub copy: PathBuf,
}

/// The groups of a user, and whose answer that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroups {
    /// Such as `the system`.
    pub of: String,
    pub names: BTreeSet<String>,
}

/// A call of an execution function on minions, as Salt's client takes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SaltJob {
    /// The target, in the notation of `target_type`.
    pub target: String,
    /// `glob`, `list`, `grain`, `pillar` or `compound`.
    pub target_type: String,
    pub function: String,
    pub arguments: Vec<Value>,
    pub keywords: Map<String, Value>,
}

impl SaltJob {
    /// The question which of these minions answer.
    pub fn ping(target: &MinionTarget) -> Self {
        Self::question(target, "test.ping")
    }

    /// The question for the versions of Salt and of its extensions.
    pub fn versions(target: &MinionTarget) -> Self {
        Self::question(target, "test.versions_information")
    }

    fn question(target: &MinionTarget, function: &str) -> Self {
        Self {
            target: target.pattern.clone(),
            target_type: target.kind.to_owned(),
            function: function.to_owned(),
            arguments: Vec::new(),
            keywords: Map::new(),
        }
    }
}

/// A job that is under way.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StartedJob {
    /// Salt's id of the job.
    pub jid: String,
    /// All matching minions. If there are none, nothing was started.
    pub minions: BTreeSet<String>,
    /// The job runs on this host's own minion, without a master. That minion always answers.
    pub local: bool,
}

/// What one minion answered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MinionReturn {
    pub value: Value,
    /// Salt's return code. 0 means success.
    pub retcode: i64,
}

/// Where the value at one path of the pillar came from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PillarOrigin {
    pub sources: Vec<PillarSource>,
    /// Why the sources are not known, or not all of them.
    pub unknown: Option<String>,
}

/// A source that sets a value. Exactly one of `file` and `ext_pillar` is given; both for a file of an ext_pillar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PillarSource {
    pub file: Option<String>,
    /// The repository that contains the file, as Salt's configuration names it, without a login.
    pub repository: Option<String>,
    pub ext_pillar: Option<String>,
    /// Its place in Salt's option `ext_pillar`, from 1.
    pub position: Option<usize>,
    /// Only if it is certain.
    pub line: Option<usize>,
    /// The line of the anchor, if the value is an alias.
    pub anchor: Option<usize>,
    /// `wins`, `part`, `overridden`, or `possible` if the sources are not known.
    pub effect: String,
    /// The parts of the value that this source sets, if others set the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}
