//! The lock that prevents two runs from working on one component at the same time.

use std::path::PathBuf;
use std::time::Duration;

use super::Reference;

/// Validated `infrastructure:settings:lock`.
#[derive(Clone, Debug, PartialEq)]
pub enum LockSettings {
    /// A file on this host.
    File,
    /// A key in Consul, and in addition the file on this host.
    Consul(Box<ConsulLock>),
}

impl LockSettings {
    pub fn token(&self) -> Option<&Reference> {
        match self {
            Self::File => None,
            Self::Consul(consul) => consul.token.as_ref(),
        }
    }
}

/// A Consul server that holds locks.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulLock {
    /// `http://` or `https://`, a host and a port. No path, no credentials, no slash at the end.
    pub address: String,
    /// Never [`Reference::Plain`].
    pub token: Option<Reference>,
    /// How long a session lives without renewal: 10 s to 24 h. Consul may take up to twice as long to end it.
    pub ttl: Duration,
    /// How long Consul refuses a lost lock to everybody. At most a minute.
    pub lock_delay: Duration,
    /// Keys are `{prefix}/{environment}/{component}/lock`.
    pub prefix: String,
    pub tls: Tls,
}

/// How the server of an `https://` address is verified, and how Eos identifies itself to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The only certificate authorities that are trusted; without it, those of the system. PEM.
    pub ca_file: Option<PathBuf>,
    /// The client certificate and its key. PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Accept any server certificate.
    pub insecure: bool,
}
