//! The one time limit of all questions to layers.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::process::Cancel;

/// All questions are asked at the same time, and end after this time.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Deadline {
    pub until: Instant,
    /// A request to stop ends all questions at once.
    pub cancel: Cancel,
}

impl Deadline {
    pub fn new(cancel: Cancel) -> Self {
        Self { until: Instant::now() + PATIENCE, cancel }
    }

    /// The answer; None if it does not come in time.
    pub async fn within<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = question => Some(answer),
            () = sleep_until(self.until) => None,
            _ = self.cancel.cancelled() => None,
        }
    }

    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// For a message.
    pub fn missed() -> String {
        format!("no answer before the time limit of {}", humantime::format_duration(PATIENCE))
    }
}
