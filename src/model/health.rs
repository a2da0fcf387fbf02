//! What must be true of a component's world before its turn has ended well.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{PillarPath, Reference, Tls};

/// One item of a component's `health`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Where it stands: `infrastructure:components:web:health:0`.
    pub path: PillarPath,
    pub probe: Probe,
    pub timing: Timing,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    Http(HttpProbe),
    Tcp(TcpProbe),
    Nomad(NomadProbe),
    Consul(ConsulProbe),
}

/// Passes where the answer has one of these statuses. A redirect is an answer, and is not followed.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpProbe {
    /// An `http://` or `https://` address, as [`super::address::url`] takes it.
    pub url: Given<String>,
    /// Appended to the address; begins with a slash.
    pub path: Option<String>,
    /// `GET`, `HEAD`, `OPTIONS` or `POST`.
    pub method: &'static str,
    pub statuses: Statuses,
    pub headers: BTreeMap<String, Reference>,
    pub tls: Tls,
}

/// Passes where a connection is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpProbe {
    /// A name or an IP address.
    pub host: Given<String>,
    pub port: Given<u16>,
}

/// Passes where what was last registered of a job runs, by its deployment or, where it has none, by its allocations.
#[derive(Clone, Debug, PartialEq)]
pub struct NomadProbe {
    pub job: Given<String>,
    /// That of the component's own job of this name, or of `infrastructure:settings:nomad`.
    pub namespace: Option<String>,
}

/// Passes where enough instances of a service pass all their checks, among them each new one of the component's jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulProbe {
    pub service: Given<String>,
    /// From one.
    pub least: u64,
}

/// A value that the pillar has, or that the component's own module gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<T> {
    Literal(T),
    Output(OwnOutput),
}

/// `{output: endpoint.0.url}`: an output, and keys and indices below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOutput {
    pub output: String,
    pub path: Vec<String>,
}

/// When to ask, and how long to wait. Nomad's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between the end of one measurement and the beginning of the next.
    pub interval: Duration,
    /// What one measurement may take.
    pub timeout: Duration,
    /// How long it must pass without a break.
    pub min_healthy_time: Duration,
    /// From the beginning of the watch; at least `min_healthy_time`.
    pub healthy_deadline: Duration,
    /// Whether the pillar sets that deadline; else what is under way may take longer.
    pub is_set: bool,
}

/// Ranges of HTTP statuses, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(pub Vec<(u16, u16)>);

impl Statuses {
    pub fn hold(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl Gate {
    pub fn kind(&self) -> &'static str {
        match self.probe {
            Probe::Http(_) => "http",
            Probe::Tcp(_) => "tcp",
            Probe::Nomad(_) => "nomad",
            Probe::Consul(_) => "consul",
        }
    }

    /// Every output that it reads, with the key that it stands at.
    pub fn outputs(&self) -> impl Iterator<Item = (&'static str, &OwnOutput)> {
        let read = match &self.probe {
            Probe::Http(http) => vec![("url", http.url.output())],
            Probe::Tcp(tcp) => vec![("host", tcp.host.output()), ("port", tcp.port.output())],
            Probe::Nomad(nomad) => vec![("job", nomad.job.output())],
            Probe::Consul(consul) => vec![("service", consul.service.output())],
        };
        read.into_iter().filter_map(|(key, output)| output.map(|output| (key, output)))
    }
}

impl<T> Given<T> {
    pub fn output(&self) -> Option<&OwnOutput> {
        match self {
            Self::Literal(_) => None,
            Self::Output(output) => Some(output),
        }
    }
}

impl fmt::Display for OwnOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.output)?;
        self.path.iter().try_for_each(|part| write!(f, ".{part}"))
    }
}

/// `200, 300-399`.
impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match first == last {
                true => write!(f, "{first}")?,
                false => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}
