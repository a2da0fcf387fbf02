//! One health gate, ready to be measured.

use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::answer::{FailedMeasurement, Measurement, Outlook};
use super::{consul, http, nomad, tcp};
use crate::change::{Redactor, SENSITIVE};
use crate::model::{GateTiming, HttpProbe};
use crate::nomad::{DeploymentWatch, Diagnosis};

/// The most time for a diagnosis.
const DIAGNOSING: Duration = Duration::from_secs(20);

/// A gate with everything that is needed to measure it. No Debug, because it may contain secrets.
pub struct HealthGate {
    /// The gate's path in the pillar.
    pub path: String,
    /// What is measured, such as `http GET http://10.0.0.1:8080/healthz`. Secrets are masked.
    pub target: String,
    pub timing: GateTiming,
    /// The gate has no deadline of its own, so it waits as long as something is in progress.
    pub is_patient: bool,
    pub(super) probe: Probe,
    /// The address is a secret, so an answer must not contain texts of other programs about it.
    hidden: bool,
    redactor: Redactor,
}

pub(super) enum Probe {
    Http(http::HttpGate),
    Tcp(tcp::TcpGate),
    Nomad(Box<DeploymentWatch>),
    Consul(Box<consul::ConsulGate>),
}

/// The fields that all kinds of gates have.
pub struct GateContext {
    pub path: String,
    pub timing: GateTiming,
    pub is_patient: bool,
    /// Whether a part of the address is a secret.
    pub hidden: bool,
    pub redactor: Redactor,
}

impl HealthGate {
    /// `url` and the headers' values may be secrets. An error names what cannot be used, but contains no secret.
    pub fn http(
        opening: GateContext,
        url: &str,
        probe: &HttpProbe,
        headers: &[(String, SecretString)],
    ) -> Result<Self, String> {
        let http = http::HttpGate::open(url, probe, headers)?;
        let address = if opening.hidden { SENSITIVE } else { http.url() };
        let target = format!("http {} {address}", probe.method);
        Ok(Self::new(opening, &target, Probe::Http(http)))
    }

    pub fn tcp(opening: GateContext, host: String, port: u16) -> Self {
        let address = if opening.hidden { SENSITIVE.to_owned() } else { format!("{host} port {port}") };
        Self::new(opening, &format!("tcp {address}"), Probe::Tcp(tcp::TcpGate { host, port }))
    }

    pub fn nomad(opening: GateContext, follow: DeploymentWatch) -> Self {
        let target = format!("nomad job {}", if opening.hidden { SENSITIVE } else { &follow.name.id });
        Self::new(opening, &target, Probe::Nomad(Box::new(follow)))
    }

    pub fn consul(opening: GateContext, consul: consul::ConsulGate) -> Self {
        let target = format!("consul service {}", if opening.hidden { SENSITIVE } else { &consul.service });
        let consul = consul.silently(opening.hidden);
        Self::new(opening, &target, Probe::Consul(Box::new(consul)))
    }

    fn new(opening: GateContext, target: &str, probe: Probe) -> Self {
        let GateContext { path, timing, is_patient, hidden, redactor } = opening;
        Self { path, target: redactor.text(target), timing, is_patient, probe, hidden, redactor }
    }

    /// Measures the gate once, within its timeout.
    pub async fn measure(&self) -> Measurement {
        let began = Instant::now();
        let asked = async {
            match &self.probe {
                Probe::Http(http) => http.ask().await,
                Probe::Tcp(tcp) => tcp.ask().await,
                Probe::Nomad(follow) => nomad::ask(follow).await,
                Probe::Consul(consul) => consul.ask().await,
            }
        };
        let timeout = self.timing.timeout;
        let found = tokio::time::timeout(timeout, asked).await.unwrap_or_else(|_| Err(late(timeout)));
        let duration = began.elapsed().as_secs_f64();
        match found {
            Ok(said) => Measurement {
                passed: true,
                said: self.redactor.text(&said),
                duration,
                outlook: Outlook::Open,
            },
            Err(miss) => Measurement { passed: false, outlook: miss.outlook, said: self.say(miss), duration },
        }
    }

    /// Waits between two measurements.
    pub async fn rest(&self, pause: Duration) {
        match &self.probe {
            Probe::Nomad(follow) if !pause.is_zero() => follow.rest(pause).await,
            Probe::Consul(consul) => tokio::time::sleep(pause.max(consul.retry_after())).await,
            _ => tokio::time::sleep(pause).await,
        }
    }

    /// Finds out why the gate does not pass. The known secrets are masked.
    pub async fn diagnose(&self) -> Option<Diagnosis> {
        let follow = match &self.probe {
            Probe::Http(_) | Probe::Tcp(_) => None,
            Probe::Nomad(follow) => Some(&**follow),
            Probe::Consul(consul) => consul.server(),
        };
        let mut diagnosis = tokio::time::timeout(DIAGNOSING, follow?.diagnose()).await.ok()?;
        self.redactor.gathered(&mut diagnosis.details);
        diagnosis.lines.iter_mut().for_each(|line| *line = self.redactor.text(line));
        Some(diagnosis)
    }

    /// A check that failed while a deployment was in progress. Its allocations may be gone by now.
    pub fn seen_failing(&self) -> Option<String> {
        let seen = match &self.probe {
            Probe::Http(_) | Probe::Tcp(_) => None,
            Probe::Nomad(follow) => follow.seen_failing(),
            Probe::Consul(consul) => consul.seen_failing(),
        };
        // Its output may repeat the address.
        seen.filter(|_| !self.hidden).map(|line| self.redactor.text(&line))
    }

    fn say(&self, miss: FailedMeasurement) -> String {
        match miss.why.filter(|_| !self.hidden) {
            Some(why) => self.redactor.text(&format!("{}: {why}", miss.what)),
            None => self.redactor.text(&miss.what),
        }
    }
}

fn late(timeout: Duration) -> FailedMeasurement {
    FailedMeasurement::new(format!("no answer within {}", humantime::format_duration(timeout)), None)
}
