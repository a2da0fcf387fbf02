//! Decides whether a backend's lock belongs to a terraform that Eos started and that is dead.

use std::time::Duration;

/// What the backend reports about its lock. Times are measured from the epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lease {
    /// `user@host`.
    pub who: Option<String>,
    pub created: Option<Duration>,
}

/// A terraform of an earlier run that was killed. Eos holds the component's lock now, so that terraform no longer runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dead {
    pub host: String,
    pub started: Duration,
    /// The time of the last line in its stream.
    pub last_seen: Duration,
}

/// Why a lock is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No terraform that Eos started was killed here.
    NobodyDied,
    /// The backend does not report who holds the lock, or since when.
    Untold,
    OtherHost,
    /// The lock was taken before that terraform started, or after its last line.
    OtherTime,
}

/// Accepts only a lock that must belong to the dead terraform: taken on this host, and while that terraform was alive.
pub fn is_dead(lease: &Lease, dead: Option<&Dead>, here: &str) -> Result<(), Doubt> {
    let dead = dead.ok_or(Doubt::NobodyDied)?;
    let (Some(who), Some(created)) = (&lease.who, lease.created) else {
        return Err(Doubt::Untold);
    };
    let host = who.rsplit('@').next().unwrap_or_default();
    match host == here && dead.host == here {
        false => Err(Doubt::OtherHost),
        true if created < dead.started || created > dead.last_seen => Err(Doubt::OtherTime),
        true => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides_when_a_lock_is_released() {
        let seconds = Duration::from_secs;
        let dead = |host: &str| Dead { host: host.to_owned(), started: seconds(10), last_seen: seconds(20) };
        let lease = |who: &str, created| Lease { who: Some(who.to_owned()), created: Some(seconds(created)) };
        let untold = Lease { who: None, ..lease("", 15) };
        let timeless = Lease { created: None, ..lease("me@here", 0) };
        let table = [
            (lease("me@here", 15), Some(dead("here")), Ok(())),
            (lease("me@here", 10), Some(dead("here")), Ok(())),
            (lease("me@here", 20), Some(dead("here")), Ok(())),
            (lease("me@there@here", 15), Some(dead("here")), Ok(())),
            (lease("me@here", 15), None, Err(Doubt::NobodyDied)),
            (untold, Some(dead("here")), Err(Doubt::Untold)),
            (timeless, Some(dead("here")), Err(Doubt::Untold)),
            (lease("me@there", 15), Some(dead("here")), Err(Doubt::OtherHost)),
            (lease("me@here", 15), Some(dead("there")), Err(Doubt::OtherHost)),
            (lease("here", 9), Some(dead("here")), Err(Doubt::OtherTime)),
            (lease("me@here", 21), Some(dead("here")), Err(Doubt::OtherTime)),
        ];
        for (lease, dead, expected) in table {
            assert_eq!(is_dead(&lease, dead.as_ref(), "here"), expected, "{lease:?} {dead:?}");
        }
    }
}
