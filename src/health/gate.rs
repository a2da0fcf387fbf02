//! One health gate, ready to be measured.

use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::answer::{Answer, Miss, Outlook};
use super::{consul, http, nomad, tcp};
use crate::change::{Redactor, SENSITIVE};
use crate::model::{HttpProbe, Timing};
use crate::nomad::{Diagnosis, Follow};

/// The most time for a diagnosis.
const DIAGNOSING: Duration = Duration::from_secs(20);

/// A gate with everything that is needed to measure it. No Debug, because it may contain secrets.
pub struct Gate {
    /// The gate's path in the pillar.
    pub path: String,
    /// What is measured, such as `http GET http://10.0.0.1:8080/healthz`. Secrets are masked.
    pub target: String,
    pub timing: Timing,
    /// The gate has no deadline of its own, so it waits as long as something is in progress.
    pub is_patient: bool,
    pub(super) probe: Probe,
    /// The address is a secret, so an answer must not contain texts of other programs about it.
    hidden: bool,
    redactor: Redactor,
}

pub(super) enum Probe {
    Http(http::Http),
    Tcp(tcp::Tcp),
    Nomad(Box<Follow>),
    Consul(Box<consul::Gated>),
}

/// The fields that all kinds of gates have.
pub struct Opening {
    pub path: String,
    pub timing: Timing,
    pub is_patient: bool,
    /// Whether a part of the address is a secret.
    pub hidden: bool,
    pub redactor: Redactor,
}

impl Gate {
    /// `url` and the headers' values may be secrets. An error names what cannot be used, but contains no secret.
    pub fn http(
        opening: Opening,
        url: &str,
        probe: &HttpProbe,
        headers: &[(String, SecretString)],
    ) -> Result<Self, String> {
        let http = http::Http::open(url, probe, headers)?;
        let address = if opening.hidden { SENSITIVE } else { http.url() };
        let target = format!("http {} {address}", probe.method);
        Ok(Self::new(opening, &target, Probe::Http(http)))
    }

    pub fn tcp(opening: Opening, host: String, port: u16) -> Self {
        let address = if opening.hidden { SENSITIVE.to_owned() } else { format!("{host} port {port}") };
        Self::new(opening, &format!("tcp {address}"), Probe::Tcp(tcp::Tcp { host, port }))
    }

    pub fn nomad(opening: Opening, follow: Follow) -> Self {
        let target = format!("nomad job {}", if opening.hidden { SENSITIVE } else { &follow.name.id });
        Self::new(opening, &target, Probe::Nomad(Box::new(follow)))
    }

    pub fn consul(opening: Opening, consul: consul::Gated) -> Self {
        let target = format!("consul service {}", if opening.hidden { SENSITIVE } else { &consul.service });
        let consul = consul.silently(opening.hidden);
        Self::new(opening, &target, Probe::Consul(Box::new(consul)))
    }

    fn new(opening: Opening, target: &str, probe: Probe) -> Self {
        let Opening { path, timing, is_patient, hidden, redactor } = opening;
        Self { path, target: redactor.text(target), timing, is_patient, probe, hidden, redactor }
    }

    /// Measures the gate once, within its timeout.
    pub async fn measure(&self) -> Answer {
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
            Ok(said) => {
                Answer { passed: true, said: self.redactor.text(&said), duration, outlook: Outlook::Open }
            }
            Err(miss) => Answer { passed: false, outlook: miss.outlook, said: self.say(miss), duration },
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
        let mut found = tokio::time::timeout(DIAGNOSING, follow?.diagnose()).await.ok()?;
        self.redactor.gathered(&mut found.details);
        found.lines.iter_mut().for_each(|line| *line = self.redactor.text(line));
        Some(found)
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

    fn say(&self, miss: Miss) -> String {
        match miss.why.filter(|_| !self.hidden) {
            Some(why) => self.redactor.text(&format!("{}: {why}", miss.what)),
            None => self.redactor.text(&miss.what),
        }
    }
}

fn late(timeout: Duration) -> Miss {
    Miss::new(format!("no answer within {}", humantime::format_duration(timeout)), None)
}
