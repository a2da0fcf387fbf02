//! What the run tells, or asks, the thread that Salt called us on.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::change::Redactor;
use crate::host::{Host, Job, Returned, Started};
use crate::model::Name;
use crate::printable::printable;
use crate::view::progress::{Stage, Update};

/// One message from the run.
pub enum Signal {
    Progress(Update),
    Event { tag: String, data: Value },
    Log { level: tracing::Level, message: String },
    Note(String),
    Ask(Question),
}

/// What the run wants of the host, and where the answer goes. Whoever has gone away is not told.
pub enum Question {
    Sdb(String, oneshot::Sender<Result<SecretString, String>>),
    Start(Box<Job>, oneshot::Sender<Result<Started, String>>),
    Poll(String, oneshot::Sender<Result<BTreeMap<String, Returned>, String>>),
    Stop(String),
}

impl Question {
    /// On the thread that Salt called us on.
    pub fn put(self, host: &dyn Host) {
        match self {
            Self::Sdb(uri, answer) => drop(answer.send(host.sdb(&uri).map(Into::into))),
            Self::Start(job, answer) => drop(answer.send(host.start(&job))),
            Self::Poll(jid, answer) => drop(answer.send(host.poll(&jid))),
            Self::Stop(jid) => host.stop(&jid),
        }
    }
}

/// Tells progress and bus events of one run; what nobody hears any more is dropped.
#[derive(Clone)]
pub struct Teller {
    pub sender: Sender<Signal>,
    pub environment: Name,
    pub run_id: String,
    /// Taken out of the log.
    pub secrets: Redactor,
}

impl Teller {
    /// A component entered a stage: progress always, an event when the stage's word is new.
    pub fn stage(&self, component: &Name, stage: Stage) {
        if let Some(data) = self.event(&stage) {
            let tag = format!("eos/{}/{component}/{}", self.environment, stage.word());
            let _ = self.sender.send(Signal::Event { tag, data });
        }
        let _ = self.sender.send(Signal::Progress(Update { component: component.clone(), stage }));
    }

    /// Progress alone: what is looked at every few minutes is no news for the bus.
    pub fn show(&self, component: &Name, stage: Stage) {
        let _ = self.sender.send(Signal::Progress(Update { component: component.clone(), stage }));
    }

    /// An event of one component; `data` gets the run's id.
    pub fn emit(&self, component: &Name, word: &str, mut data: Value) {
        data["run_id"] = self.run_id.as_str().into();
        let tag = format!("eos/{}/{component}/{word}", self.environment);
        let _ = self.sender.send(Signal::Event { tag, data });
    }

    /// A line for whoever watches, and for the log.
    pub fn note(&self, text: &str) {
        tracing::warn!("{text}");
        let _ = self.sender.send(Signal::Note(text.to_owned()));
    }

    /// What Salt's sdb has.
    pub async fn sdb(&self, uri: &str) -> Result<SecretString, String> {
        self.ask(|answer| Question::Sdb(uri.to_owned(), answer)).await
    }

    /// Starts a job of Salt's.
    pub async fn start(&self, job: Job) -> Result<Started, String> {
        self.ask(|answer| Question::Start(Box::new(job), answer)).await
    }

    /// Who has answered it so far.
    pub async fn poll(&self, jid: &str) -> Result<BTreeMap<String, Returned>, String> {
        self.ask(|answer| Question::Poll(jid.to_owned(), answer)).await
    }

    /// Asks its minions to end it.
    pub fn stop(&self, jid: &str) {
        let _ = self.sender.send(Signal::Ask(Question::Stop(jid.to_owned())));
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Question,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        let _ = self.sender.send(Signal::Ask(question(answer)));
        answered.await.unwrap_or_else(|_| Err("nobody is left to ask Salt".to_owned()))
    }

    fn event(&self, stage: &Stage) -> Option<Value> {
        match stage {
            Stage::Waiting { .. } => None,
            // Only the beginning: a bus is no place for each resource.
            Stage::Applying { done: 1.., .. } | Stage::Destroying { done: 1.., .. } => None,
            Stage::Verifying { begun: true, .. } => None,
            Stage::Finished { status, changes, seconds } => Some(
                json!({ "run_id": self.run_id, "status": status, "changes": changes, "duration": seconds }),
            ),
            _ => Some(json!({ "run_id": self.run_id })),
        }
    }
}

/// A text for the log: without a secret, and no line of it looks like an entry of its own.
pub fn logged(secrets: &Redactor, text: &str) -> String {
    printable(&secrets.text(text)).replace('\n', "\n    | ")
}

/// Sends what is traced during a run to the host's log, with the run's id on every line.
pub(super) struct LogLayer {
    sender: Sender<Signal>,
    run_id: String,
    secrets: Redactor,
}

impl LogLayer {
    pub fn new(teller: &Teller) -> Self {
        Self { sender: teller.sender.clone(), run_id: teller.run_id.clone(), secrets: teller.secrets.clone() }
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for LogLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        // Libraries may trace what we did not check for secrets.
        if !event.metadata().target().starts_with("eos") {
            return;
        }
        let mut text = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                text.push_str(&format!("{value:?}"));
            }
        });
        let message = format!("run {}: {}", self.run_id, logged(&self.secrets, &text));
        let _ = self.sender.send(Signal::Log { level: *event.metadata().level(), message });
    }
}
