//! The operations: validate, plan, apply, orchestrate, destroy and the questions.
//!
//! Knows how the rooms fit together. Must not know Python or Salt.
//! A [`Request`] comes in, and a report always goes out.

mod announce;
mod blueprint;
mod command;
mod component;
mod exec;
mod fingerprint;
mod intent;
mod layers;
mod query;
mod request;
mod rotation;
mod run;
mod runtime;
mod session;
mod store;

use serde_json::Value;

pub use command::ensure;
pub use request::call::{Call, CallPlace, CallerIdentity, Request};
pub use request::pillar::Pillar;

use command::{
    adopt_job, approve, cancel, carry, create, delete, execution_module, locks, promote, requests, resume,
    state_run,
};
use query::{diff, doctor, drift, graph, health, history, outputs, show, snapshots, status, validate, why};
use request::answer::ReportBuilder;
use request::call::unknown;

pub use crate::disk::write_given as write_page;
use crate::error::Result;
use crate::report::Report;

/// Runs the requested operation. Every error is in the report.
pub fn run(call: Call<'_>) -> Value {
    call.request.identity.command_line.clone().during(|| carried_out(call))
}

fn carried_out(call: Call<'_>) -> Value {
    let operation = call.request.operation.clone();
    if let Some(function) = operation.strip_prefix("module.") {
        return execution_module::run(&call, function);
    }
    let report = match operation.as_str() {
        carry::OPERATION => carry::carry(call),
        create::OPERATION => create::create(call),
        delete::OPERATION => delete::delete(call),
        "orchestrate" => run::run(&call, requests::orchestrate(&call.request)),
        "plan" => planned(&call),
        "apply" => wanted(&call, "apply", requests::apply(&call.request)),
        "staged_rollback" => run::run(&call, requests::staged_rollback(&call.request)),
        "rollback" => run::run(&call, requests::rollback(&call.request)),
        "acknowledge" => run::run(&call, requests::acknowledge(&call.request)),
        "adopt_job" => adopt_job::adopt_job(&call),
        "approve" => approve::approve(&call),
        "destroy" => run::run(&call, requests::destroy(&call.request)),
        "accept_drift" => run::run(&call, requests::accept_drift(&call.request)),
        "rotate" => run::run(&call, requests::rotate(&call.request)),
        "remediate" => run::run(&call, requests::remediate(&call.request)),
        "state.orchestrate" => {
            run::run(&call, state_run::beside_others(&call, requests::state_orchestrate(&call.request)))
        }
        "state.apply" => {
            run::run(&call, state_run::beside_others(&call, requests::state_apply(&call.request)))
        }
        "validate" => validate::validate(&call),
        "graph" => graph::graph(&call),
        "status" => status::status(&call),
        "doctor" => doctor::doctor(&call),
        "drift" => drift::drift(&call),
        "sync_states" => drift::sync_states(&call),
        "health" => health::health(&call),
        "outputs" => outputs::outputs(&call),
        "cancel" => cancel::cancel(&call),
        "promote" => promote::promote(&call),
        "locks" => locks::locks(&call),
        "unlock" => locks::unlock(&call),
        "snapshots" => snapshots::snapshots(&call),
        "history" => history::history(&call),
        "show" | "show_run" => show::show(&call),
        "why" => why::why(&call),
        diff::OPERATION => diff::diff(&call),
        "resume" => wanted(&call, "resume", resume::resume(&call.request)),
        _ => ReportBuilder::new(&operation, "", false, &call.request.identity).failed(unknown(&operation)),
    };
    let retcode = report.retcode();
    let mut value = serde_json::to_value(&report).unwrap_or_default();
    value["retcode"] = retcode.into();
    value
}

/// Plans, and draws the page of a merge request if the call asks for it.
fn planned(call: &Call<'_>) -> Report {
    let (wanted, is_page) = requests::plan(&call.request);
    let mut report = run::run(call, wanted);
    if let Some(page) = is_page.then(|| show::page(call, &report)).flatten() {
        report.extra.insert("drawing".to_owned(), page.into());
    }
    report
}

/// Runs the requested components, or reports that no run or plan has the given id.
fn wanted(call: &Call<'_>, operation: &str, wanted: Result<run::run_request::RunRequest>) -> Report {
    match wanted {
        Ok(wanted) => run::run(call, wanted),
        Err(error) => ReportBuilder::new(operation, "", false, &call.request.identity).failed(error),
    }
}
