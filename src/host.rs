//! What the core asks of Salt. Called only on the thread that Salt called us on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The world of Salt, injected; tests give one of their own. An error is one sentence.
pub trait Host {
    /// The files below a `salt://` folder: path relative to it, to a local copy. Empty: no such folder.
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String>;
    /// A file's text, rendered by Salt's Jinja.
    fn render(&self, path: &Path) -> Result<String, String>;
    /// What Salt's sdb has at `sdb://profile/key`. The sentence never holds the value.
    fn sdb(&self, uri: &str) -> Result<String, String>;
    /// Puts an event on Salt's bus, if somebody listens.
    fn emit(&self, tag: &str, data: &Value);
    /// Writes to Salt's log.
    fn log(&self, level: tracing::Level, message: &str);
    /// Called every 100 ms while something runs: how often somebody asked us to stop, so far.
    fn tick(&self) -> u32;
    /// Starts a job, and does not wait for it.
    fn start(&self, job: &Job) -> Result<Started, String>;
    /// Who has answered a job so far; waits for nobody.
    fn poll(&self, jid: &str) -> Result<BTreeMap<String, Returned>, String>;
    /// Asks the minions to end a job; whether they do is not waited for.
    fn stop(&self, jid: &str);
}

/// A call of an execution function on minions, as Salt's client takes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// In the notation of `target_type`.
    pub target: String,
    /// `glob`, `list`, `grain`, `pillar` or `compound`.
    pub target_type: String,
    pub function: String,
    pub arguments: Vec<Value>,
    pub keywords: Map<String, Value>,
}

/// A job that is under way.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Started {
    /// Salt's id of the job.
    pub jid: String,
    /// All that match; empty: nobody does, and nothing was started.
    pub minions: BTreeSet<String>,
    /// It runs on this host's own minion, without a master: whoever is asked answers.
    pub local: bool,
}

/// What one minion answered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Returned {
    pub value: Value,
    /// Salt's: 0 where all went well.
    pub retcode: i64,
}
