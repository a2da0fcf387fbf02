//! Makes sure that a call always ends with a report.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};

use serde_json::{Value, json};

use crate::error::{Code, Error, Layer, Phase};
use crate::report::{Report, SCHEMA};

/// The reason why a call has no report of its own.
#[derive(Clone, Copy)]
pub enum CallFailure {
    /// A bug in Eos.
    Internal,
    /// The call was interrupted before it started anything.
    Cancelled,
    /// The bus of the master would cut the answer, which cannot be used in part.
    TooLarge,
}

impl CallFailure {
    pub fn named(word: &str) -> Self {
        match word {
            "cancelled" => Self::Cancelled,
            "too_large" => Self::TooLarge,
            _ => Self::Internal,
        }
    }

    fn error(self, message: &str) -> Error {
        let (layer, code, remedy) = match self {
            Self::Internal => (
                Layer::Host,
                Code::Internal,
                "this is a bug in Eos: report it with this message. The status of the environment shows what was \
                 done before",
            ),
            Self::Cancelled => (Layer::Salt, Code::Cancelled, "nothing ran: run it again"),
            Self::TooLarge => (
                Layer::Salt,
                Code::AnswerTooLarge,
                "ask on the master, without --auth and --api, or raise max_event_size there",
            ),
        };
        Error::new(layer, Phase::Validation, code, message.to_owned(), remedy)
    }
}

/// The source position of the last panic. Its message is never shown, because it may quote a value.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work`. A panic in it becomes a failed report.
pub fn guarded(operation: &str, work: impl FnOnce() -> Value) -> Value {
    quieten();
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = place.as_deref().unwrap_or("an unknown place");
        failed(operation, CallFailure::Internal, &format!("a panic at {place}"))
    })
}

/// The report of a call that never became a run.
pub fn failed(operation: &str, kind: CallFailure, message: &str) -> Value {
    let report = Report {
        schema: SCHEMA,
        run_id: String::new(),
        run_kept: false,
        operation: operation.to_owned(),
        environment: String::new(),
        result: Some(false),
        test: false,
        jid: String::new(),
        user: String::new(),
        versions: BTreeMap::from([("eos".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        started: String::new(),
        duration: 0.0,
        components: BTreeMap::new(),
        error: Some(kind.error(message)),
        extra: BTreeMap::from([("retcode".to_owned(), json!(1))]),
    };
    // This does not fail: the report has only text keys and plain data.
    serde_json::to_value(report)
        .unwrap_or_else(|error| json!({ "result": false, "retcode": 1, "error": error.to_string() }))
}

/// Keeps Rust from writing a panic to stderr. The panic's position is stored for the report instead.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|information| {
            let place = information.location().map(ToString::to_string);
            *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
        }));
    });
}
