//! What the run tells the thread that Salt called us on.

use std::sync::mpsc::Sender;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::model::Name;
use crate::view::progress::{Stage, Update};

/// One message from the run.
pub enum Signal {
    Progress(Update),
    Event {
        tag: String,
        data: Value,
    },
    Log {
        level: tracing::Level,
        message: String,
    },
    Note(String),
    /// A question, which is answered there.
    Sdb {
        uri: String,
        answer: oneshot::Sender<Result<SecretString, String>>,
    },
}

/// Tells progress and bus events of one run; what nobody hears any more is dropped.
#[derive(Clone)]
pub struct Teller {
    pub sender: Sender<Signal>,
    pub environment: Name,
    pub run_id: String,
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

    /// Asks Salt's sdb, on Salt's thread.
    pub async fn sdb(&self, uri: &str) -> Result<SecretString, String> {
        let (answer, answered) = oneshot::channel();
        let _ = self.sender.send(Signal::Sdb { uri: uri.to_owned(), answer });
        answered.await.unwrap_or_else(|_| Err("nobody listens any more".to_owned()))
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

/// Sends what is traced during a run to the host's log, with the run's id on every line.
pub struct LogLayer {
    sender: Sender<Signal>,
    run_id: String,
}

impl LogLayer {
    pub fn new(teller: &Teller) -> Self {
        Self { sender: teller.sender.clone(), run_id: teller.run_id.clone() }
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for LogLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        // Libraries may trace what we did not check for secrets.
        if !event.metadata().target().starts_with("eos") {
            return;
        }
        let mut message = format!("run {}: ", self.run_id);
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                message.push_str(&format!("{value:?}"));
            }
        });
        let _ = self.sender.send(Signal::Log { level: *event.metadata().level(), message });
    }
}
