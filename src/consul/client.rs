//! HTTP with one Consul. The token is in a header that nothing prints, and in no message.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;

use super::trouble::Trouble;
use crate::http::{Answer, Unusable, build, one_line, patiently, send, to_server};
use crate::model::Tls;

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

impl Client {
    /// Reads the files of `tls`; asks nobody yet.
    pub fn open(address: &str, tls: &Tls, token: Option<SecretString>) -> Result<Self, Unusable> {
        let builder = to_server(address, tls, "X-Consul-Token", token.as_ref())?;
        let http = build(builder.connect_timeout(PATIENCE))?;
        Ok(Self { address: address.to_owned(), http, patience: PATIENCE, token })
    }

    /// No answer may take longer than this.
    pub fn patient(self, most: Duration) -> Self {
        Self { patience: self.patience.min(most), ..self }
    }

    /// Asks again, for as long as `window` allows, what another try may answer. What is asked may be asked twice.
    pub async fn patiently<T>(
        window: Duration,
        ask: impl AsyncFn() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        patiently(window, |answer: &Result<T, _>| answer.as_ref().err().and_then(Trouble::retry_after), ask)
            .await
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        self.send(Method::GET, path, Vec::new(), self.patience).await
    }

    /// A blocking query: the answer may take `wait`, and a sixteenth more.
    pub async fn wait(&self, path: &str, wait: Duration) -> Result<Answer, Trouble> {
        self.send(Method::GET, path, Vec::new(), wait + wait / 16 + self.patience).await
    }

    pub async fn put(&self, path: &str, body: Vec<u8>) -> Result<Answer, Trouble> {
        self.send(Method::PUT, path, body, self.patience).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer, Trouble> {
        self.send(Method::DELETE, path, Vec::new(), self.patience).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Answer, Trouble> {
        let url = format!("{}/v1/{path}", self.address);
        let answer = send(self.http.request(method, url).body(body).timeout(timeout)).await;
        let answer = answer.map_err(Trouble::Unreachable)?;
        Trouble::judge(&answer, || self.said(&answer))?;
        Ok(answer)
    }

    pub fn parse<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, Trouble> {
        serde_json::from_slice(&answer.body).map_err(|_| self.not_consul(answer))
    }

    /// The answer to a change is `true`.
    pub fn confirm(&self, answer: &Answer) -> Result<(), Trouble> {
        match self.parse(answer)? {
            true => Ok(()),
            false => Err(self.not_consul(answer)),
        }
    }

    /// A proxy's page, or another service's.
    pub fn not_consul(&self, answer: &Answer) -> Trouble {
        Trouble::Refused(format!("it does not answer as Consul does: {}", self.said(answer)))
    }

    /// One line of an answer that was not expected.
    fn said(&self, answer: &Answer) -> String {
        let line = one_line(&String::from_utf8_lossy(&answer.body), SHOWN, self.token.as_ref());
        format!("HTTP {}: {line}", answer.status)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}
