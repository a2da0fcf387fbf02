//! Goes on with a run that stopped before all was done.

use std::collections::BTreeMap;

use super::Request;
use super::arguments::Arguments;
use super::environment::{Resumed, Wanted, Wish};
use super::prepare::draft;
use super::remediate;
use super::rollback;
use super::runs::{self, Run};
use super::surgery;
use crate::error::{Error, Layer, Phase, Result};
use crate::journal::{self, Done};
use crate::model::Name;
use crate::workdir::Layout;

/// What the run still wants; by default the environment's last one that changed things.
pub fn resume(request: &Request) -> Result<Wanted> {
    let mut arguments = Arguments::new(request);
    let run_id = arguments.maybe_run_id("run_id");
    let environment = arguments.environment();
    let overrides = arguments.overrides();
    arguments.check()?;
    let run = match run_id {
        Some(run_id) => runs::find(request, &run_id)?,
        None => last(request, &environment)?,
    };
    refuse(&run)?;
    let began = &run.story.began;
    let wish = match (&began.plan_id, began.wish) {
        (Some(plan_id), _) => Wish::ApplyKept(plan_id.clone()),
        (None, journal::Wish::Destroy) => Wish::Destroy,
        (None, _) => Wish::Apply,
    };
    Ok(Wanted {
        operation: "resume",
        test: false,
        components: Some(began.components.clone()),
        include_dependencies: false,
        overrides,
        wish,
        migrate_backend: false,
        environment: run.environment.clone(),
        resumes: Some(Resumed { done: done(request, &run)?, run_id: run.run_id }),
        problems: Vec::new(),
    })
}

fn last(request: &Request, environment: &Name) -> Result<Run> {
    let draft = draft(request, environment)?;
    let layout = Layout::new(&draft.settings.root, environment);
    let changing = runs::all(&layout, environment)?.into_iter().find(|run| {
        let began = &run.story.began;
        began.wish != journal::Wish::Look && began.who.operation != remediate::OPERATION
    });
    changing.ok_or_else(|| refusal("no_such_run", format!("no run ever changed anything in {environment}")))
}

fn refuse(run: &Run) -> Result<()> {
    let Run { run_id, story, .. } = run;
    if story.began.wish == journal::Wish::Look {
        return Err(refusal("run_complete", format!("run {run_id} was to change nothing")));
    }
    let operation = story.began.who.operation.as_str();
    if operation == remediate::OPERATION || operation == rollback::OPERATION {
        // What it was to take back may be another thing by now.
        let message = format!("run {run_id} was a {operation}, which is not gone on with");
        let remedy = "look at what is there, and ask for it again";
        return Err(Error::new(Layer::Salt, Phase::Validation, "not_resumable", message, remedy));
    }
    if surgery::OPERATIONS.contains(&operation) {
        let message = format!("run {run_id} was one step by hand: call {operation} again");
        return Err(refusal("run_complete", message));
    }
    if story.is_complete() {
        return Err(refusal("run_complete", format!("run {run_id} did all that it was to do")));
    }
    if story.is_alive() {
        let message = format!("run {run_id} is still under way: {}", story.began.who);
        return Err(refusal("run_alive", message));
    }
    Ok(())
}

fn refusal(code: &'static str, message: String) -> Error {
    Error::new(
        Layer::Salt,
        Phase::Validation,
        code,
        message,
        "infrastructure.history shows the runs of an environment",
    )
}

/// What it did, and before it the run that it went on with.
fn done(request: &Request, run: &Run) -> Result<BTreeMap<Name, Done>> {
    let mut done = match &run.story.began.resumes {
        Some(before) => match runs::find(request, before) {
            Ok(before) => self::done(request, &before)?,
            // It was too old to be kept: its components are planned again.
            Err(_) => BTreeMap::new(),
        },
        None => BTreeMap::new(),
    };
    done.retain(|name, _| !run.story.ended.contains_key(name));
    done.extend(run.story.done());
    Ok(done)
}
