//! The HTTP client for one Nomad server. The token is in a header that nothing prints, and in no message.

use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{NomadError, unusable};
use crate::decide::layers::ServerClock;
use crate::error::Result;
use crate::http::{self, ClientError, HttpAnswer, Sent, build, one_line, to_server};
use crate::model::NomadServer;

/// The most time for an answer to a request that does not block.
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of an answer in plain text that are repeated.
const SHOWN: usize = 1000;

/// No Debug, because it contains the token.
pub struct NomadClient {
    /// The address as the pillar has it.
    pub address: String,
    base: Url,
    http: reqwest::Client,
    token: Option<SecretString>,
    region: Option<String>,
    /// The namespace of requests that name none.
    pub namespace: String,
    /// How long a request is repeated while this Nomad is unavailable.
    pub retry_for: Duration,
}

pub struct NomadReply {
    /// `X-Nomad-Index`, if the answer has one.
    pub index: Option<u64>,
    pub body: Vec<u8>,
}

impl NomadClient {
    /// Reads the files of `tls`. Sends no request.
    pub fn open(server: &NomadServer, token: Option<SecretString>) -> Result<Self> {
        let base = Url::parse(&server.address)
            .map_err(|error| unusable(&server.address, &error.to_string()).because(error))?;
        let unusable = |why: ClientError| unusable(&server.address, &why.to_string()).because(why);
        let builder = to_server(&server.address, &server.tls, "X-Nomad-Token", token.as_ref());
        let builder = builder.map_err(unusable)?.connect_timeout(PATIENCE);
        let http = build(builder).map_err(unusable)?;
        let (address, region) = (server.address.clone(), server.region.clone());
        let (namespace, retry_for) = (server.namespace.clone(), server.retry_for);
        Ok(Self { address, base, http, token, region, namespace, retry_for })
    }

    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, NomadError> {
        self.read(&self.send(Method::GET, path, query, None, PATIENCE).await?)
    }

    /// The clock of the asked server. None if the answer has no date.
    pub async fn clock(&self) -> Result<Option<ServerClock>, NomadError> {
        let sent = Sent::now();
        let answer = self.answer(Method::GET, &["status", "leader"], &[], None, PATIENCE).await?;
        Ok(sent.compared_with(&answer, "nomad"))
    }

    /// Returns an answer that is plain text, not JSON.
    pub async fn text(&self, path: &[&str], query: &[(&str, &str)]) -> Result<String, NomadError> {
        let reply = self.send(Method::GET, path, query, None, PATIENCE).await?;
        Ok(String::from_utf8_lossy(&reply.body).into_owned())
    }

    /// Sends a blocking query. The answer may take `wait` and a sixteenth more.
    pub async fn wait(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        index: u64,
        wait: Duration,
    ) -> Result<NomadReply, NomadError> {
        let (index, span) = (index.to_string(), format!("{}ms", wait.as_millis()));
        let query: Vec<_> =
            query.iter().copied().chain([("index", index.as_str()), ("wait", &span)]).collect();
        self.send(Method::GET, path, &query, None, wait + wait / 16 + PATIENCE).await
    }

    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<T, NomadError> {
        let body = Some(body.to_string().into_bytes());
        self.read(&self.send(Method::PUT, path, query, body, PATIENCE).await?)
    }

    pub async fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<(), NomadError> {
        self.send(Method::DELETE, path, query, None, PATIENCE).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Vec<u8>>,
        timeout: Duration,
    ) -> Result<NomadReply, NomadError> {
        let answer = self.answer(method, path, query, body, timeout).await?;
        let index = answer.number("X-Nomad-Index");
        let said = || self.said(&answer.body);
        match answer.status {
            200 | 204 => Ok(NomadReply { index, body: answer.body }),
            409 => Err(NomadError::Moved),
            403 => Err(NomadError::Denied(said())),
            404 => Err(NomadError::Missing(said())),
            // An unknown region does not appear by waiting.
            500 if answer.body.starts_with(b"No path to region") => Err(NomadError::Refused(said())),
            status if answer.may_pass() => {
                Err(NomadError::Unreachable(answer.away(format!("HTTP {status}: {}", said()))))
            }
            _ => Err(NomadError::Refused(said())),
        }
    }

    async fn answer(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Vec<u8>>,
        timeout: Duration,
    ) -> Result<HttpAnswer, NomadError> {
        let mut url = self.base.clone();
        url.set_path(&format!("v1/{}", http::path(path)));
        let region = self.region.as_deref().map(|region| ("region", region));
        url.query_pairs_mut().extend_pairs(query.iter().copied().chain(region));
        let request = self.http.request(method, url).timeout(timeout).body(body.unwrap_or_default());
        http::send(request).await.map_err(NomadError::Unreachable)
    }

    pub fn read<T: DeserializeOwned>(&self, reply: &NomadReply) -> Result<T, NomadError> {
        serde_json::from_slice(&reply.body)
            .map_err(|error| NomadError::Refused(format!("the answer does not come from a Nomad: {error}")))
    }

    /// An answer in plain text, as one line.
    fn said(&self, body: &[u8]) -> String {
        one_line(&String::from_utf8_lossy(body), SHOWN, self.token.as_ref())
    }
}
