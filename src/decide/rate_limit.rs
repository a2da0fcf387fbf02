//! Decides how long to wait until an API allows as many requests as a piece of work needs.

use std::time::Duration;

/// What an API told about its limit: a bucket that fills again evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The size of the bucket.
    pub limit: u64,
    pub remaining: u64,
    /// When the bucket is full again, as UNIX time.
    pub full: u64,
}

/// A wait is at least so long, because the answer is only exact to a second.
const SHORTEST: Duration = Duration::from_secs(1);
/// A wait is for so many requests more: each question takes one too, and it must not take what has just come back.
const SPARE: u64 = 5;

impl RateLimit {
    /// None if `needed` requests are free now. `reserved`: requests that other work may still make. More than half of
    /// the bucket is never needed at once: other programs and these questions take from it too.
    pub fn wait(&self, needed: u64, reserved: u64, now: u64) -> Option<Duration> {
        let wanted = needed.saturating_add(reserved).min(self.limit / 2);
        let missing = wanted.saturating_sub(self.remaining);
        if missing == 0 {
            return None;
        }
        let (used, time) = (self.limit - self.remaining.min(self.limit), self.full.saturating_sub(now));
        let seconds = missing.saturating_add(SPARE).saturating_mul(time).div_ceil(used.max(1));
        Some(Duration::from_secs(seconds).max(SHORTEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lasts_until_the_missing_requests_are_back() {
        // 3,600 an hour: one more each second.
        let limit = |remaining: u64| RateLimit { limit: 3600, remaining, full: 1000 + 3600 - remaining };
        let wait = |remaining, needed, reserved| {
            limit(remaining).wait(needed, reserved, 1000).map(|wait| wait.as_secs())
        };
        let table = [
            (3600, 50, 0, None),
            (50, 50, 0, None),
            (10, 50, 0, Some(45)),
            (60, 50, 40, Some(35)),
            (0, 1, 0, Some(6)),
            // Half of the bucket is enough.
            (1800, 9000, 0, None),
            (1200, 9000, 0, Some(605)),
        ];
        for (remaining, needed, reserved, expected) in table {
            assert_eq!(wait(remaining, needed, reserved), expected, "{remaining} {needed} {reserved}");
        }
    }

    /// The question took the only request that had come back since the last one, so the wait had no end.
    #[test]
    fn questions_do_not_take_what_they_wait_for() {
        let (mut remaining, mut now) = (0, 1000);
        for questions in 1.. {
            assert!(questions < 4, "{remaining} after {now}");
            let limit = RateLimit { limit: 3600, remaining, full: now + 3600 - remaining };
            let Some(wait) = limit.wait(50, 0, now) else { break };
            now += wait.as_secs();
            remaining += wait.as_secs() - 1;
        }
    }

    #[test]
    fn an_answer_from_another_clock_never_makes_a_wait_without_end() {
        let limit = RateLimit { limit: 3600, remaining: 0, full: 10 };
        assert_eq!(limit.wait(50, 0, 1000), Some(SHORTEST));
        let odd = RateLimit { limit: 4, remaining: 9, full: 10 };
        assert_eq!(odd.wait(50, 0, 0), None);
    }
}
