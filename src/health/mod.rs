//! Health gates: whether what was made does its work.
//!
//! Knows how to ask by HTTP and TCP, once or until the gates hold. Must not know components, states, Terraform.
//! Through it passes: a [`Gate`] with its values in; what was answered, without a secret, out.

mod http;
mod tcp;
mod watch;

use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::Serialize;

use crate::change::{Redactor, SENSITIVE};
use crate::model::{HttpProbe, Timing};

pub use watch::{Tally, Unhealthy, watch};

/// One gate with all that is needed to measure it. No Debug: it may hold secrets.
pub struct Gate {
    /// Where it stands in the pillar.
    pub path: String,
    /// `http GET http://10.0.0.1:8080/healthz`; what is a secret is masked.
    pub target: String,
    pub timing: Timing,
    probe: Probe,
    /// The address is a secret: an answer may not tell of it in another's words.
    hidden: bool,
    redactor: Redactor,
}

enum Probe {
    Http(http::Http),
    Tcp(tcp::Tcp),
}

/// What one measurement came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub passed: bool,
    /// `HTTP 503, expected 200-299`; a line, without a secret.
    pub said: String,
    /// Seconds.
    pub duration: f64,
}

/// A measurement that did not pass.
struct Miss {
    /// Ours.
    what: String,
    /// The system's, or TLS's: it may repeat the address.
    why: Option<String>,
}

/// What both kinds of gate have.
pub struct Opening {
    pub path: String,
    pub timing: Timing,
    /// Whether a part of its address is a secret.
    pub hidden: bool,
    pub redactor: Redactor,
}

impl Gate {
    /// `url` and the headers' values may be secrets. Fails with what cannot be used, without them.
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

    fn new(opening: Opening, target: &str, probe: Probe) -> Self {
        let Opening { path, timing, hidden, redactor } = opening;
        Self { path, target: redactor.text(target), timing, probe, hidden, redactor }
    }

    /// Asks once, for as long as `timeout` allows.
    pub async fn measure(&self) -> Answer {
        let began = Instant::now();
        let asked = async {
            match &self.probe {
                Probe::Http(http) => http.ask().await,
                Probe::Tcp(tcp) => tcp.ask().await,
            }
        };
        let timeout = self.timing.timeout;
        let found = tokio::time::timeout(timeout, asked).await.unwrap_or_else(|_| Err(late(timeout)));
        let duration = began.elapsed().as_secs_f64();
        match found {
            Ok(said) => Answer { passed: true, said, duration },
            Err(miss) => Answer { passed: false, said: self.say(miss), duration },
        }
    }

    fn say(&self, miss: Miss) -> String {
        match miss.why.filter(|_| !self.hidden) {
            Some(why) => self.redactor.text(&format!("{}: {why}", miss.what)),
            None => miss.what,
        }
    }
}

fn late(timeout: Duration) -> Miss {
    Miss { what: format!("no answer within {}", humantime::format_duration(timeout)), why: None }
}
