//! The functions that Python calls: extract, detach, run, convert.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use serde_json::Value;

use super::host::PyHost;
use super::pillar::PyPillar;
use super::signals::Signals;
use super::{convert, plain};
use crate::command_line::CommandLine;
use crate::model::{Identity, PillarPath, Problem};
use crate::operation::{self, Call, CallPlace, CallerIdentity, Request, ensure};
use crate::panic_guard::{self, CallFailure};
use crate::view;
use crate::words::words;

/// Runs one operation and always returns its report.
#[pyfunction]
pub fn run<'py>(
    py: Python<'py>,
    operation: &str,
    arguments: &Bound<'py, PyDict>,
    surplus: usize,
    infrastructure: &Bound<'py, PyAny>,
    host: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if py.import("sys")?.getattr("__stderr__")?.is_none() {
        view::progress::live::close();
    }
    let (root, identity) = (PillarPath::root(), identity(host)?);
    let mut problems = told(host, &root, &identity)?;
    let arguments = convert::read(arguments, PillarPath::arguments(), &mut problems);
    let mut request = Request {
        operation: operation.to_owned(),
        arguments: match arguments {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        },
        surplus,
        infrastructure: Value::Null,
        problems,
        identity,
    };
    if operation == ensure::OPERATION {
        let pillar = PyPillar::new(infrastructure);
        let world = PyHost::new(host, Arc::default());
        let command_line = request.identity.command_line.clone();
        let unchanged = || ensure::unchanged(&request, &pillar, &world).filter(|_| pillar.is_sound());
        let answer = panic_guard::guarded(operation, || command_line.during(unchanged).unwrap_or_default());
        if !answer.is_null() {
            return plain::to_python(py, &answer);
        }
    }
    request.infrastructure = convert::read(infrastructure, root, &mut request.problems);
    let signals = Signals::install(py);
    let world = PyHost::new(host, signals.flag());
    let report = py.detach(move || {
        panic_guard::guarded(operation, || {
            operation::run(Call { request, host: &world, progress: view::progress::ProgressDisplay::new })
        })
    });
    drop(signals);
    plain::to_python(py, &report)
}

/// Returns the report of a call that could not be made. `kind` is `internal` or `cancelled`.
#[pyfunction]
pub fn failed<'py>(
    py: Python<'py>,
    operation: &str,
    kind: &str,
    message: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let report = panic_guard::failed(operation, CallFailure::named(kind), message);
    plain::to_python(py, &report)
}

/// Formats a report as text for people. `command_line`: how they write commands. Lines are broken only for a terminal.
#[pyfunction]
#[pyo3(signature = (report, colour, command_line=None))]
pub fn draw(report: &Bound<'_, PyAny>, colour: bool, command_line: Option<&Bound<'_, PyAny>>) -> String {
    let command_line = command_line.map(self::command_line).unwrap_or_default();
    let report = json(report);
    let text = command_line.during(|| view::text(&report, colour));
    if colour || std::io::stdout().is_terminal() { view::broken(&report, &text) } else { text }
}

/// An option of the call itself, as this command line writes it.
#[pyfunction]
pub fn option(parameter: &str, value: &str, command_line: &Bound<'_, PyAny>) -> String {
    self::command_line(command_line).during(|| crate::command_line::option(parameter, value))
}

/// Writes whole lines to stderr, above the live block of a run.
#[pyfunction]
pub fn above(lines: &Bound<'_, PyString>) {
    view::progress::live::above(&lines.to_string_lossy());
}

/// Writes a page into a file. Returns what is wrong, or None.
#[pyfunction]
pub fn write_page(path: PathBuf, page: &Bound<'_, PyString>) -> Option<String> {
    operation::write_page(&path, page.to_string_lossy().as_bytes()).err().map(|error| error.to_string())
}

/// Turns a report into a state's return: for one component, or for all of them with one row each.
#[pyfunction]
#[pyo3(signature = (report, name, component=None))]
pub fn state<'py>(
    py: Python<'py>,
    report: &Bound<'py, PyAny>,
    name: &str,
    component: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let report = json(report);
    let returned = match component {
        Some(component) => view::returns::one(&report, name, component),
        None => view::returns::all(&report, name),
    };
    plain::to_python(py, &returned)
}

/// Reads a report that comes back from Python. Parts that are not JSON were not made by Eos, and are dropped.
fn json(report: &Bound<'_, PyAny>) -> Value {
    convert::read(report, PillarPath::default(), &mut Vec::new())
}

/// The problems that the host has already found: in the pillar, and arguments that the master does not take.
fn told(host: &Bound<'_, PyAny>, root: &PillarPath, identity: &CallerIdentity) -> PyResult<Vec<Problem>> {
    let sentences: Vec<String> = host.getattr("problems")?.extract()?;
    let faults: Vec<String> = host.getattr("faults")?.extract()?;
    let of_faults = faults.into_iter().map(|fault| {
        let shows = identity.command_line.clone().during(|| identity.shows_pillar());
        match shows {
            Some(shows) => Problem::new(root, words![fault, "; this shows what Salt compiles: ", shows]),
            None => Problem::new(root, fault),
        }
    });
    let refused: Vec<(String, String)> = host.getattr("refused")?.extract()?;
    let of_pillar = sentences.into_iter().map(|sentence| Problem::new(root, sentence));
    let of_call = refused.into_iter().map(|(argument, why)| {
        let arguments = PillarPath::arguments();
        let path = if argument.is_empty() { arguments } else { arguments.child(argument) };
        Problem::new(&path, why)
    });
    Ok(of_pillar.chain(of_faults).chain(of_call).collect())
}

/// Where the call runs, as `saltext.eos.host` names it.
fn place((side, minion): (String, Option<String>)) -> CallPlace {
    match (side.as_str(), minion) {
        ("minion", Some(minion)) => CallPlace::Minion(minion),
        ("masterless", Some(minion)) => CallPlace::Masterless(minion),
        (_, pillar_of) => CallPlace::Master { pillar_of },
    }
}

/// The command line, as `saltext.eos.command_line` makes it.
fn command_line(made: &Bound<'_, PyAny>) -> CommandLine {
    serde_json::from_value(json(made)).unwrap_or_default()
}

fn identity(host: &Bound<'_, PyAny>) -> PyResult<CallerIdentity> {
    let (identity, caller) = (host.getattr("identity")?, host.getattr("caller")?);
    let text = |key: &str| -> PyResult<String> { Ok(identity.get_item(key)?.str()?.to_string()) };
    Ok(CallerIdentity {
        jid: text("jid")?,
        user: text("user")?,
        known: Identity {
            name: caller.getattr("name")?.str()?.to_string(),
            authentication: caller.getattr("authentication")?.str()?.to_string().into(),
            sudo: caller.getattr("sudo")?.str()?.to_string(),
            ..Identity::default()
        },
        minion: text("minion")?,
        place: place(identity.get_item("place")?.extract()?),
        command_line: command_line(&identity.get_item("command_line")?),
        test: identity.get_item("test")?.is_truthy()?,
        automation: identity.get_item("automation")?.extract()?,
        environment: identity.get_item("environment")?.extract()?,
        branch: match identity.get_item("branch") {
            Ok(branch) => serde_json::from_value(json(&branch)).ok(),
            Err(_) => None,
        },
        salt_root: identity.get_item("salt_root").and_then(|root| root.extract()).unwrap_or_default(),
        salt_version: text("salt_version")?,
    })
}
