//! What keeps two runs of one component apart.

use std::path::PathBuf;
use std::time::Duration;

use super::Reference;

/// Validated `infrastructure:settings:lock`.
#[derive(Clone, Debug, PartialEq)]
pub enum Lock {
    /// A file of this host.
    File,
    /// A key of Consul's, and the file of this host with it.
    Consul(Box<ConsulLock>),
}

impl Lock {
    pub fn token(&self) -> Option<&Reference> {
        match self {
            Self::File => None,
            Self::Consul(consul) => consul.token.as_ref(),
        }
    }
}

/// A Consul that holds locks.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulLock {
    /// `http://` or `https://`, a host, a port; no path, no credentials, no slash at the end.
    pub address: String,
    /// Never [`Reference::Plain`].
    pub token: Option<Reference>,
    /// How long a session lives without being renewed: 10 s to a day; Consul takes up to twice as long.
    pub ttl: Duration,
    /// How long Consul gives a lost lock to nobody; at most a minute.
    pub lock_delay: Duration,
    /// Keys are `{prefix}/{environment}/{component}/lock`.
    pub prefix: String,
    pub tls: Tls,
}

/// How the other side of an `https://` address is known, and how it knows us.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The only authorities that are believed; the system's without it. PEM.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and its key. PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Believe anybody.
    pub insecure: bool,
}
