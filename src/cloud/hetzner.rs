//! How many requests Hetzner's API still allows a project. Each answer has it in its headers.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::decide::RateLimit;
use crate::http::{build, send, to_server};
use crate::model::Tls;

pub const ADDRESS: &str = "https://api.hetzner.cloud/v1";
/// The most time for an answer. Without one, nothing waits for the limit.
const PATIENCE: Duration = Duration::from_secs(10);

/// The error says why it is not known, in one line without the token.
pub async fn rate_limit(address: &str, token: &SecretString) -> Result<RateLimit, String> {
    let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
    let no_client = |_| "no client can be made for this address and this token".to_owned();
    let builder = to_server(address, &Tls::default(), "authorization", Some(&bearer)).map_err(no_client)?;
    let http = build(builder.timeout(PATIENCE)).map_err(no_client)?;
    // The cheapest question. A project that is at its limit gets a refusal with the same headers.
    let url = format!("{}/locations?per_page=1", address.trim_end_matches('/'));
    let answer = send(http.get(url)).await.map_err(|unavailable| unavailable.text)?;
    let read = |name: &str| answer.number(name);
    match (read("RateLimit-Limit"), read("RateLimit-Remaining"), read("RateLimit-Reset")) {
        (Some(limit), Some(remaining), Some(full)) if limit > 0 => Ok(RateLimit { limit, remaining, full }),
        _ => Err(format!("its answer (status {}) does not tell the rate limit", answer.status)),
    }
}
