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
}

impl Claim {
    pub fn new(session: &ConsulSession, index: u64) -> Self {
        Self { state: LockState::Held, session: session.id.clone(), index, ttl: session.ttl, regained: 0 }
    }
}
