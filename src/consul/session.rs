//! A session in Consul. It holds keys, and it lives as long as it is renewed.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::client::ConsulClient;
use super::error::ConsulError;

pub struct ConsulSession {
    pub id: String,
    /// The least lifetime without a renewal. The server may grant more than was requested.
    pub ttl: Duration,
    renewed: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub enum SessionRenewal {
    Renewed,
    Gone,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    #[serde(rename = "ID")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Renewed {
    #[serde(rename = "TTL")]
    ttl: String,
}

impl ConsulSession {
    /// Makes a session that lives for `ttl` without a renewal. When it ends, Consul gives its keys to nobody for
    /// `lock_delay`.
    pub async fn create(
        client: &ConsulClient,
        name: &str,
        ttl: Duration,
        lock_delay: Duration,
    ) -> Result<Self, ConsulError> {
        let body = json!({
            "Name": name,
            // Without this, Consul adds the check serfHealth, and a short problem between its agents would cost the
            // lock.
            "NodeChecks": [],
            "TTL": format!("{}ms", ttl.as_millis()),
            "LockDelay": format!("{}ms", lock_delay.as_millis()),
            "Behavior": "release",
        });
        let renewed = Instant::now();
        let reply = client.put("session/create", body.to_string().into_bytes()).await?;
        let Created { id } = client.parse(&reply)?;
        Ok(Self { id, ttl, renewed })
    }

    /// The instant of the next renewal: after a third of the TTL.
    pub fn due(&self) -> Instant {
        self.renewed + self.ttl / 3
    }

    pub async fn renew(&mut self, client: &ConsulClient) -> Result<SessionRenewal, ConsulError> {
        let asked = Instant::now();
        let reply = client.put(&format!("session/renew/{}", self.id), Vec::new()).await?;
        if reply.status == 404 {
            return Ok(SessionRenewal::Gone);
        }
        let renewed: Vec<Renewed> = client.parse(&reply)?;
        let renewed = renewed.first().ok_or_else(|| client.not_consul(&reply))?;
        self.ttl = longer(self.ttl, &renewed.ttl);
        self.renewed = asked;
        Ok(SessionRenewal::Renewed)
    }

    /// Ends a session. Its keys are free after the lock-delay. A session that is gone is not an error.
    pub async fn destroy(client: &ConsulClient, id: &str) -> Result<(), ConsulError> {
        client.put(&format!("session/destroy/{id}"), Vec::new()).await.map(drop)
    }
}

/// Returns the longer of two TTLs. A server under load may answer a larger TTL than the requested one. `answered` is in
/// Go's notation, such as `1m30s`.
fn longer(ours: Duration, answered: &str) -> Duration {
    humantime::parse_duration(answered).map_or(ours, |answered| ours.max(answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_ttl_from_the_server_is_used_and_a_smaller_one_is_not() {
        let ours = Duration::from_secs(30);
        for (answered, seconds) in [
            ("30s", 30),
            ("30000ms", 30),
            ("45s", 45),
            ("1m30s", 90),
            ("1h0m0s", 3600),
            ("10s", 30),
            ("", 30),
            ("x", 30),
        ] {
            assert_eq!(longer(ours, answered), Duration::from_secs(seconds), "{answered}");
        }
    }
}
