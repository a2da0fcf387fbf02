//! What proves that Eos holds a lock in Consul.

use std::time::Duration;

use super::state::LockState;
use crate::consul::ConsulSession;

/// Changes if the lock was lost and acquired again.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub state: LockState,
    pub session: String,
    /// The key's `ModifyIndex` after Eos wrote it. No later holder has both this index and this session.
    pub index: u64,
    pub ttl: Duration,
    /// How often the lock was lost and acquired again before anybody else had it.
    pub regained: u32,
    /// The longest time in which this process did not run.
    pub suspended: Duration,
}

impl Claim {
    /// How long this process did not run, if the lock could end meanwhile.
    pub fn outlived_ttl(&self) -> Option<(Duration, Duration)> {
        (self.suspended >= self.ttl).then_some((self.suspended, self.ttl))
    }

    pub fn new(session: &ConsulSession, index: u64) -> Self {
        let (session, ttl) = (session.id.clone(), session.ttl);
        Self { state: LockState::Held, session, index, ttl, regained: 0, suspended: Duration::ZERO }
    }
}
