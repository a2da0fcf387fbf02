//! A host that collects events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use eos::host::{Host, MinionReturn, SaltJob, StartedJob};
use serde_json::{Value, json};

use super::{NoSalt, Site};

/// Tags and data of all events so far.
#[derive(Default)]
pub struct Listener(Mutex<Vec<(String, Value)>>);

impl Listener {
    pub fn events(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }
}

impl Host for Listener {
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        NoSalt.fetch(url)
    }
    fn render(&self, path: &Path) -> Result<String, String> {
        NoSalt.render(path)
    }
    fn sdb(&self, uri: &str) -> Result<String, String> {
        NoSalt.sdb(uri)
    }
    fn emit(&self, tag: &str, data: &Value) {
        self.0.lock().unwrap().push((tag.to_owned(), data.clone()));
    }
    fn log(&self, _: tracing::Level, _: &str) {}
    fn tick(&self) -> u32 {
        0
    }
    fn start(&self, job: &SaltJob) -> Result<StartedJob, String> {
        NoSalt.start(job)
    }
    fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        NoSalt.poll(jid)
    }
    fn stop(&self, jid: &str) {
        NoSalt.stop(jid);
    }
}

/// Runs one scheduled drift check, and returns its events too.
pub fn scheduled_check(site: &Site) -> (Value, Vec<(String, Value)>) {
    let host = Listener::default();
    let report = site.run_on(&host, "sync_states", json!({}));
    (report, host.events())
}
