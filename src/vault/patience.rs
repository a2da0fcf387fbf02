//! A Vault that is away for a moment is asked again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::trouble::Trouble;

/// How long it is waited for, and how soon it is asked again.
pub const PATIENCE: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_secs(1);

/// An answer, or what still stands in its way when patience has ended. What is asked may be asked twice: what an answer
/// that was lost had given hangs on the run's token, or ends with its time to live.
pub async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Err(trouble) if trouble.may_pass() && Instant::now() + AGAIN < deadline => sleep(AGAIN).await,
            done => return done,
        }
    }
}
