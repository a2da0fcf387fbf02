//! Messages and questions from the run to the thread of Salt's call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::change::Redactor;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::{Host, MinionReturn, SaltJob, StartedJob};
use crate::journal::Journal;
use crate::model::Name;
use crate::operation::request::host_reference::POLL;
use crate::printable::printable;
use crate::report::ComponentReport;
use crate::view::announcement;
use crate::view::progress::{Stage, StageUpdate};

const THREAD_ENDED: &str = "the thread that talks to Salt has ended";

/// One message from the run.
pub enum HostMessage {
    Progress(StageUpdate),
    Event {
        tag: String,
        data: Value,
    },
    /// `repeated`: the progress or the report has the message too.
    Log {
        level: tracing::Level,
        message: String,
        repeated: bool,
    },
    Note(String),
    Ask(HostQuestion),
    /// The run begins now. The answer is its journal.
    Begin(oneshot::Sender<Result<Journal>>),
}

/// A question to the host, and the channel for its answer. If the asker is gone, the answer is dropped.
pub enum HostQuestion {
    StartSdb(String, Duration, oneshot::Sender<Result<String, String>>),
    PollSdb(String, oneshot::Sender<Result<Option<SecretString>, String>>),
    StopSdb(String),
    HasMaster(oneshot::Sender<Result<bool, String>>),
    Start(Box<SaltJob>, oneshot::Sender<Result<StartedJob, String>>),
    Poll(String, oneshot::Sender<Result<BTreeMap<String, MinionReturn>, String>>),
    Stop(String),
}

impl HostQuestion {
    /// Asks the host. It runs on the thread of Salt's call.
    pub fn put(self, host: &dyn Host) {
        match self {
            Self::StartSdb(uri, limit, answer) => {
                if let Err(Ok(id)) = answer.send(host.start_sdb(&uri, limit)) {
                    host.stop_sdb(&id);
                }
            }
            Self::PollSdb(id, answer) => {
                drop(answer.send(host.poll_sdb(&id).map(|value| value.map(Into::into))));
            }
            Self::StopSdb(id) => host.stop_sdb(&id),
            Self::HasMaster(answer) => drop(answer.send(Ok(host.has_master()))),
            Self::Start(job, answer) => drop(answer.send(host.start(&job))),
            Self::Poll(jid, answer) => drop(answer.send(host.poll(&jid))),
            Self::Stop(jid) => host.stop(&jid),
        }
    }
}

/// Sends progress and bus events of one run. If the receiver is gone, they are dropped.
#[derive(Clone)]
pub struct HostChannel {
    pub sender: Sender<HostMessage>,
    pub environment: Name,
    pub run_id: String,
    /// Secrets that are removed from the log.
    pub secrets: Redactor,
    /// Components that are planned, but are not part of the run.
    pub muted: Arc<Mutex<BTreeSet<Name>>>,
}

impl HostChannel {
    /// Sends no stages of this component.
    pub fn mute(&self, component: &Name) {
        self.muted.lock().unwrap_or_else(PoisonError::into_inner).insert(component.clone());
    }

    /// A component entered a stage. Progress is always sent; an event only if the name of the stage is new.
    pub fn stage(&self, component: &Name, stage: Stage) {
        if self.muted.lock().unwrap_or_else(PoisonError::into_inner).contains(component) {
            return;
        }
        if let Some(data) = self.event(&stage) {
            let tag = format!("eos/{}/{component}/{}", self.environment, stage.word());
            let _ = self.sender.send(HostMessage::Event { tag, data });
        }
        let _ = self.sender.send(HostMessage::Progress(StageUpdate { component: component.clone(), stage }));
    }

    /// The turn of a component has ended. If it did not end as requested, the event says why.
    pub fn finished(&self, component: &Name, report: &ComponentReport) {
        let (status, changes, seconds) = (report.status, report.changes, report.duration);
        if self.muted.lock().unwrap_or_else(PoisonError::into_inner).contains(component) {
            return;
        }
        let mut data = json!({ "status": status, "changes": changes, "duration": seconds });
        if status.result() == Some(false) {
            let mut report = report.clone();
            self.secrets.report(&mut report);
            data["reason"] = report.reason().into();
            data["message"] = announcement::why(&report).into();
        }
        self.emit(component, status.word(), data);
        self.show(component, Stage::Finished { status, changes, seconds });
    }

    /// Sends progress alone: a check that runs every few minutes needs no events.
    pub fn show(&self, component: &Name, stage: Stage) {
        let _ = self.sender.send(HostMessage::Progress(StageUpdate { component: component.clone(), stage }));
    }

    /// Sends an event of one component. `data` gets the run's id.
    pub fn emit(&self, component: &Name, word: &str, mut data: Value) {
        data["run_id"] = self.run_id.as_str().into();
        let tag = format!("eos/{}/{component}/{word}", self.environment);
        let _ = self.sender.send(HostMessage::Event { tag, data });
    }

    /// Writes a line to the display and to the log.
    pub fn note(&self, text: &str) {
        tracing::warn!(repeated = true, "{text}");
        let _ = self.sender.send(HostMessage::Note(text.to_owned()));
    }

    /// The same for what is no warning: Salt shows it only once.
    pub fn say(&self, text: &str) {
        tracing::info!(repeated = true, "{text}");
        let _ = self.sender.send(HostMessage::Note(text.to_owned()));
    }

    /// Everything was checked: the run begins, and it gets its journal.
    pub async fn begin(&self) -> Result<Journal> {
        let (answer, answered) = oneshot::channel();
        let _ = self.sender.send(HostMessage::Begin(answer));
        answered.await.unwrap_or_else(|_| {
            Err(Error::new(Layer::Host, Phase::Preparation, Code::Internal, THREAD_ENDED, "run again"))
        })
    }

    /// A value from Salt's sdb, read in a process of its own. The thread of Salt's call does not wait for it, and if the
    /// asker is gone, the process is ended.
    pub async fn sdb(&self, uri: &str, limit: Duration) -> Result<SecretString, String> {
        let (answer, answered) = oneshot::channel();
        self.put(HostQuestion::StartSdb(uri.to_owned(), limit, answer));
        let mut read = RunningRead { channel: self, answered, id: None };
        let id = read.started().await?;
        loop {
            match self.ask(|answer| HostQuestion::PollSdb(id.clone(), answer)).await? {
                Some(value) => return Ok(value),
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// On the master: whether its process accepts jobs. On a minion: whether it has a master.
    pub async fn has_master(&self) -> bool {
        self.ask(HostQuestion::HasMaster).await.unwrap_or_default()
    }

    /// Starts a Salt job.
    pub async fn start(&self, job: SaltJob) -> Result<StartedJob, String> {
        self.ask(|answer| HostQuestion::Start(Box::new(job), answer)).await
    }

    /// The answers of its minions so far.
    pub async fn poll(&self, jid: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        self.ask(|answer| HostQuestion::Poll(jid.to_owned(), answer)).await
    }

    /// Asks its minions to stop the job.
    pub fn stop(&self, jid: &str) {
        self.put(HostQuestion::Stop(jid.to_owned()));
    }

    fn put(&self, question: HostQuestion) {
        let _ = self.sender.send(HostMessage::Ask(question));
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, String>>) -> HostQuestion,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        self.put(question(answer));
        answered.await.unwrap_or_else(|_| Err(THREAD_ENDED.to_owned()))
    }

    fn event(&self, stage: &Stage) -> Option<Value> {
        match stage {
            Stage::Waiting { .. } | Stage::Finished { .. } => None,
            Stage::WaitingForLock { holder, .. } => Some(json!({ "run_id": self.run_id, "holder": holder })),
            Stage::WaitingForRequests { seconds } => {
                Some(json!({ "run_id": self.run_id, "seconds": seconds }))
            }
            // Only the beginning: single resources have events of their own.
            Stage::Applying { done: 1.., .. } | Stage::Destroying { done: 1.., .. } => None,
            Stage::Verifying { begun: true, .. } => None,
            _ => Some(json!({ "run_id": self.run_id })),
        }
    }
}

/// A read in a process of its own, which ends with this value.
struct RunningRead<'a> {
    channel: &'a HostChannel,
    answered: oneshot::Receiver<Result<String, String>>,
    /// The id of the process, once the answer was taken.
    id: Option<String>,
}

impl RunningRead<'_> {
    async fn started(&mut self) -> Result<String, String> {
        let id = (&mut self.answered).await.unwrap_or_else(|_| Err(THREAD_ENDED.to_owned()))?;
        self.id = Some(id.clone());
        Ok(id)
    }
}

impl Drop for RunningRead<'_> {
    fn drop(&mut self) {
        // An answer may have come that nobody took. After this, the host ends what it starts.
        self.answered.close();
        let id = self.id.take().or_else(|| self.answered.try_recv().ok()?.ok());
        if let Some(id) = id {
            self.channel.put(HostQuestion::StopSdb(id));
        }
    }
}

/// A text for the log: without secrets, and with no line that looks like a log entry of its own.
pub fn logged(secrets: &Redactor, text: &str) -> String {
    printable(&secrets.text(text)).replace('\n', "\n    | ")
}

/// Sends the trace events of a run to the host's log, with the run's id on every line.
pub(super) struct LogLayer {
    sender: Sender<HostMessage>,
    run_id: String,
    secrets: Redactor,
}

impl LogLayer {
    pub fn new(channel: &HostChannel) -> Self {
        Self {
            sender: channel.sender.clone(),
            run_id: channel.run_id.clone(),
            secrets: channel.secrets.clone(),
        }
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for LogLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        // Events of libraries were not checked for secrets.
        if !event.metadata().target().starts_with("eos") {
            return;
        }
        let (mut text, mut repeated) = (String::new(), false);
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| match field.name() {
            "message" => text.push_str(&format!("{value:?}")),
            // Its only value is true.
            "repeated" => repeated = true,
            _ => {}
        });
        let message = format!("run {}: {}", self.run_id, logged(&self.secrets, &text));
        let _ = self.sender.send(HostMessage::Log { level: *event.metadata().level(), message, repeated });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use futures_util::FutureExt;

    use super::*;

    fn new() -> (HostChannel, Receiver<HostMessage>) {
        let (sender, receiver) = channel();
        let environment = Name::new("staging").unwrap();
        let (run_id, secrets, muted) = (String::new(), Redactor::default(), Arc::default());
        (HostChannel { sender, environment, run_id, secrets, muted }, receiver)
    }

    #[test]
    fn a_read_whose_asker_left_before_it_took_the_answer_is_ended() {
        let (asking, asked) = new();
        let mut read = Box::pin(asking.sdb("sdb://slow/chat", Duration::from_secs(1)));
        assert!((&mut read).now_or_never().is_none());
        let Ok(HostMessage::Ask(HostQuestion::StartSdb(_, _, answer))) = asked.recv() else {
            panic!("a process is started")
        };
        answer.send(Ok("7".to_owned())).unwrap();
        drop(read);
        let Ok(HostMessage::Ask(HostQuestion::StopSdb(id))) = asked.try_recv() else {
            panic!("the process is ended")
        };
        assert_eq!(id, "7");
    }
}
