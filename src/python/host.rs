//! The core's host, implemented with a Python object.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{convert, plain};
use crate::host::{
    CompiledPillar, Host, MinionReturn, PastPillar, PillarOrigin, PillarPlace, SaltJob, StartedJob,
    UserGroups,
};
use crate::model::PillarPath;

/// A Python object with the methods of `saltext.eos.host.Host`.
pub struct PyHost {
    object: Py<PyAny>,
    stop: Arc<AtomicU32>,
}

impl PyHost {
    pub fn new(object: &Bound<'_, PyAny>, stop: Arc<AtomicU32>) -> Self {
        Self { object: object.clone().unbind(), stop }
    }

    /// An exception as one sentence. An interrupt is a request to stop, like a signal.
    fn sentence(&self, py: Python<'_>, error: &PyErr) -> String {
        if !error.is_instance_of::<PyException>(py) {
            self.stop.fetch_max(1, Ordering::SeqCst);
            return "interrupted".to_owned();
        }
        let text = error.value(py).to_string();
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() {
            words = error.get_type(py).to_string();
        }
        words
    }

    /// Calls a method and reads its answer. A value of a minion that JSON cannot express becomes null.
    fn answer<T: DeserializeOwned>(
        &self,
        method: &str,
        argument: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>,
    ) -> Result<T, String> {
        let value = Python::attach(|py| {
            argument(py)
                .and_then(|argument| self.object.call_method1(py, method, (argument,)))
                .map(|answer| convert::read(answer.bind(py), PillarPath::default(), &mut Vec::new()))
                .map_err(|error| self.sentence(py, &error))
        })?;
        serde_json::from_value(value).map_err(|error| format!("{method} returned an invalid answer: {error}"))
    }

    /// Calls a method without arguments. Null if it fails.
    fn value(&self, method: &str) -> Value {
        Python::attach(|py| match self.object.call_method0(py, method) {
            Ok(value) => convert::read(value.bind(py), PillarPath::default(), &mut Vec::new()),
            Err(error) => {
                self.sentence(py, &error);
                Value::Null
            }
        })
    }

    /// Calls a method that sends a message to Salt. If it fails, the run does not fail.
    fn say(&self, method: &str, first: &str, second: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>) {
        Python::attach(|py| {
            let told = second(py).and_then(|second| self.object.call_method1(py, method, (first, second)));
            if let Err(error) = told {
                self.sentence(py, &error);
            }
        });
    }
}

impl Host for PyHost {
    fn fetch(&self, url: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        Python::attach(|py| {
            self.object
                .call_method1(py, "fetch", (url,))
                .and_then(|files| files.extract(py))
                .map_err(|error| self.sentence(py, &error))
        })
    }

    fn render(&self, path: &Path) -> Result<String, String> {
        Python::attach(|py| {
            self.object
                .call_method1(py, "render", (path.as_os_str(),))
                .and_then(|text| text.extract(py))
                .map_err(|error| self.sentence(py, &error))
        })
    }

    fn origins(&self, paths: &[Vec<String>]) -> Result<Vec<PillarOrigin>, String> {
        self.answer("origins", |py| Ok(paths.to_vec().into_pyobject(py)?.unbind()))
    }

    fn at_commit(&self, reference: &str) -> Result<PastPillar<'_>, String> {
        Python::attach(|py| {
            let past = self.object.call_method1(py, "at_commit", (reference,))?.into_bound(py);
            let infrastructure = past.call_method0("infrastructure")?;
            let mut problems: Vec<String> = past.getattr("problems")?.extract()?;
            problems.extend(past.getattr("faults")?.extract::<Vec<String>>()?);
            Ok(PastPillar {
                problems,
                infrastructure: convert::read(&infrastructure, PillarPath::root(), &mut Vec::new()),
                commit: past.getattr("commit")?.extract()?,
                outside: past.getattr("outside")?.extract()?,
                top: past.getattr("top")?.extract()?,
                copy: past.getattr("copy")?.extract()?,
                host: Box::new(Self::new(&past, self.stop.clone())),
            })
        })
        .map_err(|error| Python::attach(|py| self.sentence(py, &error)))
    }

    fn start_sdb(&self, uri: &str, limit: Duration) -> Result<String, String> {
        Python::attach(|py| {
            let id = self.object.call_method1(py, "start_sdb", (uri, limit.as_secs_f64()));
            id.and_then(|id| id.extract(py)).map_err(|error| self.sentence(py, &error))
        })
    }

    fn poll_sdb(&self, id: &str) -> Result<Option<String>, String> {
        Python::attach(|py| {
            let value = self.object.call_method1(py, "poll_sdb", (id,));
            value.and_then(|value| value.extract(py)).map_err(|error| self.sentence(py, &error))
        })
    }

    fn stop_sdb(&self, id: &str) {
        Python::attach(|py| {
            if let Err(error) = self.object.call_method1(py, "stop_sdb", (id,)) {
                self.sentence(py, &error);
            }
        });
    }

    fn emit(&self, tag: &str, data: &Value) {
        self.say("emit", tag, |py| Ok(plain::to_python(py, data)?.unbind()));
    }

    fn log(&self, level: tracing::Level, message: &str) {
        self.say("log", level.as_str(), |py| Ok(message.into_pyobject(py)?.into_any().unbind()));
    }

    fn log_repeated(&self, level: tracing::Level, message: &str) {
        self.say("log_repeated", level.as_str(), |py| Ok(message.into_pyobject(py)?.into_any().unbind()));
    }

    fn has_master(&self) -> bool {
        self.value("has_master") == true
    }

    fn configuration(&self) -> Value {
        self.value("configuration")
    }

    fn groups(&self) -> Result<UserGroups, String> {
        Python::attach(|py| {
            let answer = self.object.call_method0(py, "groups");
            answer.and_then(|answer| answer.extract(py)).map_err(|error| self.sentence(py, &error))
        })
        .map(|(of, names)| UserGroups { of, names })
    }

    fn accounts(&self) -> BTreeSet<u32> {
        Python::attach(|py| {
            let accounts = self.object.call_method0(py, "accounts");
            let accounts = accounts.and_then(|accounts| accounts.extract(py));
            accounts.inspect_err(|error| drop(self.sentence(py, error))).unwrap_or_default()
        })
    }

    fn start(&self, job: &SaltJob) -> Result<StartedJob, String> {
        let job = serde_json::to_value(job).map_err(|error| error.to_string())?;
        self.answer("start", |py| Ok(plain::to_python(py, &job)?.unbind()))
    }

    fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        self.answer("poll", |py| Ok(jid.into_pyobject(py)?.into_any().unbind()))
    }

    fn stop(&self, jid: &str) {
        let stopped: Result<(), String> =
            self.answer("stop", |py| Ok(jid.into_pyobject(py)?.into_any().unbind()));
        if let Err(error) = stopped {
            self.log(tracing::Level::WARN, &format!("job {jid} could not be asked to stop: {error}"));
        }
    }

    fn pillar_place(&self) -> Result<PillarPlace, String> {
        let place = Python::attach(|py| {
            let answer = self.object.call_method0(py, "pillar_place");
            answer
                .map(|answer| convert::read(answer.bind(py), PillarPath::default(), &mut Vec::new()))
                .map_err(|error| self.sentence(py, &error))
        })?;
        serde_json::from_value(place)
            .map_err(|error| format!("pillar_place returned an invalid answer: {error}"))
    }

    fn compile_pillar(&self, before: Option<&Path>) -> Result<CompiledPillar, String> {
        self.answer("compile_pillar", |py| {
            Ok(before.map(Path::as_os_str).into_pyobject(py)?.into_any().unbind())
        })
    }

    fn commit_pillar(&self, message: &str) -> Result<Value, String> {
        self.answer("commit_pillar", |py| Ok(message.into_pyobject(py)?.into_any().unbind()))
    }

    fn pending(&self) -> Value {
        self.value("pending")
    }

    fn keep_pending(&self, pending: &Value) {
        let kept: Result<(), String> =
            self.answer("keep_pending", |py| Ok(plain::to_python(py, pending)?.unbind()));
        if let Err(error) = kept {
            self.log(tracing::Level::WARN, &format!("later states cannot see what is pending: {error}"));
        }
    }

    fn apply_states(&self) -> Vec<Map<String, Value>> {
        serde_json::from_value(self.value("apply_states")).unwrap_or_default()
    }

    fn tick(&self) -> u32 {
        Python::attach(|py| {
            if py.check_signals().is_err() {
                self.stop.fetch_max(1, Ordering::SeqCst);
            }
        });
        self.stop.load(Ordering::SeqCst)
    }
}
