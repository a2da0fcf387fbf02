//! `ensure_infrastructure`: does nothing if nothing changed, and otherwise a normal run.

use serde_json::{Value, json};

use super::one_component;
use crate::error::{Code, Result};
use crate::host::Host;
use crate::model::{Name, Overrides};
use crate::operation::fingerprint::PillarSlice;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{Call, Request};
use crate::operation::request::pillar::Pillar;
use crate::operation::run::run_request::RunRequest;
use crate::record::Ensured;
use crate::report::{Status, Warning};
use crate::view::returns;

/// The operation, by its name in Python.
pub const OPERATION: &str = "module.ensure_infrastructure";

struct EnsureRequest {
    component: Name,
    environment: Name,
    /// `desired_state` as variables, and `secrets`.
    overrides: Overrides,
    refresh: bool,
}

impl EnsureRequest {
    fn slice(&self, pillar: &dyn Pillar) -> Option<PillarSlice> {
        PillarSlice::read(pillar, &self.environment, &self.component, &self.overrides)
    }
}

/// `desired_state` as `variables`, together with the other values that the call gives to variables.
fn desired(arguments: &mut Arguments, component: &Name, given: Overrides) -> Overrides {
    let desired = arguments.value("desired_state");
    if desired.as_ref().is_some_and(|desired| !desired.is_object()) {
        arguments.problem("desired_state", "must be a mapping of the component's variables to values");
    }
    if given.variables.is_some() {
        arguments.problem("variables", "is called desired_state here");
    }
    Overrides { variables: desired.map(|desired| (component.clone(), desired)), ..given }
}

/// None if the call is wrong: the run that follows reports why.
fn asked(request: &Request, pillar: &dyn Pillar) -> Option<EnsureRequest> {
    let mut arguments = Arguments::with_pillar(request, pillar);
    let component = arguments.name("component");
    let environment = arguments.environment();
    let given = arguments.inputs(&component);
    let overrides = desired(&mut arguments, &component, given);
    let refresh = arguments.flag("refresh");
    arguments.test(&request.identity);
    let wanted = EnsureRequest { component, environment, overrides, refresh };
    arguments.finish().is_empty().then_some(wanted)
}

/// The answer if nothing changed since the last run. None: terraform has to run. Starts no process.
pub fn unchanged(request: &Request, pillar: &dyn Pillar, host: &dyn Host) -> Option<Value> {
    let wanted = asked(request, pillar).filter(|wanted| !wanted.refresh)?;
    let slice = wanted.slice(pillar)?;
    let ensured = Ensured::read(&slice.paths.ensured()).ok()??;
    // An error in reading is left to the run to report.
    let record = slice.record().ok().flatten();
    let is_left = slice.is_left(record.as_ref(), &ensured);
    let is_so = is_left && slice.fingerprint(pillar, host).ok()?? == ensured.fingerprint;
    is_so.then(|| {
        let mut answer = json!({
            "result": true, "changes": {}, "reason": Code::SameFingerprint, "status": Status::Unchanged.word(),
            "component": wanted.component, "environment": wanted.environment, "retcode": 0,
        });
        let warnings: Vec<_> = record.unwrap_or_default().warnings.into_iter().map(Warning::recorded).collect();
        if !warnings.is_empty() {
            answer["warnings"] = json!(warnings);
        }
        answer
    })
}

/// Answers without a run if possible. Otherwise runs, and stores the facts of the result.
pub(super) fn run(call: &Call<'_>) -> Value {
    let (request, pillar) = (&call.request, &call.request.infrastructure);
    if let Some(answer) = unchanged(request, pillar, call.host) {
        return answer;
    }
    let asked = asked(request, pillar);
    let slice = asked.as_ref().and_then(|asked| asked.slice(pillar));
    let fingerprint = || slice.as_ref()?.fingerprint(pillar, call.host).ok()?;
    let before = fingerprint();
    let report = one_component::one(call, "ensure_infrastructure", |arguments, name, wanted| {
        arguments.flag("refresh");
        let overrides = desired(arguments, name, wanted.overrides);
        RunRequest { overrides, ..wanted }
    });
    // A change in the meantime is found by the next call.
    if report["result"] == true
        && before == fingerprint()
        && let (Some(slice), Some(fingerprint)) = (&slice, before)
        && let Err(error) = remember(slice, fingerprint, &report)
    {
        call.host.log(tracing::Level::WARN, &format!("{}: {error}", slice.component.name));
    }
    answer(&report)
}

fn remember(slice: &PillarSlice, fingerprint: String, report: &Value) -> Result<()> {
    let Some(record) = slice.record()? else { return Ok(()) };
    let versions = [&report["versions"]["terraform"], &report["versions"]["opentofu"]];
    let version = versions.into_iter().find_map(|one| one.as_str()).unwrap_or_default().to_owned();
    slice.remember(record, fingerprint, version)
}

/// `changes` are those of the state, by resource address.
fn answer(report: &Value) -> Value {
    let component = report["components"].as_object().and_then(|all| all.iter().next());
    let changes = component.map(|(name, part)| returns::changes(name, part)).unwrap_or_default();
    let mut answer = json!({ "changes": changes, "component": component.map(|(name, _)| name) });
    for key in ["result", "status", "reason", "environment", "run_id", "error", "retcode"] {
        answer[key] = report[key].clone();
    }
    if let Some(warnings) = component.and_then(|(_, part)| part.get("warnings")) {
        answer["warnings"] = warnings.clone();
    }
    for key in ["plan_id", "approve_command", "apply_command", "snapshot_id"] {
        if let Some(value) = report.get(key) {
            answer[key] = value.clone();
        }
    }
    answer
}
