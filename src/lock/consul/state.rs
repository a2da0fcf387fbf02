//! Decides whether Eos still holds a lock, as far as this can be known. Pure: observations and times go in.

use std::time::Duration;

use crate::lock::holder::Holder;

/// What Eos knows about a lock that it acquired.
#[derive(Clone, Debug, PartialEq)]
pub enum LockState {
    Held,
    /// Eos may hold the lock. Terraform continues; nothing new is started.
    Unknown(UnknownReason),
    /// The session is gone, but no other holder was seen yet: the lock may be acquired again.
    SessionExpired {
        since: Duration,
    },
    /// Another process holds the lock, or nobody does. Terraform is asked to stop. This state is final.
    Lost(LostReason),
}

#[derive(Clone, Debug, PartialEq)]
pub enum UnknownReason {
    /// Consul does not answer, for this reason.
    Unreachable(String),
    /// Another client wrote to the key, but Eos's session still holds it.
    Overwritten,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LostReason {
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
pub enum LockObservation {
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

impl LockState {
    /// Returns the standing after an observation. `now` and `since` count from the same moment. `patience` is the time
    /// in which Eos may try to acquire the lock again: TTL plus lock-delay.
    pub fn next(self, seen: LockObservation, now: Duration, patience: Duration) -> Self {
        match (self, seen) {
            (Self::Lost(loss), _) => Self::Lost(loss),
            (_, LockObservation::Taken(holder)) => Self::Lost(LostReason::Taken(holder)),
            (_, LockObservation::Freed) => Self::Lost(LostReason::Freed),
            (Self::SessionExpired { .. }, LockObservation::Ours) => Self::Held,
            (Self::SessionExpired { since }, _) if now.saturating_sub(since) >= patience => {
                Self::Lost(LostReason::Expired)
            }
            (Self::SessionExpired { since }, _) => Self::SessionExpired { since },
            (_, LockObservation::Ended) => Self::SessionExpired { since: now },
            (_, LockObservation::Ours) => Self::Held,
            (_, LockObservation::Overwritten) => Self::Unknown(UnknownReason::Overwritten),
            // A missing answer does not cancel an earlier observation.
            (Self::Unknown(UnknownReason::Overwritten), LockObservation::Unreachable(_)) => {
                Self::Unknown(UnknownReason::Overwritten)
            }
            (_, LockObservation::Unreachable(text)) => Self::Unknown(UnknownReason::Unreachable(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(45);

    fn unreachable() -> LockState {
        LockState::Unknown(UnknownReason::Unreachable("x".into()))
    }

    fn no_answer() -> LockObservation {
        LockObservation::Unreachable("x".into())
    }

    fn other() -> Box<Holder> {
        Box::new(Holder { run_id: "other".into(), ..Holder::default() })
    }

    /// Standing before, observation, second of the observation, standing after.
    fn table() -> Vec<(LockState, LockObservation, u64, LockState)> {
        let overwritten = || LockState::Unknown(UnknownReason::Overwritten);
        let adrift = |since| LockState::SessionExpired { since: Duration::from_secs(since) };
        let taken = || LockState::Lost(LostReason::Taken(other()));
        let (freed, expired) = (LockState::Lost(LostReason::Freed), LockState::Lost(LostReason::Expired));
        vec![
            (LockState::Held, LockObservation::Ours, 1, LockState::Held),
            (LockState::Held, no_answer(), 1, unreachable()),
            (LockState::Held, LockObservation::Overwritten, 1, overwritten()),
            (LockState::Held, LockObservation::Ended, 7, adrift(7)),
            (LockState::Held, LockObservation::Freed, 1, freed.clone()),
            (LockState::Held, LockObservation::Taken(other()), 1, taken()),
            (unreachable(), LockObservation::Ours, 1, LockState::Held),
            // A missing answer never proves a loss, however long it lasts.
            (unreachable(), no_answer(), 86_400, unreachable()),
            (unreachable(), LockObservation::Overwritten, 1, overwritten()),
            (unreachable(), LockObservation::Ended, 7, adrift(7)),
            (unreachable(), LockObservation::Freed, 1, freed.clone()),
            (unreachable(), LockObservation::Taken(other()), 1, taken()),
            (overwritten(), LockObservation::Overwritten, 1, overwritten()),
            (overwritten(), no_answer(), 1, overwritten()),
            (overwritten(), LockObservation::Ours, 1, LockState::Held),
            (overwritten(), LockObservation::Freed, 1, freed.clone()),
            (overwritten(), LockObservation::Ended, 7, adrift(7)),
            (overwritten(), LockObservation::Taken(other()), 1, taken()),
            (adrift(7), LockObservation::Ours, 50, LockState::Held),
            (adrift(7), LockObservation::Ended, 51, adrift(7)),
            (adrift(7), LockObservation::Ended, 52, expired.clone()),
            (adrift(7), no_answer(), 51, adrift(7)),
            (adrift(7), no_answer(), 52, expired.clone()),
            (adrift(7), LockObservation::Overwritten, 51, adrift(7)),
            (adrift(7), LockObservation::Overwritten, 52, expired),
            (adrift(7), LockObservation::Freed, 8, freed),
            (adrift(7), LockObservation::Taken(other()), 8, taken()),
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
                    LockState::SessionExpired { .. } => "Adrift".to_owned(),
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
        let all = [
            LockObservation::Ours,
            LockObservation::Overwritten,
            no_answer(),
            LockObservation::Ended,
            LockObservation::Freed,
            LockObservation::Taken(other()),
        ];
        for loss in
            [LostReason::Freed, LostReason::Expired, LostReason::Unwatched, LostReason::Taken(Box::default())]
        {
            for seen in all.clone() {
                let lost = LockState::Lost(loss.clone());
                assert_eq!(lost.clone().next(seen, Duration::ZERO, PATIENCE), lost);
            }
        }
    }
}
