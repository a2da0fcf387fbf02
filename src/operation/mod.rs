//! What people ask for: validate, plan, apply, orchestrate, destroy and the questions.
//!
//! Knows how the rooms fit together. Must not know Python or Salt's ways.
//! Through it passes: a [`Request`] in, a report out, always.

mod apply;
mod approval;
mod approvals;
mod approve;
mod arguments;
mod as_applied;
mod audit;
mod blocked;
mod blocking;
mod broken;
mod by_hand;
mod cancel;
mod capture;
mod check;
mod commands;
mod component;
mod copies;
mod deploy;
mod destroy;
mod drift;
mod dump;
pub mod ensure;
mod environment;
mod facts;
mod failed_version;
mod failure;
mod find_run;
mod fingerprint;
mod gather;
mod graph;
mod handing;
mod health;
mod history;
mod hooks;
mod initialise;
mod inject;
mod inputs;
mod inspect;
mod intent;
mod invoke;
mod kept;
mod lacking;
mod last_run;
mod left;
mod lock_service;
mod locks;
mod look;
mod measure;
mod migrate;
mod module;
mod nomad_env;
mod one_component;
mod orphans;
mod outcome;
mod outputs;
mod pillar;
mod plan;
mod preflight;
mod prepare;
mod prepared;
mod produced;
mod producers;
mod promote;
mod pump;
mod put_right;
mod records;
mod recover;
mod registrations;
mod remediate;
mod request;
mod requests;
mod resume;
mod rollback;
mod runs;
mod runtime;
mod said;
mod salt_job;
mod saved_plan_file;
mod schedule;
mod secrets;
mod servers;
mod service;
mod session;
mod settle;
mod shared;
mod shared_records;
mod shown_outputs;
mod signal;
mod snapshots;
mod stale_lock;
mod state;
mod status;
mod step;
mod stopping;
mod summary;
mod surgery;
mod target;
mod turn;
mod unsaved;
mod validate;
mod value_path;
mod way;

use serde_json::Value;

pub use pillar::Pillar;
pub use request::{Call, Identity, Request};

use crate::error::Result;
use crate::report::Report;

/// Does what is asked; every error is in the report.
pub fn run(call: Call<'_>) -> Value {
    let operation = call.request.operation.clone();
    if let Some(function) = operation.strip_prefix("module.") {
        return module::run(&call, function);
    }
    let report = match operation.as_str() {
        "orchestrate" => environment::run(&call, requests::orchestrate(&call.request)),
        "plan" => environment::run(&call, requests::plan(&call.request)),
        "apply" => wanted(&call, "apply", requests::apply(&call.request)),
        "staged_rollback" => environment::run(&call, requests::staged_rollback(&call.request)),
        "rollback" => environment::run(&call, requests::rollback(&call.request)),
        "acknowledge" => environment::run(&call, requests::acknowledge(&call.request)),
        "approve" => approve::approve(&call),
        "destroy" => environment::run(&call, requests::destroy(&call.request)),
        "remediate" => environment::run(&call, requests::remediate(&call.request)),
        "state.orchestrate" => environment::run(&call, requests::state_orchestrate(&call.request)),
        "state.apply" => environment::run(&call, requests::state_apply(&call.request)),
        "validate" => validate::validate(&call),
        "graph" => graph::graph(&call),
        "status" => status::status(&call),
        "drift" => drift::drift(&call),
        "sync_states" => drift::sync_states(&call),
        "health" => measure::health(&call),
        "outputs" => outputs::outputs(&call),
        "cancel" => cancel::cancel(&call),
        "promote" => promote::promote(&call),
        "locks" => locks::locks(&call),
        "unlock" => locks::unlock(&call),
        "snapshots" => snapshots::snapshots(&call),
        "history" => history::history(&call),
        "show_run" => history::show_run(&call),
        "resume" => wanted(&call, "resume", resume::resume(&call.request)),
        _ => summary::Opening::new(&operation, "", false, &call.request.identity)
            .failed(request::unknown(&operation)),
    };
    let retcode = report.retcode();
    let mut value = serde_json::to_value(&report).unwrap_or_default();
    value["retcode"] = retcode.into();
    value
}

/// Runs what a call wants, or says that nothing has the id that it gives.
fn wanted(call: &Call<'_>, operation: &str, wanted: Result<environment::Wanted>) -> Report {
    match wanted {
        Ok(wanted) => environment::run(call, wanted),
        Err(error) => summary::Opening::new(operation, "", false, &call.request.identity).failed(error),
    }
}
