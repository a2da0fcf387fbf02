//! Keys and the catalogue: <https://developer.hashicorp.com/consul/api-docs/catalog>.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::http::{innermost, one_line, patiently, to_server};
use crate::model::{ConsulServer, ConsulService};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an unexpected answer is repeated.
const SHOWN: usize = 200;

/// One Consul, as `infrastructure:settings:consul` has it. No Debug: it holds a token.
pub struct Consul {
    address: String,
    http: reqwest::Client,
    token: Option<SecretString>,
}

/// A service of a component, its outputs put in.
pub struct Service<'a> {
    pub node: &'a str,
    pub id: &'a str,
    pub address: &'a str,
    pub port: Option<u16>,
    pub hook: &'a ConsulService,
}

impl Consul {
    pub fn open(server: &ConsulServer, token: Option<SecretString>) -> Result<Self, String> {
        let builder = to_server(&server.address, &server.tls, "X-Consul-Token", token.as_ref());
        let builder = builder.map_err(|why| why.to_string())?.timeout(PATIENCE);
        let http = builder.build().map_err(|error| innermost(&error))?;
        Ok(Self { address: server.address.clone(), http, token })
    }

    pub async fn put(&self, key: &str, value: Vec<u8>) -> Result<(), String> {
        let (_, said) = self.send(Method::PUT, &format!("kv/{key}"), value).await?;
        match said.trim() {
            "true" => Ok(()),
            _ => Err(format!("the Consul at {} did not take {key}", self.address)),
        }
    }

    /// One that is not there is as good as deleted.
    pub async fn delete(&self, key: &str) -> Result<(), String> {
        self.send(Method::DELETE, &format!("kv/{key}"), Vec::new()).await.map(drop)
    }

    /// The names of all keys below a folder.
    pub async fn keys(&self, folder: &str) -> Result<Vec<String>, String> {
        let (status, said) = self.send(Method::GET, &format!("kv/{folder}?keys"), Vec::new()).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(Vec::new()),
            _ => serde_json::from_str(&said).map_err(|_| self.foreign()),
        }
    }

    /// On a node that no agent speaks for, as <https://github.com/hashicorp/consul-esm> watches them.
    pub async fn register(&self, service: &Service<'_>) -> Result<(), String> {
        let Service { node, id, address, port, hook } = service;
        let checks = hook.checks.iter().enumerate();
        let checks: Vec<Value> = checks
            .map(|(index, check)| {
                let interval = format!("{}ms", check.interval.as_millis());
                let mut definition = json!({ "Interval": interval });
                for (key, value) in [("HTTP", &check.http), ("TCP", &check.tcp)] {
                    if let Some(value) = value {
                        definition[key] = value.as_str().into();
                    }
                }
                json!({
                    "Node": node, "CheckID": format!("{id}:{index}"), "Name": check.name, "ServiceID": id,
                    "Status": "passing", "Definition": definition,
                })
            })
            .collect();
        let mut body = json!({
            "Node": node, "Address": address, "SkipNodeUpdate": false,
            "NodeMeta": { "external-node": "true", "external-probe": "true" },
            "Service": { "ID": id, "Service": hook.name, "Address": address, "Tags": hook.tags },
            "Checks": checks,
        });
        if let Some(port) = port {
            body["Service"]["Port"] = (*port).into();
        }
        self.send(Method::PUT, "catalog/register", body.to_string().into_bytes()).await.map(drop)
    }

    /// The node with all that is on it.
    pub async fn deregister(&self, node: &str) -> Result<(), String> {
        let body = json!({ "Node": node }).to_string().into_bytes();
        self.send(Method::PUT, "catalog/deregister", body).await.map(drop)
    }

    /// Asks again where nobody answers, or nobody who can: whatever is sent here may come twice.
    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<(StatusCode, String), String> {
        let is_away = |answer: &Result<(StatusCode, String), String>| {
            answer.as_ref().map_or(true, |(status, _)| status.is_server_error())
        };
        let ask = async || self.attempt(method.clone(), path, body.clone()).await;
        let (status, said) = patiently(is_away, ask).await?;
        self.judge(status, said)
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, String), String> {
        let unreachable = |error: reqwest::Error| {
            format!("the Consul at {} cannot be reached: {}", self.address, innermost(&error))
        };
        let request = self.http.request(method, format!("{}/v1/{path}", self.address)).body(body);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        Ok((status, response.text().await.map_err(unreachable)?))
    }

    fn judge(&self, status: StatusCode, said: String) -> Result<(StatusCode, String), String> {
        match status.as_u16() {
            200 | 404 => Ok((status, said)),
            other => {
                let line = one_line(&said, SHOWN, self.token.as_ref());
                Err(format!("the Consul at {} answered HTTP {other}: {line}", self.address))
            }
        }
    }

    fn foreign(&self) -> String {
        format!("what listens at {} does not answer as Consul does", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tls;

    #[test]
    fn a_consul_that_repeats_the_token_is_told_without_it() {
        let server =
            ConsulServer { address: "http://10.0.0.1:8500".to_owned(), token: None, tls: Tls::default() };
        let consul = Consul::open(&server, Some("hunter2".to_owned().into())).unwrap();
        let said = consul.judge(StatusCode::FORBIDDEN, "token hunter2 may not".to_owned()).unwrap_err();
        assert_eq!(said, "the Consul at http://10.0.0.1:8500 answered HTTP 403: token (token) may not");
    }
}
