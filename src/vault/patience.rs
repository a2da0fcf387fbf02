//! A Vault that is away for a moment is asked again.

use super::trouble::Trouble;
use crate::http::{self, PATIENCE};

/// What an answer that was lost had given hangs on the run's token, or ends with its time to live.
pub async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let retry_after = |answer: &Result<T, Trouble>| answer.as_ref().err().and_then(Trouble::retry_after);
    http::patiently(PATIENCE, retry_after, ask).await
}
