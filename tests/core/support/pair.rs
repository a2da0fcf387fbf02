//! One Nomad with its Consul for the tests of a crate: each uses names of its own.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::server::Server;

pub struct Pair {
    pub consul: Server,
    pub nomad: Server,
}

static SHARED: Mutex<Weak<Pair>> = Mutex::new(Weak::new());

/// Ends with the last test that holds it. None, visibly, where a program is missing.
pub fn pair() -> Option<Arc<Pair>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pair) = shared.upgrade() {
        return Some(pair);
    }
    let consul = Server::consul()?;
    let nomad = Server::nomad_beside(&consul)?;
    let pair = Arc::new(Pair { consul, nomad });
    *shared = Arc::downgrade(&pair);
    Some(pair)
}

impl Pair {
    /// Of the Nomad.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.nomad.port)
    }
}
