//! Runs the hooks of a run: all at the same time, each within a limit, and none of them changes the result.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::news::News;
use super::webhook;
use crate::change::Redactor;
use crate::hooks::{self, Publisher, RunNumbers};
use crate::model::{Name, RunHook, RunHookAction, RunMetrics, RunMoment, Settings, Webhook, placed};
use crate::operation::exec::servers;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::session::channel::HostChannel;
use crate::operation::session::driver;
use crate::operation::session::secrets::{CallSecrets, SecretReader};
use crate::process::Cancel;

/// What a hook may take in addition to its own limit, for example to read secrets.
const SPARE: Duration = Duration::from_secs(10);

/// The hooks of the runs of one environment, and what they need.
pub struct RunHooks(Settings);

/// A hook that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct HookFailure {
    /// Its place in the pillar, and its kind.
    hook: String,
    moment: &'static str,
    why: String,
}

impl HookFailure {
    /// One sentence for each hook. One that failed in the same way at several moments is named once.
    pub fn sentences(failures: &[Self]) -> Vec<String> {
        let mut said: Vec<(&Self, Vec<&str>)> = Vec::new();
        for failure in failures {
            let is_same =
                |(other, _): &&mut (&Self, _)| (&other.hook, &other.why) == (&failure.hook, &failure.why);
            match said.iter_mut().find(is_same) {
                Some((_, moments)) if moments.contains(&failure.moment) => {}
                Some((_, moments)) => moments.push(failure.moment),
                None => said.push((failure, vec![failure.moment])),
            }
        }
        let sentence = |(Self { hook, why, .. }, moments): (&Self, Vec<&str>)| {
            format!("{hook} failed {}: {why}", moments.join(" and "))
        };
        said.into_iter().map(sentence).collect()
    }
}

/// What came of the hooks, one sentence each.
#[derive(Default)]
pub struct HooksRun {
    pub failures: Vec<HookFailure>,
    /// What could not be given back to Vault.
    pub left_behind: Vec<String>,
}

impl RunHooks {
    pub fn of(settings: &Settings) -> Self {
        Self(settings.clone())
    }

    /// Runs those that are for these moments, all within one limit. They have their own requests to stop: those that
    /// have ended the run itself do not end its hooks. `news` is in the order of time.
    pub fn run(&self, call: &Call<'_>, environment: &Name, news: &[News]) -> HooksRun {
        let due = self.0.run_hooks.iter().filter_map(|hook| {
            let news: Vec<_> = news.iter().filter(|news| hook.when.contains(&news.moment)).collect();
            (!news.is_empty()).then_some((hook, news))
        });
        let due: Vec<_> = due.collect();
        let (Some(last), false) = (news.last(), due.is_empty()) else { return HooksRun::default() };
        let mut builder =
            ReportBuilder::new(&last.operation, environment.as_str(), false, &call.request.identity);
        builder.run_id.clone_from(&last.run_id);
        let (settings, known) = (&self.0, builder.secrets.clone());
        let told = driver::after_run(call, &builder, environment, async move |channel, cancel| {
            all(settings, &due, environment, &known, channel, &cancel).await
        });
        told.unwrap_or_else(|error| HooksRun {
            failures: vec![HookFailure {
                hook: "every hook".to_owned(),
                moment: moment(news.iter()),
                why: error.message.to_string(),
            }],
            left_behind: Vec::new(),
        })
    }
}

async fn all(
    settings: &Settings,
    due: &[(&RunHook, Vec<&News>)],
    environment: &Name,
    known: &Redactor,
    channel: HostChannel,
    cancel: &Cancel,
) -> HooksRun {
    let longest = due.iter().map(|(hook, _)| limit(settings, hook)).max().unwrap_or_default();
    let secrets = std::rc::Rc::new(CallSecrets::within(longest, settings.vault.clone(), channel));
    let reader = secrets.reading();
    let one = async |(hook, news): &(&RunHook, Vec<&News>)| {
        let telling = Telling { settings, environment, reader: &reader, known };
        let limit = limit(settings, hook);
        let done = tokio::select! {
            done = telling.tell(&hook.action, news) => done,
            () = tokio::time::sleep(limit) => Err(format!("it did not end within {}", humantime::format_duration(limit))),
            _ = cancel.cancelled() => Err("it was stopped on request before it ended".to_owned()),
        };
        let why = done.err().map(|why| known.text(&why))?;
        let failure = HookFailure {
            hook: format!("{} ({})", hook.path, hook.kind()),
            moment: moment(news.iter().copied()),
            why,
        };
        // The report says it too.
        tracing::warn!(
            repeated = true,
            "{}",
            HookFailure::sentences(std::slice::from_ref(&failure)).concat()
        );
        Some(failure)
    };
    let failures = join_all(due.iter().map(one)).await.into_iter().flatten().collect();
    HooksRun { failures, left_behind: secrets.close().await }
}

fn limit(settings: &Settings, hook: &RunHook) -> Duration {
    SPARE
        + match &hook.action {
            RunHookAction::Webhook(webhook) => webhook.timeout,
            RunHookAction::ConsulKv { .. } => settings.consul.retry_for.min(RunHook::LONGEST),
            RunHookAction::Prometheus(_) => Duration::ZERO,
        }
}

/// Follows "the hook failed". `news`: what one hook tells, or all hooks.
fn moment<'a>(mut news: impl Iterator<Item = &'a News>) -> &'static str {
    match news.next() {
        Some(first) if first.is_about_a_killed_run() => "for a run that was killed",
        Some(first) if first.moment == RunMoment::Started => "at the start of the run",
        _ => "at the end of the run",
    }
}

struct Telling<'a> {
    settings: &'a Settings,
    environment: &'a Name,
    reader: &'a SecretReader,
    known: &'a Redactor,
}

impl Telling<'_> {
    /// A key and a file have only the latest news.
    async fn tell(&self, action: &RunHookAction, news: &[&News]) -> Result<(), String> {
        let Some(last) = news.last() else { return Ok(()) };
        match action {
            RunHookAction::ConsulKv { prefix } => self.consul_kv(prefix, last).await,
            RunHookAction::Prometheus(metrics) => self.prometheus(metrics, last),
            RunHookAction::Webhook(webhook) => self.webhook(webhook, news).await,
        }
    }

    async fn consul_kv(&self, prefix: &str, news: &News) -> Result<(), String> {
        let token = servers::consul_token(self.settings, self.reader).await.map_err(|error| error.message)?;
        token.iter().for_each(|token| self.hide(token));
        let consul = Publisher::open(&self.settings.consul, token)?;
        let key = format!("{prefix}/{}/last_run", self.environment);
        consul.put(&key, facts(news, json!({ "at": crate::clock::now() })).to_string().into_bytes()).await
    }

    fn prometheus(&self, metrics: &RunMetrics, news: &News) -> Result<(), String> {
        let data = &news.data;
        let ours = [("environment", self.environment.as_str()), ("operation", news.operation.as_str())];
        let own = metrics.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let counts = data.get("counts").and_then(Value::as_object).into_iter().flatten();
        let counts: BTreeMap<_, _> =
            counts.filter_map(|(status, count)| Some((status.as_str(), count.as_u64()?))).collect();
        let numbers = RunNumbers {
            labels: ours.into_iter().chain(own).collect(),
            ended: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            is_success: news.moment == RunMoment::Finished,
            duration: data.get("duration").and_then(Value::as_f64),
            components: counts,
        };
        hooks::write_metrics(&placed(&metrics.file, self.environment, None), &numbers)
    }

    /// All requests are sent at the same time.
    async fn webhook(&self, hook: &Webhook, news: &[&News]) -> Result<(), String> {
        let target = webhook::target(hook, self.reader).await.map_err(|error| error.message)?;
        webhook::secrets(hook, &target).into_iter().for_each(|(_, secret)| self.hide(secret));
        let mut own = Value::Object(hook.body.clone());
        self.known.value(&mut own);
        let bodies: Vec<_> = news
            .iter()
            .map(|news| hooks::body(hook.format, own.clone(), || facts(news, json!({})), &news.message))
            .collect();
        join_all(bodies.iter().map(|body| hooks::post(hook, &target, body))).await.into_iter().collect()
    }

    fn hide(&self, secret: &SecretString) {
        self.known.add([&secret.expose_secret().into()]);
    }
}

/// All that is known of this moment. The components are named where the run has ended.
fn facts(news: &News, more: Value) -> Value {
    let mut facts = Value::Object(news.data.clone());
    facts["moment"] = news.moment.word().into();
    if !news.components.is_empty() {
        facts["components"] = Value::Object(news.components.clone());
    }
    for (key, value) in more.as_object().into_iter().flatten() {
        facts[key] = value.clone();
    }
    facts
}
