//! Decides whether a backend's lock belongs to a terraform that Eos started and that is dead.

use std::time::Duration;

/// What the backend reports about its lock. Times are measured from the epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackendLock {
    /// `user@host`.
    pub who: Option<String>,
    pub created: Option<Duration>,
}

/// A terraform of an earlier run that was killed. Eos holds the component's lock now, so that terraform no longer runs.
#[derive(Clone, Debug, PartialEq)]
pub struct KilledTerraform {
    pub host: String,
    pub started: Duration,
    /// The time of the last line in its stream.
    pub last_seen: Duration,
}

/// Why a lock is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKeptReason {
    /// No terraform that Eos started was killed here.
    NothingKilled,
    /// The backend does not report who holds the lock, or since when.
    HolderUnknown,
    OtherHost,
    /// The lock was taken before that terraform started, or after its last line.
    OtherTime,
}

/// Accepts only a lock that must belong to the dead terraform: taken on this host, and while that terraform was alive.
pub fn check_stale(
    backend_lock: &BackendLock,
    killed: Option<&KilledTerraform>,
    here: &str,
) -> Result<(), LockKeptReason> {
    let killed = killed.ok_or(LockKeptReason::NothingKilled)?;
    let (Some(who), Some(created)) = (&backend_lock.who, backend_lock.created) else {
        return Err(LockKeptReason::HolderUnknown);
    };
    let host = who.rsplit('@').next().unwrap_or_default();
    match host == here && killed.host == here {
        false => Err(LockKeptReason::OtherHost),
        true if created < killed.started || created > killed.last_seen => Err(LockKeptReason::OtherTime),
        true => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides_when_a_lock_is_released() {
        let seconds = Duration::from_secs;
        let killed = |host: &str| KilledTerraform {
            host: host.to_owned(),
            started: seconds(10),
            last_seen: seconds(20),
        };
        let lease =
            |who: &str, created| BackendLock { who: Some(who.to_owned()), created: Some(seconds(created)) };
        let untold = BackendLock { who: None, ..lease("", 15) };
        let timeless = BackendLock { created: None, ..lease("me@here", 0) };
        let table = [
            (lease("me@here", 15), Some(killed("here")), Ok(())),
            (lease("me@here", 10), Some(killed("here")), Ok(())),
            (lease("me@here", 20), Some(killed("here")), Ok(())),
            (lease("me@there@here", 15), Some(killed("here")), Ok(())),
            (lease("me@here", 15), None, Err(LockKeptReason::NothingKilled)),
            (untold, Some(killed("here")), Err(LockKeptReason::HolderUnknown)),
            (timeless, Some(killed("here")), Err(LockKeptReason::HolderUnknown)),
            (lease("me@there", 15), Some(killed("here")), Err(LockKeptReason::OtherHost)),
            (lease("me@here", 15), Some(killed("there")), Err(LockKeptReason::OtherHost)),
            (lease("here", 9), Some(killed("here")), Err(LockKeptReason::OtherTime)),
            (lease("me@here", 21), Some(killed("here")), Err(LockKeptReason::OtherTime)),
        ];
        for (backend_lock, killed, expected) in table {
            assert_eq!(
                check_stale(&backend_lock, killed.as_ref(), "here"),
                expected,
                "{backend_lock:?} {killed:?}"
            );
        }
    }
}
