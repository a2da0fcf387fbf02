//! Repeats a request to a server that is unavailable for a moment.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The shortest pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Returns the first final answer, or the last answer within `window`.
///
/// `retry_after` returns the pause that a server asks for with an answer, and None for a final answer. If the pause is
/// longer than the remaining time, there is no other attempt. The request must be safe to repeat.
pub async fn patiently<T>(
    window: Duration,
    retry_after: impl Fn(&T) -> Option<Duration>,
    ask: impl AsyncFn() -> T,
) -> T {
    let deadline = Instant::now() + window;
    loop {
        let answer = ask().await;
        let Some(after) = retry_after(&answer) else { return answer };
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(pause) = pause(after, left) else { return answer };
        sleep(pause).await;
    }
}

/// Returns the pause before the next attempt; None if the attempt would be too late.
fn pause(asked: Duration, left: Duration) -> Option<Duration> {
    Some(PAUSE.max(asked)).filter(|pause| *pause < left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requested_delay_is_respected_but_not_beyond_the_window() {
        let seconds = Duration::from_secs;
        for (asked, left, expected) in [
            (seconds(0), seconds(15), Some(PAUSE)),
            (seconds(7), seconds(15), Some(seconds(7))),
            (seconds(15), seconds(15), None),
            (seconds(7), seconds(2), None),
            (seconds(0), PAUSE, None),
            (seconds(0), seconds(0), None),
        ] {
            assert_eq!(pause(asked, left), expected, "{asked:?} of {left:?}");
        }
    }
}
