//! What is reported about one layer.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::clock::ServerClock;
use crate::error::{Code, Error, Layer, Phase};
use crate::words::{Words, words};

/// The status of a layer. The worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerStatus {
    /// The environment does not use this layer.
    NotUsed,
    Healthy,
    /// It answers, but a part of it could not be seen, for example because the token may not read it.
    Unknown,
    /// It works, but a part of it does not.
    Degraded,
    /// A run that needs it would fail now.
    Unhealthy,
}

#[derive(Clone, Debug)]
pub struct LayerReport {
    pub status: LayerStatus,
    /// The most important facts, on one line for people.
    pub summary: Words,
    pub facts: Map<String, Value>,
    /// What is wrong, and what to do about it.
    pub faults: Vec<Fault>,
    /// Seconds that its questions took.
    pub duration: f64,
    /// The parts of the layer by their names, each on one line for people. A report does not have them.
    pub lines: Vec<LayerLine>,
    /// The clocks of its servers, if they were read. A report does not have them.
    pub clocks: Vec<ServerClock>,
}

/// A part of a layer.
#[derive(Clone, Debug)]
pub struct LayerLine {
    pub name: &'static str,
    pub said: Words,
    /// False if it was not asked, and `said` has the reason.
    pub is_known: bool,
}

/// One thing that is wrong. The layer is at least as bad as it.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    pub status: LayerStatus,
    #[serde(flatten)]
    pub error: Error,
}

impl Serialize for LayerReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            status: LayerStatus,
            summary: &'a Words,
            facts: &'a Map<String, Value>,
            faults: &'a [Fault],
            commands: Vec<&'a str>,
            duration: f64,
        }
        let Self { status, summary, facts, faults, duration, .. } = self;
        let errors = faults.iter().flat_map(|fault| [&fault.error.message, &fault.error.remedy]);
        let commands = std::iter::once(summary).chain(errors).flat_map(Words::commands).collect();
        let (status, duration) = (*status, *duration);
        Written { status, summary, facts, faults, commands, duration }.serialize(serializer)
    }
}

impl LayerReport {
    pub fn not_used() -> Self {
        Self { status: LayerStatus::NotUsed, ..Self::healthy(Map::new()) }
    }

    pub(super) fn healthy(facts: Map<String, Value>) -> Self {
        Self {
            status: LayerStatus::Healthy,
            summary: Words::default(),
            facts,
            faults: Vec::new(),
            duration: 0.0,
            lines: Vec::new(),
            clocks: Vec::new(),
        }
    }

    /// Adds a fault. The layer is at least as bad as `status`.
    pub(super) fn fault(&mut self, status: LayerStatus, error: Error) {
        self.status = self.status.max(status);
        self.faults.push(Fault { status, error: error.during(Phase::Verification) });
    }

    pub(super) fn line(&mut self, name: &'static str, said: impl Into<Words>) {
        self.lines.push(LayerLine { name, said: said.into(), is_known: true });
    }

    pub(super) fn not_asked(&mut self, name: &'static str, why: impl Into<Words>) {
        self.lines.push(LayerLine { name, said: why.into(), is_known: false });
    }

    /// Adds the error of a question that got no answer. A refused right does not mean that the server is down.
    pub(super) fn unanswered(&mut self, error: Error) {
        let status = match error.code {
            Code::NomadDenied | Code::ConsulDenied | Code::VaultDenied => LayerStatus::Unknown,
            _ => LayerStatus::Unhealthy,
        };
        self.fault(status, error);
    }

    /// Judges each cluster that the environment uses. The summaries stand beside each other.
    pub(super) fn of_clusters<T>(
        clusters: Vec<T>,
        facts: impl Fn(&T) -> Value,
        summary: impl Fn(&T) -> Words,
        judge: impl Fn(T, &mut Self),
    ) -> Self {
        let mut report = Self::healthy(Map::new());
        let mut all = Vec::new();
        for cluster in clusters {
            all.push(facts(&cluster));
            let before = if report.summary.is_empty() { "" } else { "; " };
            let said = summary(&cluster);
            report.summary = words![&report.summary, before, &said];
            report.line("cluster", said);
            judge(cluster, &mut report);
        }
        report.facts.insert("clusters".to_owned(), all.into());
        report
    }
}

pub(super) fn fault(layer: Layer, code: Code, message: impl Into<Words>, remedy: impl Into<Words>) -> Error {
    Error::new(layer, Phase::Verification, code, message, remedy)
}

/// Why a server did not answer its first question, for the summary. Its address follows.
pub(super) fn unanswered(error: &Error) -> &'static str {
    match error.code {
        Code::NomadDenied | Code::ConsulDenied | Code::VaultDenied => "access denied by ",
        _ => "no answer from ",
    }
}
