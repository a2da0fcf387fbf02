//! Resumes an interrupted run.

use std::collections::BTreeMap;

use super::state_edit;
use crate::decide::EnvironmentRequirement;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::journal::{CallOptions, CallValues, CompletedComponent, RunStart};
use crate::model::{self, Name, Overrides, PillarPath, Problem};
use crate::operation::blueprint::draft;
use crate::operation::intent::{Destruction, Intent, Mode, Options, What};
use crate::operation::query::find_run;
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::Request;
use crate::operation::run::rollback;
use crate::operation::run::run_request::{ResumedRun, RunRequest};
use crate::operation::store::last_run::LastRun;
use crate::operation::store::run_log::LoggedRun;
use crate::operation::store::{last_run, run_log, run_values};
use crate::words::Words;

/// The remaining work of a run; by default, of the environment's last run that changed resources.
pub fn resume(request: &Request) -> Result<RunRequest> {
    let mut arguments = Arguments::new(request);
    let run_id = arguments.maybe_run_id("run_id");
    let overrides = arguments.overrides();
    let (run, in_the_call) = match run_id {
        Some(run_id) => {
            let found = find(request, &run_id);
            arguments.environment_of(&run_id, found.as_ref().ok().map(|run| &run.environment));
            arguments.check()?;
            (found?, true)
        }
        None => {
            let meant = arguments.meant(EnvironmentRequirement::Named, None);
            arguments.check()?;
            let in_the_call = meant.as_ref().is_some_and(|meant| meant.in_the_call);
            let environment = meant.map_or_else(Arguments::placeholder, |meant| meant.environment);
            (last(request, &environment)?, in_the_call)
        }
    };
    run.refuse()?;
    if run.began.destroys() && !in_the_call {
        return Err(unnamed(&run));
    }
    let overrides = run.with_given(request, overrides)?;
    let began = &run.began;
    let what = match &began.plan_id {
        Some(plan_id) => What::SavedPlan { plan_id: plan_id.clone(), destroys: began.destroys() },
        None if began.destroys() => What::Destroy(Destruction::confirmed(began.preserves_data())),
        None => What::Configuration,
    };
    let CallOptions { migrate_backend, upgrade, .. } = began.options;
    let intent =
        Intent { what, mode: Mode::Apply, options: Options { migrate_backend, upgrade, retry: false } };
    Ok(RunRequest {
        components: Some(began.components.clone()),
        overrides,
        resumes: Some(ResumedRun { done: run.done, run_id: run.run_id }),
        ..RunRequest::new("resume", run.environment.clone(), intent)
    })
}

/// An interrupted run, of this host or of another host that shares the locks.
struct InterruptedRun {
    run_id: String,
    environment: Name,
    began: RunStart,
    complete: bool,
    alive: bool,
    /// The components that are known to be done. For a run of another host, all are planned again and found done.
    done: BTreeMap<Name, CompletedComponent>,
    elsewhere: bool,
}

impl InterruptedRun {
    fn here(request: &Request, run: LoggedRun) -> Result<Self> {
        Ok(Self {
            done: done(request, &run)?,
            complete: run.history.is_complete(),
            alive: run.history.is_alive(),
            began: *run.history.began,
            run_id: run.run_id,
            environment: run.environment,
            elsewhere: false,
        })
    }

    /// Its locks show whether it is still in progress.
    fn elsewhere(environment: &Name, LastRun { began, complete }: LastRun) -> Self {
        let (run_id, environment) = (began.who.run_id.clone(), environment.clone());
        Self { run_id, environment, began, complete, alive: false, done: BTreeMap::new(), elsewhere: true }
    }

    fn refuse(&self) -> Result<()> {
        let Self { run_id, began, .. } = self;
        if !began.changes_things() {
            return Err(refusal(Code::RunComplete, format!("run {run_id} was a test and changed nothing")));
        }
        let operation = began.who.operation.as_str();
        if began.is_about_drift() || operation == rollback::OPERATION {
            let message = format!("run {run_id} was a {operation}; it cannot be resumed");
            return Err(not_resumable(message, "check the resources, then call it again"));
        }
        if state_edit::OPERATIONS.contains(&operation) {
            let message = format!("run {run_id} was a single call: call {operation} again");
            return Err(refusal(Code::RunComplete, message));
        }
        if self.complete {
            return Err(refusal(
                Code::RunComplete,
                format!("run {run_id} already completed; there is nothing to resume"),
            ));
        }
        if self.alive {
            let message = format!("run {run_id} is still running: {}", began.who);
            return Err(refusal(Code::RunAlive, message));
        }
        match &began.plan_id {
            Some(plan_id) if self.elsewhere => {
                let host = &began.who.host;
                let message = format!("run {run_id} applies plan {plan_id}, which is stored on {host}");
                Err(not_resumable(message, "resume it there, or make a new plan here"))
            }
            _ => Ok(()),
        }
    }

    /// What this call gives, and below it what the call of the run gave.
    fn with_given(&self, request: &Request, call: Overrides) -> Result<Overrides> {
        let CallOptions { parallelism, on_failure, values, .. } = &self.began.options;
        let call = Overrides {
            parallelism: call.parallelism.or_else(|| parallelism.clone()),
            on_failure: call.on_failure.or_else(|| on_failure.clone()),
            ..call
        };
        let host = &self.began.who.host;
        match values {
            CallValues::None => Ok(call),
            CallValues::NotStored => {
                Err(self.without_values("the value of an ephemeral variable is stored nowhere"))
            }
            CallValues::Sealed if self.elsewhere => {
                Err(self.without_values(&format!("they are stored on {host}")))
            }
            CallValues::Sealed => {
                let layout = find_run::layout(&draft(request, &self.environment)?)?;
                let lost = "their file is gone, or the environment's key has changed";
                run_values::with_values(&layout, &self.run_id, call)?.ok_or_else(|| self.without_values(lost))
            }
        }
    }

    fn without_values(&self, why: &str) -> Error {
        let message = format!("the call of run {} gave values, and {why}", self.run_id);
        let again = match self.began.who.operation.as_str() {
            "resume" => "make the first call again".to_owned(),
            operation => format!("call {operation} again"),
        };
        not_resumable(message, format!("{again}, with the same values"))
    }
}

/// A run by its id, in any environment of the pillar.
fn find(request: &Request, run_id: &str) -> Result<InterruptedRun> {
    let unknown = match find_run::find(request, run_id) {
        Ok(run) => return InterruptedRun::here(request, run),
        Err(error) => error,
    };
    for draft in find_run::drafts(request)? {
        match last_run::read(&draft.settings, &draft.environment)? {
            Some(last) if last.began.who.run_id == run_id => {
                return Ok(InterruptedRun::elsewhere(&draft.environment, last));
            }
            _ => {}
        }
    }
    Err(unknown)
}

/// The newest run of this host, or the one that the lock service knows, if that is newer.
fn last(request: &Request, environment: &Name) -> Result<InterruptedRun> {
    let draft = draft(request, environment)?;
    let layout = find_run::layout(&draft)?;
    // A run that cannot be read may be the right one.
    let changing = run_log::all(&layout, environment).map(|(_, run)| run).find(|run| {
        run.as_ref().map_or(true, |run| {
            let began = &run.history.began;
            began.changes_things() && !began.is_about_drift()
        })
    });
    let changing = changing.transpose()?;
    match (changing, last_run::read(&draft.settings, environment)?) {
        (Some(here), Some(last)) if here.run_id >= last.began.who.run_id => {
            InterruptedRun::here(request, here)
        }
        (_, Some(last)) => Ok(InterruptedRun::elsewhere(environment, last)),
        (Some(here), None) => InterruptedRun::here(request, here),
        (None, None) => {
            Err(refusal(Code::NoSuchRun, format!("no run has changed anything in {environment} yet")))
        }
    }
}

/// A destroy must be named by its id: the default does not continue it.
fn unnamed(run: &InterruptedRun) -> Error {
    let InterruptedRun { run_id, environment, .. } = run;
    let message = format!(
        "run {run_id} destroys {environment}, so the call must name the environment or the run: \
         infrastructure.resume {environment}"
    );
    model::refusal(vec![Problem::new(&PillarPath::arguments().child("environment"), message)])
}

fn not_resumable(message: String, remedy: impl Into<Words>) -> Error {
    Error::new(Layer::Salt, Phase::Validation, Code::NotResumable, message, remedy)
}

fn refusal(code: Code, message: String) -> Error {
    Error::new(
        Layer::Salt,
        Phase::Validation,
        code,
        message,
        "infrastructure.history shows the runs of an environment",
    )
}

/// The components that it completed, and those of the run that it resumed.
fn done(request: &Request, run: &LoggedRun) -> Result<BTreeMap<Name, CompletedComponent>> {
    let mut done = match &run.history.began.resumes {
        Some(before) => match find_run::find(request, before) {
            Ok(before) => self::done(request, &before)?,
            // That run was too old and was removed: its components are planned again.
            Err(_) => BTreeMap::new(),
        },
        None => BTreeMap::new(),
    };
    done.retain(|name, _| !run.history.ended.contains_key(name));
    done.extend(run.history.done());
    Ok(done)
}
