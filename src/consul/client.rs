//! The HTTP client for one Consul server. The token is in a header that nothing prints, and in no message.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;

use super::error::ConsulError;
use crate::http::{ClientError, HttpAnswer, build, one_line, patiently, send, to_server};
use crate::model::Tls;

/// The most time for an answer to a request that does not block.
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of an unexpected answer that are repeated.
const SHOWN: usize = 200;

pub struct ConsulClient {
    /// The address as the pillar has it.
    pub address: String,
    http: reqwest::Client,
    patience: Duration,
    token: Option<SecretString>,
}

impl ConsulClient {
    /// Reads the files of `tls`. Sends no request.
    pub fn open(address: &str, tls: &Tls, token: Option<SecretString>) -> Result<Self, ClientError> {
        let builder = to_server(address, tls, "X-Consul-Token", token.as_ref())?;
        let http = build(builder.connect_timeout(PATIENCE))?;
        Ok(Self { address: address.to_owned(), http, patience: PATIENCE, token })
    }

    /// Limits the time for an answer to `most`.
    pub fn patient(self, most: Duration) -> Self {
        Self { patience: self.patience.min(most), ..self }
    }

    /// Repeats a request within `window` as long as another attempt may succeed. The request must be safe to repeat.
    pub async fn patiently<T>(
        window: Duration,
        ask: impl AsyncFn() -> Result<T, ConsulError>,
    ) -> Result<T, ConsulError> {
        patiently(
            window,
            |answer: &Result<T, _>| answer.as_ref().err().and_then(ConsulError::retry_after),
            ask,
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Result<HttpAnswer, ConsulError> {
        self.send(Method::GET, path, Vec::new(), self.patience).await
    }

    /// Sends a blocking query. The answer may take `wait` and a sixteenth more.
    pub async fn wait(&self, path: &str, wait: Duration) -> Result<HttpAnswer, ConsulError> {
        self.send(Method::GET, path, Vec::new(), wait + wait / 16 + self.patience).await
    }

    pub async fn put(&self, path: &str, body: Vec<u8>) -> Result<HttpAnswer, ConsulError> {
        self.send(Method::PUT, path, body, self.patience).await
    }

    pub async fn post(&self, path: &str, body: Vec<u8>) -> Result<HttpAnswer, ConsulError> {
        self.send(Method::POST, path, body, self.patience).await
    }

    pub async fn delete(&self, path: &str) -> Result<HttpAnswer, ConsulError> {
        self.send(Method::DELETE, path, Vec::new(), self.patience).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<HttpAnswer, ConsulError> {
        let url = format!("{}/v1/{path}", self.address);
        let answer = send(self.http.request(method, url).body(body).timeout(timeout)).await;
        let answer = answer.map_err(ConsulError::Unreachable)?;
        ConsulError::check(&answer, || self.said(&answer))?;
        Ok(answer)
    }

    pub fn parse<'a, T: Deserialize<'a>>(&self, answer: &'a HttpAnswer) -> Result<T, ConsulError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.not_consul(answer))
    }

    /// Checks the answer to a change: Consul answers `true`.
    pub fn confirm(&self, answer: &HttpAnswer) -> Result<(), ConsulError> {
        match self.parse(answer)? {
            true => Ok(()),
            false => Err(self.not_consul(answer)),
        }
    }

    /// The answer is not from Consul. It may be the page of a proxy or of another service.
    pub fn not_consul(&self, answer: &HttpAnswer) -> ConsulError {
        ConsulError::Refused(format!("it does not answer like a Consul: {}", self.said(answer)))
    }

    /// An unexpected answer, as one line.
    fn said(&self, answer: &HttpAnswer) -> String {
        let line = one_line(&String::from_utf8_lossy(&answer.body), SHOWN, self.token.as_ref());
        format!("HTTP {}: {line}", answer.status)
    }
}

impl fmt::Debug for ConsulClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}
