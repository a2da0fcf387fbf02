//! What the core asks of Salt. Called only on the thread that Salt called us on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

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
}
