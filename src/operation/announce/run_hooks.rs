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

/// What came of the hooks, one sentence each.
#[derive(Default)]
pub struct HooksRun {
    pub failures: Vec<String>,
    /// What could not be given back to Vault.
    pub left_behind: Vec<String>,
}

impl RunHooks {
    pub fn of(settings: &Settings) -> Self {
        Self(settings.clone())
    }

    /// Runs those that are for this moment. They have their own requests to stop: those that have ended the run itself
    /// do not end its hooks.
    pub fn run(&self, call: &Call<'_>, environment: &Name, news: &News) -> HooksRun {
        let due: Vec<_> = self.0.run_hooks.iter().filter(|hook| hook.when.contains(&news.moment)).collect();
        if due.is_empty() {
            return HooksRun::default();
        }
        let mut builder =
            ReportBuilder::new(&news.operation, environment.as_str(), false, &call.request.identity);
        builder.run_id.clone_from(&news.run_id);
        let (settings, known) = (&self.0, builder.secrets.clone());
        let told = driver::after_run(call, &builder, environment, async move |channel, cancel| {
            all(settings, &due, environment, news, &known, channel, &cancel).await
        });
        told.unwrap_or_else(|error| HooksRun {
            failures: vec![format!("the hooks of the run were not run: {}", error.message)],
            left_behind: Vec::new(),
        })
    }
}

async fn all(
    settings: &Settings,
    due: &[&RunHook],
    environment: &Name,
    news: &News,
    known: &Redactor,
    channel: HostChannel,
    cancel: &Cancel,
) -> HooksRun {
    let secrets = std::rc::Rc::new(CallSecrets::new(settings.vault.clone(), channel));
    let reader = secrets.reading();
    let one = async |hook: &&RunHook| {
        let telling = Telling { settings, environment, news, reader: &reader, known };
        let limit = SPARE
            + match &hook.action {
                RunHookAction::Webhook(webhook) => webhook.timeout,
                RunHookAction::ConsulKv { .. } => settings.consul.retry_for,
                RunHookAction::Prometheus(_) => Duration::ZERO,
            };
        let done = tokio::select! {
            done = telling.tell(&hook.action) => done,
            () = tokio::time::sleep(limit) => Err(format!("it did not end within {}", humantime::format_duration(limit))),
            _ = cancel.cancelled() => Err("it was stopped on request before it ended".to_owned()),
        };
        let failure = done.err().map(|why| known.text(&why))?;
        let failure = format!("{} ({}) failed: {failure}", hook.path, hook.kind());
        tracing::warn!("{failure}");
        Some(failure)
    };
    let failures = join_all(due.iter().map(one)).await.into_iter().flatten().collect();
    HooksRun { failures, left_behind: secrets.close().await }
}

struct Telling<'a> {
    settings: &'a Settings,
    environment: &'a Name,
    news: &'a News,
    reader: &'a SecretReader,
    known: &'a Redactor,
}

impl Telling<'_> {
    async fn tell(&self, action: &RunHookAction) -> Result<(), String> {
        match action {
            RunHookAction::ConsulKv { prefix } => self.consul_kv(prefix).await,
            RunHookAction::Prometheus(metrics) => self.prometheus(metrics),
            RunHookAction::Webhook(webhook) => self.webhook(webhook).await,
        }
    }

    async fn consul_kv(&self, prefix: &str) -> Result<(), String> {
        let token = servers::consul_token(self.settings, self.reader).await.map_err(|error| error.message)?;
        token.iter().for_each(|token| self.hide(token));
        let consul = Publisher::open(&self.settings.consul, token)?;
        let key = format!("{prefix}/{}/last_run", self.environment);
        consul.put(&key, self.facts(json!({ "at": crate::clock::now() })).to_string().into_bytes()).await
    }

    fn prometheus(&self, metrics: &RunMetrics) -> Result<(), String> {
        let data = &self.news.data;
        let ours = [("environment", self.environment.as_str()), ("operation", self.news.operation.as_str())];
        let own = metrics.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let counts = data.get("counts").and_then(Value::as_object).into_iter().flatten();
        let counts: BTreeMap<_, _> =
            counts.filter_map(|(status, count)| Some((status.as_str(), count.as_u64()?))).collect();
        let numbers = RunNumbers {
            labels: ours.into_iter().chain(own).collect(),
            ended: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            is_success: self.news.moment == RunMoment::Finished,
            duration: data.get("duration").and_then(Value::as_f64),
            components: counts,
        };
        hooks::write_metrics(&placed(&metrics.file, self.environment, None), &numbers)
    }

    async fn webhook(&self, hook: &Webhook) -> Result<(), String> {
        let target = webhook::target(hook, self.reader).await.map_err(|error| error.message)?;
        webhook::secrets(hook, &target).into_iter().for_each(|(_, secret)| self.hide(secret));
        let mut own = Value::Object(hook.body.clone());
        self.known.value(&mut own);
        let body = hooks::body(hook.format, own, || self.facts(json!({})), &self.news.message);
        hooks::post(hook, &target, &body).await
    }

    /// All that is known of this moment. The components are named where the run has ended.
    fn facts(&self, more: Value) -> Value {
        let mut facts = Value::Object(self.news.data.clone());
        facts["moment"] = self.news.moment.word().into();
        if !self.news.components.is_empty() {
            facts["components"] = Value::Object(self.news.components.clone());
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            facts[key] = value.clone();
        }
        facts
    }

    fn hide(&self, secret: &SecretString) {
        self.known.add([&secret.expose_secret().into()]);
    }
}
