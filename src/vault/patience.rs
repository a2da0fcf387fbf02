//! Repeats a request to a Vault that is unavailable for a moment.

use super::trouble::Trouble;
use crate::http::{self, PATIENCE};

/// A repeated request is safe. If an answer is lost, its credential ends with the run's token or with its own TTL.
pub async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let retry_after = |answer: &Result<T, Trouble>| answer.as_ref().err().and_then(Trouble::retry_after);
    http::patiently(PATIENCE, retry_after, ask).await
}
