//! Salt, as the core asks for it, behind a `saltext.eos.host.Host`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use serde_json::Value;

use super::convert::to_python;
use crate::host::Host;

pub struct PythonHost {
    object: Py<PyAny>,
    asked_to_stop: Arc<AtomicBool>,
}

impl PythonHost {
    pub fn new(object: Py<PyAny>, asked_to_stop: Arc<AtomicBool>) -> Self {
        Self { object, asked_to_stop }
    }

    /// Calls a method; an exception is one sentence.
    fn call<T>(&self, work: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, String> {
        Python::attach(|py| work(py, self.object.bind(py)).map_err(|error| error.value(py).to_string()))
    }
}

impl Host for PythonHost {
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        self.call(|_, host| host.call_method1("fetch", (url,))?.extract())
    }

    fn render(&self, path: &Path) -> Result<String, String> {
        self.call(|_, host| host.call_method1("render", (path.to_string_lossy(),))?.extract())
    }

    fn emit(&self, tag: &str, data: &Value) {
        // An event that does not get through harms nobody; the host logs it.
        let _ = self.call(|py, host| host.call_method1("emit", (tag, to_python(py, data)?)).map(drop));
    }

    fn log(&self, level: tracing::Level, message: &str) {
        let level = match level {
            tracing::Level::ERROR => 40,
            tracing::Level::WARN => 30,
            tracing::Level::INFO => 20,
            tracing::Level::DEBUG => 10,
            // Salt's own trace level.
            tracing::Level::TRACE => 5,
        };
        let _ = self.call(|_, host| host.call_method1("log", (level, message)).map(drop));
    }

    fn tick(&self) -> bool {
        // Runs Python's signal handlers; one that raises wants us to stop, like ours.
        let interrupted = Python::attach(|py| py.check_signals().is_err());
        interrupted || self.asked_to_stop.load(Ordering::Relaxed)
    }
}
