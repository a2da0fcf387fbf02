//! Asks a run of this host to stop, wherever it was started.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::summary::Opening;
use super::{Call, Request};
use crate::error::{Error, Layer, Phase, Result};
use crate::model::{self, Name, Overrides};
use crate::report::Report;
use crate::workdir::{Layout, read_json, replace};

pub fn cancel(call: &Call<'_>) -> Report {
    let mut arguments = Arguments::new(&call.request);
    let run_id = arguments.run_id("run_id");
    arguments.value("minion");
    let opening = Opening::new("cancel", "", false, &call.request.identity);
    let problems = arguments.finish();
    let outcome = match problems.is_empty() {
        true => ask(&call.request, &run_id),
        false => Err(model::refusal(problems)),
    };
    match outcome {
        Ok(()) => {
            opening.report(BTreeMap::new(), BTreeMap::from([("cancelled_run".to_owned(), json!(run_id))]))
        }
        Err(error) => opening.failed(error),
    }
}

fn ask(request: &Request, run_id: &str) -> Result<()> {
    let refuse = |code, message: String| {
        Error::new(
            Layer::Salt,
            Phase::Validation,
            code,
            message,
            "infrastructure.status shows what is locked now",
        )
    };
    let run = find(request, run_id)?
        .ok_or_else(|| refuse("no_such_run", format!("no run {run_id} in any environment of this pillar")))?;
    if run.join("ended.json").exists() {
        return Err(refuse("run_ended", format!("run {run_id} has ended")));
    }
    if !is_alive(&run)? {
        return Err(refuse("run_gone", format!("the process of run {run_id} is gone")));
    }
    replace(&run.join("cancel"), b"")
}

/// The runs of this environment that are under way on this host.
pub fn running(layout: &Layout) -> Result<Vec<String>> {
    let mut running = Vec::new();
    for entry in std::fs::read_dir(layout.runs()).into_iter().flatten().flatten() {
        if !entry.path().join("ended.json").exists() && is_alive(&entry.path())? {
            running.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    running.sort_unstable();
    Ok(running)
}

fn is_alive(run: &Path) -> Result<bool> {
    let started: Value = read_json(&run.join("run.json"))?.unwrap_or_default();
    let pid = started["pid"].as_i64().and_then(|pid| rustix::process::Pid::from_raw(pid as i32));
    Ok(pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()))
}

/// The run's folder, searched below the root of every environment.
fn find(request: &Request, run_id: &str) -> Result<Option<PathBuf>> {
    let runs = layouts(request)?.into_iter().map(|(_, layout)| layout.run(run_id));
    Ok(runs.into_iter().find(|run| run.join("run.json").exists()))
}

/// The environment that a kept plan is of.
pub fn environment_of(request: &Request, plan_id: &str) -> Option<Name> {
    let layouts = layouts(request).unwrap_or_default();
    let found = layouts.into_iter().find(|(_, layout)| layout.plan(plan_id).join("plan.json").exists());
    found.map(|(environment, _)| environment)
}

/// Every environment of the pillar, with its folders.
fn layouts(request: &Request) -> Result<Vec<(Name, Layout)>> {
    let environments = request.infrastructure["environments"].as_object();
    let names = environments.into_iter().flatten().filter_map(|(name, _)| Name::new(name).ok());
    names
        .map(|name| {
            let (draft, problems) =
                model::read(&request.infrastructure, name.as_str(), &Overrides::default());
            let draft = draft.ok_or_else(|| model::refusal(problems))?;
            Ok((name.clone(), Layout::new(&draft.settings.root, &name)))
        })
        .collect()
}
