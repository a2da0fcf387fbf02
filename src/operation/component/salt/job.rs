//! A Salt job: starts it, and polls until every minion has answered or is known not to answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::decide::step::{self, MinionAnswer, StepCall};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::{MinionReturn, SaltJob, StartedJob};
use crate::model::{MinionTarget, SaltCall, SaltStep};
use crate::operation::exec::context::Context;
use crate::operation::session::ledger::Ledger;
use crate::report::{SaltRun, Status};
use crate::view::progress::Stage;
use crate::words::{Words, words};

/// Time between two polls for answers.
const POLL: Duration = Duration::from_millis(250);
/// Time after which Salt is asked whether the job still runs, and the time limit of that question. Salt's defaults.
const QUIET: Duration = Duration::from_secs(5);
const PRESENCE: Duration = Duration::from_secs(10);
/// After this many polls in a row without an answer or a running job, the minion is no longer waited for.
const STRIKES: u32 = 2;

/// The requested job and its result; `status` is the worst of all minions.
pub struct StepResult {
    pub status: Status,
    pub run: SaltRun,
}

/// The calls of one step on its minions.
struct StepJobs<'a> {
    context: &'a Context<'a>,
    step: &'a SaltStep,
    asked: StepCall,
    keywords: Map<String, Value>,
    jids: Vec<String>,
}

/// Runs the states or the function. `given` becomes pillar for the states, or keyword arguments of the function.
pub(in crate::operation::component) async fn run(
    context: &Context<'_>,
    step: &SaltStep,
    given: &BTreeMap<String, Value>,
    test: bool,
) -> Result<StepResult> {
    let call = StepCall { states: step.what.is_states(), test };
    let keywords = keywords(&step.what, given, call);
    let mut jobs = StepJobs { context, step, asked: call, keywords, jids: Vec::new() };
    let answers = match step.batch {
        None => jobs.all_at_once(&step.target).await?,
        Some(batch) => jobs.in_batches(|all| batch.of(all)).await?,
    };
    let minions = answers.iter().map(|(minion, answer)| (minion.clone(), step::read(call, answer))).collect();
    let run = SaltRun {
        jids: jobs.jids,
        function: step.what.function().to_owned(),
        target: step.target.pattern.clone(),
        minions,
    };
    Ok(StepResult { status: step::whole(&run.minions), run })
}

/// The answers of minions may contain values that other components got.
pub(in crate::operation::component) fn secrets(ledger: &Ledger) -> Vec<Value> {
    let produced = ledger.produced.borrow();
    let outputs = produced.values().flat_map(|one| one.outputs.values());
    outputs.filter(|output| output.sensitive).map(|output| output.value.clone()).collect()
}

pub(in crate::operation::component) fn failure(step: &SaltStep, run: &SaltRun) -> Error {
    let (message, remedy) = match run.minions.is_empty() {
        true => (
            format!("no minion matches {:?} ({})", step.target.pattern, step.target.kind),
            "correct salt:target, or accept the minion's key; without a master only the minion of this host \
             can be used",
        ),
        false => (
            step::sentence(&run.minions),
            "correct the states or the minion, then run again; changes on minions stay",
        ),
    };
    Error::new(Layer::Salt, Phase::Application, Code::SaltFailed, message, remedy)
}

fn keywords(what: &SaltCall, given: &BTreeMap<String, Value>, call: StepCall) -> Map<String, Value> {
    let over = |mut literals: Map<String, Value>| {
        literals.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        literals
    };
    let mut keywords = match what {
        SaltCall::States { pillar, .. } => match over(pillar.clone()) {
            none if none.is_empty() => Map::new(),
            pillar => Map::from_iter([("pillar".to_owned(), pillar.into())]),
        },
        SaltCall::Function { kwargs, .. } => over(kwargs.clone()),
    };
    if call.test {
        keywords.insert("test".to_owned(), true.into());
    }
    keywords
}

type Answers = BTreeMap<String, MinionAnswer>;

impl StepJobs<'_> {
    async fn in_batches(&mut self, size: impl Fn(usize) -> usize) -> Result<Answers> {
        let ping = self.start(SaltJob::ping(&self.step.target)).await?;
        let minions: Vec<_> = ping.minions.into_iter().collect();
        let mut answers = Answers::new();
        let mut failed = false;
        for batch in minions.chunks(size(minions.len())) {
            if failed {
                answers.extend(batch.iter().map(|minion| (minion.clone(), MinionAnswer::NotStarted)));
                continue;
            }
            let target = MinionTarget { kind: "list", pattern: batch.join(",") };
            let mut some = self.all_at_once(&target).await?;
            // Salt may not start the job on a minion of the batch. That minion still counts.
            for minion in batch {
                some.entry(minion.clone()).or_insert(MinionAnswer::Silent);
            }
            failed = some.values().any(|answer| step::read(self.asked, answer).status == Status::Failed);
            answers.extend(some);
        }
        Ok(answers)
    }

    async fn all_at_once(&mut self, target: &MinionTarget) -> Result<Answers> {
        let arguments = match &self.step.what {
            SaltCall::States { sls, .. } => vec![sls.join(",").into()],
            SaltCall::Function { args, .. } => args.clone(),
        };
        let job = SaltJob {
            target: target.pattern.clone(),
            target_type: target.kind.to_owned(),
            function: self.step.what.function().to_owned(),
            arguments,
            keywords: self.keywords.clone(),
        };
        let started = self.start(job).await?;
        self.jids.push(started.jid.clone());
        self.wait_for(&started).await
    }

    async fn wait_for(&self, started: &StartedJob) -> Result<Answers> {
        let deadline = Instant::now() + self.step.timeout;
        let mut strikes: BTreeMap<&String, u32> = BTreeMap::new();
        loop {
            let until = if started.local { deadline } else { deadline.min(Instant::now() + QUIET) };
            let returned = self.gather(started, until, true).await?;
            let open: Vec<&String> =
                started.minions.iter().filter(|minion| !returned.contains_key(*minion)).collect();
            let lost = |minion: &String| strikes.get(minion).is_some_and(|count| *count >= STRIKES);
            if open.iter().all(|minion| lost(minion)) {
                return Ok(Self::answers(started, returned, &MinionAnswer::Silent));
            }
            if Instant::now() >= deadline {
                self.context.session.call.channel.stop(&started.jid);
                return Ok(Self::answers(started, returned, &MinionAnswer::Late));
            }
            let alive = self.alive(started, &open).await?;
            for minion in open {
                match alive.contains(minion) {
                    true => drop(strikes.remove(minion)),
                    false => *strikes.entry(minion).or_default() += 1,
                }
            }
        }
    }

    fn answers(started: &StartedJob, mut returned: Returns, open: &MinionAnswer) -> Answers {
        let minions = started.minions.iter();
        let answer = |minion: &String| match returned.remove(minion) {
            Some(MinionReturn { value, retcode }) => {
                (minion.clone(), MinionAnswer::Returned { value, retcode })
            }
            None => (minion.clone(), open.clone()),
        };
        minions.map(answer).collect()
    }

    /// The minions on which the job still runs.
    async fn alive(&self, started: &StartedJob, open: &[&String]) -> Result<BTreeSet<String>> {
        let names = open.iter().map(|minion| minion.as_str()).collect::<Vec<_>>().join(",");
        let question = SaltJob {
            target: names,
            target_type: "list".to_owned(),
            function: "saltutil.find_job".to_owned(),
            arguments: vec![json!(started.jid)],
            keywords: Map::new(),
        };
        let asked = self.start(question).await?;
        let returned = self.gather(&asked, Instant::now() + PRESENCE, false).await?;
        let runs = |one: &MinionReturn| one.value.as_object().is_some_and(|map| !map.is_empty());
        Ok(returned.into_iter().filter(|(_, one)| runs(one)).map(|(minion, _)| minion).collect())
    }

    async fn start(&self, job: SaltJob) -> Result<StartedJob> {
        let function = job.function.clone();
        self.context.go_on(Phase::Application).await?;
        let started = self.context.session.call.channel.start(job).await;
        started.map_err(|reason| self.failed(format!("Salt could not start {function}: {reason}")))
    }

    /// Waits for all answers, or until the time limit. A stopped run also stops the job on the minions.
    async fn gather(&self, started: &StartedJob, until: Instant, tell: bool) -> Result<Returns> {
        let (session, jid) = (self.context.session, &started.jid);
        let mut told = None;
        loop {
            let returned = session.call.channel.poll(jid).await;
            let mut returned = returned.map_err(|reason| {
                self.failed(format!("Salt's answers to job {jid} cannot be read: {reason}"))
            })?;
            returned.retain(|minion, _| started.minions.contains(minion));
            let (done, total) = (returned.len() as u64, started.minions.len() as u64);
            if tell && told != Some(done) {
                told = Some(done);
                session.call.channel.stage(&self.context.component.name, self.stage(done, total));
            }
            if done == total || Instant::now() >= until {
                return Ok(returned);
            }
            tokio::select! {
                biased;
                error = self.stopped() => {
                    session.call.channel.stop(jid);
                    let job = format!(
                        "; job {jid} was asked to stop on its minions, but work that it had started may \
                         continue"
                    );
                    let message = words![&error.message, Words::own(job)];
                    return Err(Error { message, ..error });
                }
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn stopped(&self) -> Error {
        let lost = async {
            match self.context.lock {
                Some(lock) => lock.lost().await.during(Phase::Application),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.context.session.call.cancel.cancelled() => Error::new(
                Layer::Host,
                Phase::Application,
                Code::Cancelled,
                format!("stopped on request while waiting for {}", self.step.what.function()),
                "run again to continue",
            ),
            error = lost => error,
        }
    }

    fn stage(&self, done: u64, total: u64) -> Stage {
        match self.asked.test {
            true => Stage::Planning,
            false => Stage::Applying { done, total, address: self.step.what.function().to_owned() },
        }
    }

    fn failed(&self, message: String) -> Error {
        let remedy = "check that the Salt master runs and that its minions answer test.ping, then run again";
        Error::new(Layer::Salt, Phase::Application, Code::SaltFailed, message, remedy)
    }
}

type Returns = BTreeMap<String, MinionReturn>;
