//! Decides whether Eos still holds a lock, as far as this can be known. Pure: observations and times go in.

use std::time::Duration;

use crate::lock::holder::Holder;

/// What Eos knows about a lock that it acquired.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    Held,
    /// Eos may hold the lock. Terraform continues; nothing new is started.
    Unknown(Doubt),
    /// The session is gone, but no other holder was seen yet: the lock may be acquired again.
    Adrift {
        since: Duration,
    },
    /// Another process holds the lock, or nobody does. Terraform is asked to stop. This state is final.
    Lost(Loss),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Consul does not answer, for this reason.
    Unreachable(String),
    /// Another client wrote to the key, but Eos's session still holds it.
    Overwritten,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    Taken(Box<Holder>),
    /// The key was deleted, or its value no longer names this run.
    Freed,
    /// No other holder was seen, but the lock could not be acquired again in the time in which that is safe.
    Expired,
    /// The task that watches the lock ended.
    Unwatched,
}

/// The result of the last look at the key.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The session lives, and the key is as Eos wrote it.
    Ours,
    Overwritten,
    Unreachable(String),
    /// The session is gone, but the key's value still names this run.
    Ended,
    /// The key is free and no longer names this run, or the key does not exist.
    Freed,
    Taken(Box<Holder>),
}

impl Standing {
    /// Returns the standing after an observation. `now` and `since` count from the same moment. `patience` is the time
    /// in which Eos may try to acquire the lock again: TTL plus lock-delay.
    pub fn next(self, seen: Seen, now: Duration, patience: Duration) -> Self {
        match (self, seen) {
            (Self::Lost(loss), _) => Self::Lost(loss),
            (_, Seen::Taken(holder)) => Self::Lost(Loss::Taken(holder)),
            (_, Seen::Freed) => Self::Lost(Loss::Freed),
            (Self::Adrift { .. }, Seen::Ours) => Self::Held,
            (Self::Adrift { since }, _) if now.saturating_sub(since) >= patience => Self::Lost(Loss::Expired),
            (Self::Adrift { since }, _) => Self::Adrift { since },
            (_, Seen::Ended) => Self::Adrift { since: now },
            (_, Seen::Ours) => Self::Held,
            (_, Seen::Overwritten) => Self::Unknown(Doubt::Overwritten),
            // A missing answer does not cancel an earlier observation.
            (Self::Unknown(Doubt::Overwritten), Seen::Unreachable(_)) => Self::Unknown(Doubt::Overwritten),
            (_, Seen::Unreachable(text)) => Self::Unknown(Doubt::Unreachable(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(45);

    fn unreachable() -> Standing {
        Standing::Unknown(Doubt::Unreachable("x".into()))
    }

    fn no_answer() -> Seen {
        Seen::Unreachable("x".into())
    }

    fn other() -> Box<Holder> {
        Box::new(Holder { run_id: "other".into(), ..Holder::default() })
    }

    /// Standing before, observation, second of the observation, standing after.
    fn table() -> Vec<(Standing, Seen, u64, Standing)> {
        let overwritten = || Standing::Unknown(Doubt::Overwritten);
        let adrift = |since| Standing::Adrift { since: Duration::from_secs(since) };
        let taken = || Standing::Lost(Loss::Taken(other()));
        let (freed, expired) = (Standing::Lost(Loss::Freed), Standing::Lost(Loss::Expired));
        vec![
            (Standing::Held, Seen::Ours, 1, Standing::Held),
            (Standing::Held, no_answer(), 1, unreachable()),
            (Standing::Held, Seen::Overwritten, 1, overwritten()),
            (Standing::Held, Seen::Ended, 7, adrift(7)),
            (Standing::Held, Seen::Freed, 1, freed.clone()),
            (Standing::Held, Seen::Taken(other()), 1, taken()),
            (unreachable(), Seen::Ours, 1, Standing::Held),
            // A missing answer never proves a loss, however long it lasts.
            (unreachable(), no_answer(), 86_400, unreachable()),
            (unreachable(), Seen::Overwritten, 1, overwritten()),
            (unreachable(), Seen::Ended, 7, adrift(7)),
            (unreachable(), Seen::Freed, 1, freed.clone()),
            (unreachable(), Seen::Taken(other()), 1, taken()),
            (overwritten(), Seen::Overwritten, 1, overwritten()),
            (overwritten(), no_answer(), 1, overwritten()),
            (overwritten(), Seen::Ours, 1, Standing::Held),
            (overwritten(), Seen::Freed, 1, freed.clone()),
            (overwritten(), Seen::Ended, 7, adrift(7)),
            (overwritten(), Seen::Taken(other()), 1, taken()),
            (adrift(7), Seen::Ours, 50, Standing::Held),
            (adrift(7), Seen::Ended, 51, adrift(7)),
            (adrift(7), Seen::Ended, 52, expired.clone()),
            (adrift(7), no_answer(), 51, adrift(7)),
            (adrift(7), no_answer(), 52, expired.clone()),
            (adrift(7), Seen::Overwritten, 51, adrift(7)),
            (adrift(7), Seen::Overwritten, 52, expired),
            (adrift(7), Seen::Freed, 8, freed),
            (adrift(7), Seen::Taken(other()), 8, taken()),
        ]
    }

    #[test]
    fn the_table_decides_the_result_of_each_observation() {
        for (from, seen, second, to) in table() {
            let said = format!("{from:?} sees {seen:?} at {second}");
            assert_eq!(from.next(seen, Duration::from_secs(second), PATIENCE), to, "{said}");
        }
    }

    #[test]
    fn the_table_contains_every_pair() {
        let pairs: std::collections::BTreeSet<String> = table()
            .iter()
            .map(|(from, seen, ..)| {
                let from = match from {
                    Standing::Adrift { .. } => "Adrift".to_owned(),
                    other => format!("{other:?}"),
                };
                format!("{from} {:?}", std::mem::discriminant(seen))
            })
            .collect();
        // Held, unreachable, overwritten and adrift, each with six observations.
        assert_eq!(pairs.len(), 4 * 6);
    }

    #[test]
    fn a_lost_lock_stays_lost() {
        let all =
            [Seen::Ours, Seen::Overwritten, no_answer(), Seen::Ended, Seen::Freed, Seen::Taken(other())];
        for loss in [Loss::Freed, Loss::Expired, Loss::Unwatched, Loss::Taken(Box::default())] {
            for seen in all.clone() {
                let lost = Standing::Lost(loss.clone());
                assert_eq!(lost.clone().next(seen, Duration::ZERO, PATIENCE), lost);
            }
        }
    }
}
