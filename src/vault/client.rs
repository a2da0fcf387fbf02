//! The HTTP client for one Vault server. The token is in a header that nothing prints, and in no message. Of an
//! answer's body, only the errors that Vault names are repeated.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::error::{VaultError, unusable};
use crate::decide::layers::ServerClock;
use crate::error::Result;
use crate::http::{
    self, HttpAnswer as Reply, Sent, ServerUnavailable, build, direct, one_line, secret, send,
};
use crate::model::VaultServer;

/// The most time for an answer. An engine that makes credentials may ask another server first.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// Characters of Vault's errors that are repeated.
const SHOWN: usize = 300;

pub struct VaultClient {
    pub address: String,
    http: reqwest::Client,
    namespace: Option<HeaderValue>,
    token: Option<SecretString>,
    retry_for: Duration,
}

/// A successful answer: the document of a 200, null for a 204.
pub type VaultAnswer = Result<Value, VaultError>;

impl VaultClient {
    pub fn open(server: &VaultServer) -> Result<Self> {
        let tls = server.address.starts_with("https:").then_some(&server.tls);
        let builder = direct(tls).map_err(|why| unusable(&server.address, &why.to_string()).because(why))?;
        let http = build(builder.connect_timeout(CONNECT).timeout(PATIENCE))
            .map_err(|why| unusable(&server.address, &why.to_string()).because(why))?;
        let header = |text: &String| HeaderValue::from_str(text);
        let namespace = server.namespace.as_ref().map(header).transpose();
        let namespace = namespace.map_err(|why| {
            unusable(&server.address, "its namespace contains characters that an HTTP header cannot have")
                .because(why)
        })?;
        let (address, retry_for) = (server.address.clone(), server.retry_for);
        Ok(Self { address, http, namespace, token: None, retry_for })
    }

    pub fn with(self, token: SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Repeats a request while Vault is unavailable. This is safe: if an answer is lost, its credential ends with the
    /// run's token or with its own TTL.
    pub async fn patiently<T>(&self, ask: impl AsyncFn() -> Result<T, VaultError>) -> Result<T, VaultError> {
        let retry_after =
            |answer: &Result<T, VaultError>| answer.as_ref().err().and_then(VaultError::retry_after);
        http::patiently(self.retry_for, retry_after, ask).await
    }

    /// Repeats a revocation. It also ends, with all its attempts, when this time is over.
    pub async fn revoked(&self, revoke: impl AsyncFn() -> Result<(), VaultError>) -> Result<(), VaultError> {
        let deadline = Instant::now() + self.retry_for.max(CONNECT);
        let late = || Err(VaultError::Unreachable(ServerUnavailable::new("no answer in time")));
        self.patiently(async || timeout_at(deadline, revoke()).await.unwrap_or_else(|_| late())).await
    }

    /// The clock of the server, which tells it in every state. None if the answer has no date.
    pub async fn clock(&self) -> Result<Option<ServerClock>, VaultError> {
        let sent = Sent::now();
        let request = self.http.get(format!("{}/v1/sys/health", self.address));
        let answer =
            send(request.header("X-Vault-Request", "true")).await.map_err(VaultError::Unreachable)?;
        Ok(sent.compared_with(&answer, "vault"))
    }

    pub async fn get(&self, path: &str) -> VaultAnswer {
        self.send(Method::GET, path, None, self.token.as_ref()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> VaultAnswer {
        self.send(Method::POST, path, Some(body), self.token.as_ref()).await
    }

    pub async fn delete(&self, path: &str) -> VaultAnswer {
        self.send(Method::DELETE, path, None, self.token.as_ref()).await
    }

    pub async fn get_as(&self, token: &SecretString, path: &str) -> VaultAnswer {
        self.send(Method::GET, path, None, Some(token)).await
    }

    /// Sends a POST with another token.
    pub async fn post_as(&self, token: &SecretString, path: &str, body: Value) -> VaultAnswer {
        self.send(Method::POST, path, Some(body), Some(token)).await
    }

    pub async fn revoke_self(&self) -> Result<(), VaultError> {
        self.post("auth/token/revoke-self", json!({})).await.map(drop)
    }

    /// Revokes a lease. Vault has revoked it when this returns.
    pub async fn revoke(&self, lease: &str) -> Result<(), VaultError> {
        self.post("sys/leases/revoke", json!({ "lease_id": lease, "sync": true })).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        token: Option<&SecretString>,
    ) -> VaultAnswer {
        let mut request = self.http.request(method, format!("{}/v1/{path}", self.address));
        // A Vault agent between Eos and Vault may refuse requests without this header.
        request = request.header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace.clone());
        }
        if let Some(token) = token {
            let value = secret(token).ok_or_else(|| {
                VaultError::Refused(
                    "the token contains characters that an HTTP header cannot have".to_owned(),
                )
            })?;
            request = request.header("X-Vault-Token", value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let answer = send(request).await.map_err(VaultError::Unreachable)?;
        let document = || serde_json::from_slice::<Value>(&answer.body).ok();
        match answer.status {
            204 => Ok(Value::Null),
            200 => document().ok_or_else(|| VaultError::Refused("the answer is not JSON".to_owned())),
            _ => Err(trouble(&answer, document().unwrap_or_default(), token)),
        }
    }
}

fn trouble(answer: &Reply, document: Value, token: Option<&SecretString>) -> VaultError {
    let said = said(answer.status, &document, token);
    match answer.status {
        // The metadata shows whether a version was deleted.
        404 => VaultError::Missing(document["data"]["metadata"].clone()),
        403 => VaultError::Denied(said),
        503 if said.contains("sealed") => VaultError::Sealed,
        501 => VaultError::Sealed,
        // 412: this node does not have the newest state yet. 472 and 473: standby nodes.
        412 | 472 | 473 => VaultError::Unreachable(answer.away(said)),
        _ if answer.may_pass() => VaultError::Unreachable(answer.away(said)),
        _ if said.contains("check-and-set") => VaultError::Moved(said),
        _ => VaultError::Refused(said),
    }
}

/// Vault's errors, in one line.
fn said(status: u16, document: &Value, token: Option<&SecretString>) -> String {
    let errors = document["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    format!("HTTP {status}: {}", one_line(&errors.collect::<Vec<_>>().join("; "), SHOWN, token))
}

impl fmt::Debug for VaultClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}
