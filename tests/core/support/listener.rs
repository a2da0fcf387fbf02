//! A host that collects events.

use std::sync::Mutex;

use eos::host::Host;
use serde_json::{Value, json};

use super::{Site, without_salt};

/// Tags and data of all events so far.
#[derive(Default)]
pub struct Listener(Mutex<Vec<(String, Value)>>);

impl Listener {
    pub fn events(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }
}

impl Host for Listener {
    without_salt!();

    fn emit(&self, tag: &str, data: &Value) {
        self.0.lock().unwrap().push((tag.to_owned(), data.clone()));
    }
    fn log(&self, _: tracing::Level, _: &str) {}
}

/// Runs one scheduled drift check, and returns its events too.
pub fn scheduled_check(site: &Site) -> (Value, Vec<(String, Value)>) {
    let host = Listener::default();
    let report = site.run_on(&host, "sync_states", json!({}));
    (report, host.events())
}
