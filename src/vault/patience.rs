//! A Vault that is away for a moment is asked again.

use super::trouble::Trouble;
use crate::http;

/// What an answer that was lost had given hangs on the run's token, or ends with its time to live.
pub async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    http::patiently(|answer| answer.as_ref().is_err_and(Trouble::may_pass), ask).await
}
