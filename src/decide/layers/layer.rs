//! What is reported about one layer.

use serde::Serialize;
use serde_json::{Map, Value};

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

#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    pub status: LayerStatus,
    /// The most important facts, on one line for people.
    pub summary: Words,
    pub facts: Map<String, Value>,
    /// What is wrong, and what to do about it.
    pub faults: Vec<Error>,
    /// Seconds that its questions took.
    pub duration: f64,
}

impl LayerReport {
    pub fn not_used() -> Self {
        Self { status: LayerStatus::NotUsed, ..Self::healthy(Map::new()) }
    }

    pub(super) fn healthy(facts: Map<String, Value>) -> Self {
        let (summary, faults) = (Words::default(), Vec::new());
        Self { status: LayerStatus::Healthy, summary, facts, faults, duration: 0.0 }
    }

    /// Adds a fault. The layer is at least as bad as `status`.
    pub(super) fn fault(&mut self, status: LayerStatus, error: Error) {
        self.status = self.status.max(status);
        self.faults.push(error.during(Phase::Verification));
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
            report.summary = words![&report.summary, before, summary(&cluster)];
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
