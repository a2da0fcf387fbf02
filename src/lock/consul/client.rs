//! HTTP with one Consul. The token is in a header that nothing prints, and in no message.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Identity, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use super::trouble::{Trouble, unusable};
use crate::error::{Error, Result};
use crate::model::{ConsulLock, Tls};

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
        // reqwest wants one even for http; the first stays, whoever installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(token) = &token {
            let mut value = HeaderValue::from_str(token.expose_secret())
                .map_err(|_| unusable("the token holds what no HTTP header can"))?;
            value.set_sensitive(true);
            headers.insert("X-Consul-Token", value);
        }
        let builder = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(PATIENCE)
            // The token is for this address and for no other.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        let builder = match settings.address.starts_with("https:") {
            true => encrypted(builder, &settings.tls)?,
            // Spares loading the system's authorities.
            false => builder.tls_certs_only([]),
        };
        let http = builder.build().map_err(|error| unusable(&innermost(&error)))?;
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
        let mut text = String::from_utf8_lossy(body).into_owned();
        if let Some(token) =
            self.token.as_ref().map(ExposeSecret::expose_secret).filter(|text| !text.is_empty())
        {
            text = text.replace(token, "(token)");
        }
        let line: String =
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        format!("HTTP {}: {}", status.as_u16(), if line.is_empty() { "no text" } else { &line })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

fn encrypted(builder: reqwest::ClientBuilder, tls: &Tls) -> Result<reqwest::ClientBuilder> {
    let mut builder = builder.tls_danger_accept_invalid_certs(tls.insecure);
    if let Some(path) = &tls.ca_file {
        let authorities = Certificate::from_pem_bundle(&read(path)?).map_err(|error| no_pem(path, &error))?;
        if authorities.is_empty() {
            return Err(unusable_file(path, "holds no certificate"));
        }
        builder = builder.tls_certs_only(authorities);
    }
    if let Some((certificate, key)) = &tls.identity {
        let both = [read(certificate)?, read(key)?].join(&b'\n');
        builder = builder.identity(Identity::from_pem(&both).map_err(|error| no_pem(key, &error))?);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unusable_file(path, &error.to_string()))
}

fn no_pem(path: &Path, error: &reqwest::Error) -> Error {
    unusable_file(path, &innermost(error))
}

fn unusable_file(path: &Path, reason: &str) -> Error {
    let message = format!("cannot use {}: {reason}", path.display());
    let remedy =
        "correct infrastructure:settings:lock:tls; its files are PEM, readable to the user that runs Salt";
    Error::new(crate::error::Layer::Host, crate::error::Phase::Preparation, "lock_tls", message, remedy)
}

/// The cause beneath, such as "Connection refused"; what lies above repeats the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
