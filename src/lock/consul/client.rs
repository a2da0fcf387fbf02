//! HTTP with one Consul. The token is in a header that nothing prints, and in no message.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::SecretString;

use super::trouble::{Trouble, unusable};
use crate::error::{Error, Result};
use crate::http::{Unusable, innermost, one_line, to_server};
use crate::model::ConsulLock;

/// How long an answer may take that needs no waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an unexpected answer is repeated.
const SHOWN: usize = 200;

pub struct Client {
    /// As the pillar has it.
    pub address: String,
    http: reqwest::Client,
    patience: Duration,
    token: Option<SecretString>,
}

/// 200, 404 or 409; everything else is [`Trouble`].
pub struct Reply {
    pub status: StatusCode,
    /// `X-Consul-Index`, where there is one.
    pub index: Option<u64>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn open(settings: &ConsulLock, token: Option<SecretString>) -> Result<Self> {
        let unusable = |reason: &str| unusable(&settings.address, reason);
        let builder = to_server(&settings.address, &settings.tls, "X-Consul-Token", token.as_ref());
        let builder = builder.map_err(|why| match why {
            Unusable::File { .. } => unusable_file(&why),
            Unusable::Token => unusable(&why.to_string()),
        })?;
        let http = builder.connect_timeout(PATIENCE).build().map_err(|error| unusable(&innermost(&error)))?;
        // A renewal that hangs must leave time for the next.
        let patience = PATIENCE.min(settings.ttl / 3);
        Ok(Self { address: settings.address.clone(), http, patience, token })
    }

    pub async fn get(&self, path: &str) -> Result<Reply, Trouble> {
        self.send(Method::GET, path, Vec::new(), self.patience).await
    }

    /// A blocking query: the answer may take `wait`, and a sixteenth more.
    pub async fn wait(&self, path: &str, wait: Duration) -> Result<Reply, Trouble> {
        self.send(Method::GET, path, Vec::new(), wait + wait / 16 + self.patience).await
    }

    pub async fn put(&self, path: &str, body: Vec<u8>) -> Result<Reply, Trouble> {
        self.send(Method::PUT, path, body, self.patience).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Reply, Trouble> {
        let url = format!("{}/v1/{path}", self.address);
        let unreachable = |error: reqwest::Error| match error.is_timeout() {
            true => Trouble::Unreachable("no answer in time".to_owned()),
            false => Trouble::Unreachable(innermost(&error)),
        };
        let request = self.http.request(method, url).body(body).timeout(timeout);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let index =
            response.headers().get("X-Consul-Index").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.bytes().await.map_err(unreachable)?.to_vec();
        match status.as_u16() {
            200 | 404 | 409 => Ok(Reply { status, index, body }),
            403 => Err(Trouble::Denied(self.said(status, &body))),
            // No leader for the moment, too many requests, a proxy whose Consul is away.
            429 | 500.. => Err(Trouble::Unreachable(self.said(status, &body))),
            _ => Err(Trouble::Refused(self.said(status, &body))),
        }
    }

    /// One line of an answer that was not expected.
    pub fn said(&self, status: StatusCode, body: &[u8]) -> String {
        let line = one_line(&String::from_utf8_lossy(body), SHOWN, self.token.as_ref());
        format!("HTTP {}: {line}", status.as_u16())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

fn unusable_file(unusable: &Unusable) -> Error {
    let remedy =
        "correct infrastructure:settings:lock:tls; its files are PEM, readable to the user that runs Salt";
    let message = unusable.to_string();
    Error::new(crate::error::Layer::Host, crate::error::Phase::Preparation, "lock_tls", message, remedy)
}
