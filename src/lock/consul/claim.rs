//! What a lock that we took stands on.

use std::time::Duration;

use super::standing::Standing;
use crate::consul::Session;

/// Changes where the lock was lost and taken again.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub standing: Standing,
    pub session: String,
    /// `ModifyIndex` of the key as we wrote it: with the session, what no later holder has.
    pub index: u64,
    pub ttl: Duration,
}

impl Claim {
    pub fn new(session: &Session, index: u64) -> Self {
        Self { standing: Standing::Held, session: session.id.clone(), index, ttl: session.ttl }
    }
}
