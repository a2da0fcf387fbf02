//! Runs a component's hooks in their order, after its turn ended well and was recorded.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::salt::job;
use super::{shown_outputs, value_path};
use crate::clock;
use crate::consul::Registration;
use crate::decide::State;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::hooks::{self, Publisher};
use crate::model::{
    ConsulService, Hook, HookAction, HookFailure, Name, OwnOutput, PrometheusTargets, ValueOrOutput, Webhook,
    address, placed,
};
use crate::operation::announce::webhook;
use crate::operation::exec::context::Context;
use crate::operation::exec::servers;
use crate::operation::store::records;
use crate::report::{ComponentReport, Status};
use crate::view::announcement;
use crate::words::{Words, words};

/// The values of one component that a hook may use; none of them is secret.
struct HookContext<'a> {
    context: &'a Context<'a>,
    report: &'a ComponentReport,
    outputs: BTreeMap<String, Value>,
    /// The component was destroyed.
    gone: bool,
}

/// Runs them after a turn that changes resources. A failed hook is a note or fails the component.
/// `destroys`: the turn destroys the component.
pub(super) async fn after(
    context: &Context<'_>,
    destroys: bool,
    mut report: ComponentReport,
) -> ComponentReport {
    let component = context.component;
    let well = report.status.ended_well();
    // The resumed run has already run the hooks for its own changes.
    if component.hooks.is_empty() || !well || report.reason == Some(Code::DoneBefore) {
        return report;
    }
    let gone = destroys || report.status == Status::Destroyed;
    for hook in &component.hooks {
        let mut telling = HookContext { context, report: &report, outputs: outputs(context), gone };
        let Err(reason) = telling.run(hook).await else { continue };
        let reason = context.redactor.text(&reason);
        let message = words![Words::own(format!("{} ({}) failed: ", hook.path, hook.kind())), reason];
        tracing::warn!(repeated = true, "{}: {message}", component.name);
        match hook.on_failure {
            HookFailure::Warn => {
                report.notes.push(message);
                if report.status.is_as_asked() {
                    report.status = Status::AppliedWithWarnings;
                }
            }
            HookFailure::Fail => return failed(context, report, message).await,
        }
    }
    report
}

async fn failed(context: &Context<'_>, report: ComponentReport, message: Words) -> ComponentReport {
    let name = &context.component.name;
    let remedy = "the changes stay and are recorded. Repair the cause, then run again";
    let error = Error::new(Layer::Host, Phase::Verification, Code::HookFailed, message, remedy).of(name);
    let mut notes = report.notes.clone();
    if let Err(error) = record(context).await {
        notes.push(words!["its failure could not be recorded: ", &error]);
    }
    let ComponentReport { status, reason, error, .. } = ComponentReport::failed(error);
    ComponentReport { status, reason, error, notes, ..report }
}

async fn record(context: &Context<'_>) -> Result<()> {
    let Some(record) = context.session.records().read(context.component, context.paths).await? else {
        return Ok(());
    };
    records::write(
        context.lock,
        &context.component.name,
        context.paths,
        crate::record::Record { outcome: Status::Failed.word().to_owned(), ..record },
    )
    .await
}

fn outputs(context: &Context<'_>) -> BTreeMap<String, Value> {
    let produced =
        context.session.ledger.produced.borrow().get(&context.component.name).cloned().unwrap_or_default();
    shown_outputs::shown(&context.redactor, &State { outputs: produced.outputs, ..State::default() })
}

type HookResult = Result<(), String>;

impl HookContext<'_> {
    async fn run(&mut self, hook: &Hook) -> HookResult {
        if self.context.session.call.cancel.cause().is_some() {
            return Err("the run was stopped before it".to_owned());
        }
        match &hook.action {
            HookAction::ConsulKv { prefix } => self.consul_kv(prefix).await,
            HookAction::ConsulService(service) => self.consul_service(service).await,
            HookAction::Prometheus(prometheus) => self.prometheus(prometheus),
            HookAction::Webhook(webhook) => self.webhook(webhook).await,
            // The effect of a Salt hook is not reversed.
            HookAction::Salt(_) if self.gone => Ok(()),
            HookAction::Salt(step) => {
                self.context.redactor.add(&job::secrets(&self.context.session.ledger));
                let done = job::run(self.context, step, &BTreeMap::new(), false).await;
                let done = done.map_err(|error| error.message)?;
                match done.status {
                    Status::Failed => Err(job::failure(step, &done.run).message.into()),
                    _ => Ok(()),
                }
            }
        }
    }

    async fn consul_kv(&mut self, prefix: &str) -> HookResult {
        let consul = self.consul().await?;
        let session = self.context.session;
        let folder = format!("{prefix}/{}/{}", session.blueprint.environment, self.name());
        let metadata = json!({
            "component": self.name(),
            "environment": session.blueprint.environment,
            "status": self.report.status.word(),
            "updated_at": clock::now(),
            "updated_by": session.call.identity.user,
        });
        let mut keys = BTreeMap::from([("metadata".to_owned(), metadata.to_string())]);
        if !self.gone {
            let watched = if self.context.component.health.is_empty() { "unknown" } else { "healthy" };
            keys.insert("health".to_owned(), watched.to_owned());
            keys.extend(
                self.outputs.iter().map(|(name, value)| (format!("outputs/{name}"), value.to_string())),
            );
        }
        if let Some(snapshot) = &self.report.snapshot_id {
            keys.insert("last_snapshot".to_owned(), snapshot.clone());
        }
        for old in consul.keys(&format!("{folder}/outputs/")).await? {
            let name = old.strip_prefix(&format!("{folder}/"));
            if name.is_some_and(|name| !keys.contains_key(name)) {
                consul.delete(&old).await?;
            }
        }
        if self.gone {
            consul.delete(&format!("{folder}/health")).await?;
        }
        for (name, value) in keys {
            consul.put(&format!("{folder}/{name}"), value.into_bytes()).await?;
        }
        Ok(())
    }

    async fn consul_service(&mut self, hook: &ConsulService) -> HookResult {
        let consul = self.consul().await?;
        let node = format!("eos-{}-{}", self.context.session.blueprint.environment, self.name());
        if self.gone {
            return consul.deregister(&node).await;
        }
        let id = format!("{node}-{}", hook.name);
        let address = self.given(&hook.address, address::host)?;
        let port = hook.port.as_ref().map(|port| self.given(port, address::port)).transpose()?;
        let registration = Registration { node: &node, id: &id, address: &address, port, service: hook };
        consul.register(&registration).await
    }

    fn prometheus(&self, hook: &PrometheusTargets) -> HookResult {
        let environment = &self.context.session.blueprint.environment;
        let file = placed(&hook.file, environment, Some(self.name()));
        if self.gone {
            return hooks::forget(&file);
        }
        let one = |value: &Value| match value.as_str() {
            Some(text) if address::is_authority(text) => Ok(text.to_owned()),
            _ => Err("must be host:port, or a list of them".to_owned()),
        };
        let mut targets = Vec::new();
        for given in &hook.targets {
            let read = |value: &Value| match value {
                Value::Array(items) => items.iter().map(one).collect(),
                value => one(value).map(|one| vec![one]),
            };
            targets.extend(match given {
                ValueOrOutput::Literal(text) => vec![text.clone()],
                ValueOrOutput::Output(own) => self.output(own, read)?,
            });
        }
        hooks::write(&file, &targets, &hook.labels)
    }

    async fn webhook(&mut self, hook: &Webhook) -> HookResult {
        let session = self.context.session;
        let target = webhook::target(hook, &self.context.reader).await.map_err(|error| error.message)?;
        for (what, secret) in webhook::secrets(hook, &target) {
            self.hide(&what, secret);
        }
        let mut body = Value::Object(hook.body.clone());
        self.context.redactor.value(&mut body);
        let mut report = self.report.clone();
        self.context.redactor.report(&mut report);
        let text = announcement::of_component(&session.blueprint.environment, self.name(), &report);
        let facts = || {
            json!({
                "component": self.name(),
                "environment": session.blueprint.environment,
                "run_id": session.call.run_id,
                "report": report,
            })
        };
        let body = hooks::body(hook.format, body, facts, &text);
        hooks::post(hook, &target, &body).await
    }

    fn given<T: Clone>(
        &self,
        given: &ValueOrOutput<T>,
        read: fn(&Value) -> Result<T, String>,
    ) -> Result<T, String> {
        match given {
            ValueOrOutput::Literal(value) => Ok(value.clone()),
            ValueOrOutput::Output(own) => self.output(own, read),
        }
    }

    /// The error contains the name of the output, never its value.
    fn output<T>(&self, own: &OwnOutput, read: impl Fn(&Value) -> Result<T, String>) -> Result<T, String> {
        let output = self.outputs.get(&own.output);
        let value = output.ok_or_else(|| format!("output {} has no value that may be shown", own.output))?;
        value_path::own(own, value, read)
    }

    async fn consul(&mut self) -> Result<Publisher, String> {
        let settings = &self.context.session.blueprint.settings;
        let token = servers::consul_token(settings, &self.context.reader).await;
        let token = token.map_err(|error| error.message)?;
        token.iter().for_each(|token| self.hide("the token", token));
        Publisher::open(&settings.consul, token)
    }

    fn hide(&self, what: &str, secret: &SecretString) {
        self.context.hide(what, &secret.expose_secret().into());
    }

    fn name(&self) -> &Name {
        &self.context.component.name
    }
}
