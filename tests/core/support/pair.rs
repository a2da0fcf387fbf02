//! One Nomad with its Consul for all tests of this program. Each test uses its own names.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::server::Server;

pub struct Pair {
    pub consul: Server,
    pub nomad: Server,
}

static SHARED: Mutex<Weak<Pair>> = Mutex::new(Weak::new());

/// The pair ends with the last test that uses it. None, with a message, if a program is missing.
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
    /// The address of the Nomad.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.nomad.port)
    }
}
