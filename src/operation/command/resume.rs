//! Resumes an interrupted run.

use std::collections::{BTreeMap, BTreeSet};

use crate::command_line::command;
use crate::decide::EnvironmentRequirement;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::journal::{
    CallOptions, CallValues, CompletedComponent, NotResumable, ROTATE, RunHistory, RunStart,
};
use crate::model::{self, Name, Overrides, PillarPath, Problem, listed};
use crate::operation::blueprint::draft;
use crate::operation::intent::{Destruction, Intent, Mode, Options, What};
use crate::operation::query::find_run;
use crate::operation::query::work_left::{self, Goal, UnfinishedWork, WhyNothing, WorkLeft};
use crate::operation::request::arguments::Arguments;
use crate::operation::request::call::{CallPlace, Request};
use crate::operation::run::run_request::{ResumedRun, RunRequest};
use crate::operation::store::last_run::LastRun;
use crate::operation::store::run_log::LoggedRun;
use crate::operation::store::{last_run, run_values};
use crate::words::{Words, words};

/// The remaining work of a run; by default, of the environment's newest run that has work left.
pub fn resume(request: &Request) -> Result<RunRequest> {
    let mut arguments = Arguments::new(request);
    let run_id = arguments.maybe_run_id("run_id");
    let overrides = arguments.overrides();
    let (run, left, in_the_call) = match run_id {
        Some(run_id) => {
            let found = find(request, &run_id);
            arguments.environment_of(&run_id, found.as_ref().ok().map(|run| &run.environment));
            arguments.check()?;
            (found?, None, true)
        }
        None => {
            let meant = arguments.meant(EnvironmentRequirement::Named, None);
            arguments.check()?;
            let in_the_call = meant.as_ref().is_some_and(|meant| meant.in_the_call);
            let environment = meant.map_or_else(Arguments::placeholder, |meant| meant.environment);
            let (run, left) = newest(request, &environment)?;
            (run, left, in_the_call)
        }
    };
    run.refuse(&request.identity.place)?;
    if let Some(later) = left.as_ref().and_then(|left| left.overtaken_by.as_ref()) {
        return Err(overtaken(&run, later));
    }
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
    let intent = Intent {
        what,
        mode: Mode::Apply,
        options: Options { migrate_backend, upgrade, ..Options::default() },
    };
    Ok(RunRequest {
        components: Some(left.as_ref().map_or(&began.components, |left| &left.components).clone()),
        overrides,
        meanings: left.iter().map(|left| continues(&run, left)).chain(of_rotation(&run)).collect(),
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
    why_not: Option<NotResumable>,
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
            why_not: run.history.why_not_resumable(),
            began: *run.history.began,
            run_id: run.run_id,
            environment: run.environment,
            elsewhere: false,
        })
    }

    /// Its locks show whether it is still in progress.
    fn elsewhere(environment: &Name, LastRun { began, complete }: LastRun) -> Self {
        let (run_id, environment) = (began.who.run_id.clone(), environment.clone());
        let history = RunHistory::of(began);
        let (alive, why_not) = (false, history.why_not_resumable());
        let began = *history.began;
        Self { run_id, environment, began, complete, alive, why_not, done: BTreeMap::new(), elsewhere: true }
    }

    fn refuse(&self, place: &CallPlace) -> Result<()> {
        let Self { run_id, began, .. } = self;
        if !began.changes_things() {
            return Err(refusal(Code::RunComplete, format!("run {run_id} was a test and changed nothing")));
        }
        let operation = began.who.operation.as_str();
        if began.is_state_edit() {
            let message = format!("run {run_id} was a single call: call {operation} again");
            return Err(refusal(Code::RunComplete, message));
        }
        if self.why_not == Some(NotResumable::CallAgain) {
            let message = format!("run {run_id} was a {operation}; it cannot be resumed");
            return Err(not_resumable(message, "check the resources, then call it again"));
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
        if let Some(NotResumable::PlanAgain(names)) = &self.why_not {
            return Err(spent(&self.environment, run_id, names, place));
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

/// The newest run with work left, and this work, if this host has its journal.
fn newest(request: &Request, environment: &Name) -> Result<(InterruptedRun, Option<UnfinishedWork>)> {
    match work_left::find(&draft(request, environment)?)? {
        WorkLeft::Here(run, left) => Ok((InterruptedRun::here(request, *run)?, Some(left))),
        WorkLeft::Elsewhere(last) => Ok((InterruptedRun::elsewhere(environment, *last), None)),
        WorkLeft::Nothing(WhyNothing { spent: Some((run_id, names)), .. }) => {
            Err(spent(environment, &run_id, &names, &request.identity.place))
        }
        WorkLeft::Nothing(why) => Err(nothing(environment, why)),
    }
}

fn nothing(environment: &Name, why: WhyNothing) -> Error {
    let WhyNothing { newest, done_since, .. } = why;
    let Some(newest) = newest else {
        let message = format!("none of the kept runs has changed anything in {environment}");
        return refusal(Code::NoSuchRun, message);
    };
    let why = match done_since {
        Some((run, Some((by, goal)))) => {
            let since = match goal {
                Goal::Up => "has done the rest",
                Goal::Down => "has destroyed what was left of it",
                Goal::Back => "has rolled back what was left of it",
            };
            format!("run {run} did not complete, and run {by} {since} since")
        }
        Some((run, None)) => format!("run {run} did not complete, and nothing of it is left to do"),
        None => format!("the last run that changed something, {newest}, completed"),
    };
    refusal(Code::RunComplete, format!("there is nothing to resume in {environment}: {why}"))
}

/// It applied saved plans, and what is left of it needs new ones.
fn spent(environment: &Name, run_id: &str, names: &BTreeSet<Name>, place: &CallPlace) -> Error {
    let of = listed(names.iter().map(Name::as_str));
    let message = format!(
        "run {run_id} applied saved plans, and those of {of} were used or cannot be applied any more"
    );
    not_resumable(message, words!["plan again: ", place.plan_command(environment, names)])
}

/// What a call without a run continues.
fn continues(run: &InterruptedRun, left: &UnfinishedWork) -> String {
    let names: Vec<_> = left.left.iter().map(Name::as_str).collect();
    format!("continues run {} ({}): {}", run.run_id, run.began.who.operation, names.join(", "))
}

/// A rotation is in Vault, and any run brings it to its end. A second one would need another new value.
fn of_rotation(run: &InterruptedRun) -> Option<String> {
    let is_one = run.began.who.operation == ROTATE;
    is_one.then(|| "a rotation that has begun is brought to its end; no new one is begun".to_owned())
}

/// A later run wanted something else, so the call must name the run.
fn overtaken(run: &InterruptedRun, later: &str) -> Error {
    let InterruptedRun { run_id, environment, .. } = run;
    let message = format!(
        "run {run_id} has work left, but run {later} had another goal for its components since: it deployed, \
         destroyed or rolled back what the other one did not"
    );
    let remedy = words!["to continue it anyway: ", command("resume").of(environment).with("run_id", run_id)];
    not_resumable(message, remedy)
}

/// A destroy must be named by its id: the default does not continue it.
fn unnamed(run: &InterruptedRun) -> Error {
    let InterruptedRun { run_id, environment, .. } = run;
    let message = words![
        format!("run {run_id} destroys {environment}, so the call must name the environment or the run: "),
        command("resume").of(environment)
    ];
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
        words![command("history").here(), " shows the runs of an environment"],
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
