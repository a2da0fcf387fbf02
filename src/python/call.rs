//! The functions that Python calls. Whatever goes wrong becomes a report: nothing is raised.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyKeyboardInterrupt, PySystemExit};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};

use super::convert;
use super::host::PythonHost;
use super::signals::Signals;
use crate::error::{Error, Layer, Phase};
use crate::model::PillarPath;
use crate::operation::{self, Call, Identity, Request};
use crate::view;
use crate::view::progress::Progress;

/// Runs one operation and returns its report.
///
/// `arguments` holds named parameters and unknown keywords; `surplus` counts further positional ones;
/// `infrastructure` is the pillar's; `host` is a `saltext.eos.host.Host`.
#[pyfunction]
pub fn run(
    py: Python<'_>,
    operation: &str,
    arguments: &Bound<'_, PyAny>,
    surplus: usize,
    infrastructure: &Bound<'_, PyAny>,
    host: Py<PyAny>,
) -> PyResult<Py<PyAny>> {
    let report = guarded(operation, || {
        let request = request(py, operation, arguments, surplus, infrastructure, &host)?;
        let signals = Signals::install(py);
        let host = PythonHost::new(host, signals.asked());
        let report = py.detach(|| operation::run(Call { request, host: &host, progress: Progress::new }));
        signals.restore(py);
        Ok(report)
    });
    convert::to_python(py, &report)
}

/// Draws a report as text, for people.
#[pyfunction]
pub fn draw(py: Python<'_>, report: &Bound<'_, PyAny>, colour: bool) -> PyResult<Py<PyAny>> {
    let mut problems = Vec::new();
    let report = convert::from_python(report, &PillarPath::arguments(), &mut problems);
    let text = guarded("draw", || Ok(view::text(&report, colour).into()));
    convert::to_python(py, &text)
}

/// A Salt state's return, from a report; `name` is the state's.
#[pyfunction]
pub fn state(py: Python<'_>, report: &Bound<'_, PyAny>, name: &str) -> PyResult<Py<PyAny>> {
    let mut problems = Vec::new();
    let report = convert::from_python(report, &PillarPath::arguments(), &mut problems);
    let state = guarded("state", || Ok(view::state(&report, name)));
    convert::to_python(py, &state)
}

fn request(
    py: Python<'_>,
    operation: &str,
    arguments: &Bound<'_, PyAny>,
    surplus: usize,
    infrastructure: &Bound<'_, PyAny>,
    host: &Py<PyAny>,
) -> PyResult<Request> {
    let mut problems = Vec::new();
    let arguments = match convert::from_python(arguments, &PillarPath::arguments(), &mut problems) {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let infrastructure = convert::from_python(infrastructure, &PillarPath::root(), &mut problems);
    let identity = host.bind(py).getattr("identity")?;
    let identity = identity.cast::<PyDict>()?;
    let text = |key: &str| -> PyResult<String> {
        Ok(identity
            .get_item(key)?
            .map(|value| value.str().map(|text| text.to_string()))
            .transpose()?
            .unwrap_or_default())
    };
    let identity = Identity {
        jid: text("jid")?,
        user: text("user")?,
        minion: text("minion")?,
        test: identity.get_item("test")?.is_some_and(|test| test.is_truthy().unwrap_or(false)),
        salt_version: text("salt_version")?,
    };
    Ok(Request { operation: operation.to_owned(), arguments, surplus, infrastructure, problems, identity })
}

/// Turns an exception or a panic into a flat failed report.
fn guarded(operation: &str, work: impl FnOnce() -> PyResult<Value>) -> Value {
    let work = || {
        #[cfg(feature = "provoke")]
        assert!(operation != "panic", "provoked");
        work()
    };
    let error = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return value,
        Ok(Err(exception)) => Python::attach(|py| {
            let stopped = exception.is_instance_of::<PyKeyboardInterrupt>(py)
                || exception.is_instance_of::<PySystemExit>(py);
            let code = if stopped { "cancelled" } else { "internal" };
            Error::new(
                Layer::Salt,
                Phase::Validation,
                code,
                exception.to_string(),
                "run again; if it stays, report it",
            )
        }),
        Err(panic) => {
            let message = format!("a fault of Eos itself: {}", said(panic.as_ref()));
            Error::new(
                Layer::Host,
                Phase::Application,
                "internal",
                message,
                "report it; infrastructure.status shows what state things are in",
            )
        }
    };
    json!({
        "schema": crate::report::SCHEMA,
        "operation": operation,
        "result": false,
        "components": {},
        "error": error,
        "retcode": 1,
    })
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
