//! A server that is away for a moment is asked again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long it is waited for where nothing else says so.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How soon it is asked again at the earliest.
const PAUSE: Duration = Duration::from_millis(500);

/// The first answer that decides something, or the last one within `window`.
///
/// `retry_after` says of an answer how long the server asks to be left alone; None for one that decides something.
/// A server that asks for more time than is left is not asked again. What is asked may be asked twice.
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

/// How long to wait before the next try; None where that would be too late.
fn pause(asked: Duration, left: Duration) -> Option<Duration> {
    Some(PAUSE.max(asked)).filter(|pause| *pause < left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_asks_and_not_waited_for_beyond_the_window() {
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
