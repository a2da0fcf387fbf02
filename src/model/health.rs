//! Health gates: checks that must hold before the turn of a component succeeds.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{PillarPath, Reference, Tls, output_path};

/// One item of a component's `health`.
#[derive(Clone, Debug, PartialEq)]
pub struct GateSettings {
    /// Its path in the pillar: `infrastructure:components:web:health:0`.
    pub path: PillarPath,
    pub probe: ProbeSettings,
    pub timing: GateTiming,
    /// The pillar does not write it: every service has it.
    pub is_derived: bool,
}

/// What is checked.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeSettings {
    Http(HttpProbe),
    Tcp(TcpProbe),
    Nomad(NomadProbe),
    Consul(ConsulProbe),
}

/// Passes if the response has one of these statuses. A redirect is a response; it is not followed.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpProbe {
    /// An `http://` or `https://` address, as [`super::address::url`] accepts it.
    pub url: ValueOrOutput<String>,
    /// Appended to the address. It begins with a slash.
    pub path: Option<String>,
    /// `GET`, `HEAD`, `OPTIONS` or `POST`.
    pub method: &'static str,
    pub statuses: StatusRanges,
    pub headers: BTreeMap<String, Reference>,
    pub tls: Tls,
}

/// Passes if the server accepts a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpProbe {
    /// A name or an IP address.
    pub host: ValueOrOutput<String>,
    pub port: ValueOrOutput<u16>,
}

/// Passes if the last registered version of a job runs. Its deployment decides; without a deployment its allocations
/// do.
#[derive(Clone, Debug, PartialEq)]
pub struct NomadProbe {
    pub job: ValueOrOutput<String>,
    /// Default: the namespace of the component's own job of this name, else that of `infrastructure:settings:nomad`.
    pub namespace: Option<String>,
}

/// Passes if enough instances of a service pass all their checks. The new instances of the component's jobs must be
/// among them.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulProbe {
    pub service: ValueOrOutput<String>,
    /// At least 1.
    pub least: u64,
}

/// A value from the pillar, or from an output of the component's own module.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueOrOutput<T> {
    Literal(T),
    Output(OwnOutput),
}

/// `{output: endpoint.0.url}`: an output, with keys and indices below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOutput {
    pub output: String,
    pub path: Vec<String>,
}

/// When to check, and how long to wait. The names are Nomad's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateTiming {
    /// Time between the end of one check and the start of the next.
    pub interval: Duration,
    /// Maximum time for one check.
    pub timeout: Duration,
    /// How long the gate must hold without interruption.
    pub min_healthy_time: Duration,
    /// Measured from the start of the watch. At least `min_healthy_time`.
    pub healthy_deadline: Duration,
    /// Whether the pillar sets `healthy_deadline`. If not, a rollout that still makes progress may take longer.
    pub is_set: bool,
}

/// Ranges of HTTP statuses, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRanges(pub Vec<(u16, u16)>);

impl StatusRanges {
    pub fn hold(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl GateSettings {
    /// Whether both are about the same job, or about the same service in Consul. The times of this gate then apply.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        match (&self.probe, &other.probe) {
            (ProbeSettings::Nomad(own), ProbeSettings::Nomad(other)) => own == other,
            (ProbeSettings::Consul(own), ProbeSettings::Consul(other)) => own.service == other.service,
            _ => false,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self.probe {
            ProbeSettings::Http(_) => "http",
            ProbeSettings::Tcp(_) => "tcp",
            ProbeSettings::Nomad(_) => "nomad",
            ProbeSettings::Consul(_) => "consul",
        }
    }

    /// All outputs that the gate reads, each with its key.
    pub fn outputs(&self) -> impl Iterator<Item = (&'static str, &OwnOutput)> {
        let read = match &self.probe {
            ProbeSettings::Http(http) => vec![("url", http.url.output())],
            ProbeSettings::Tcp(tcp) => vec![("host", tcp.host.output()), ("port", tcp.port.output())],
            ProbeSettings::Nomad(nomad) => vec![("job", nomad.job.output())],
            ProbeSettings::Consul(consul) => vec![("service", consul.service.output())],
        };
        read.into_iter().filter_map(|(key, output)| output.map(|output| (key, output)))
    }
}

impl<T> ValueOrOutput<T> {
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
        output_path::write(&self.path, f)
    }
}

/// `200, 300-399`.
impl fmt::Display for StatusRanges {
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
