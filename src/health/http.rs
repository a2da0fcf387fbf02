//! One HTTP request. Its status decides; its body is not read.

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method};
use secrecy::SecretString;

use super::answer::FailedMeasurement;
use crate::http::{direct, innermost, secret};
use crate::model::{HttpProbe, StatusRanges};

const AGENT: &str = concat!("eos/", env!("CARGO_PKG_VERSION"));

pub struct HttpGate {
    client: Client,
    method: Method,
    url: String,
    headers: HeaderMap,
    statuses: StatusRanges,
}

impl HttpGate {
    /// Reads the files of `tls`.
    pub fn open(url: &str, probe: &HttpProbe, headers: &[(String, SecretString)]) -> Result<Self, String> {
        let url = match &probe.path {
            Some(_) if url.contains('?') => {
                return Err(
                    "the url has a query, so a path cannot follow it: move the query into path".to_owned()
                );
            }
            path => format!("{url}{}", path.as_deref().unwrap_or_default()),
        };
        let tls = url.starts_with("https:").then_some(&probe.tls);
        let client = direct(tls)
            .map_err(|file| file.to_string())?
            .user_agent(AGENT)
            // An existing connection does not show whether a new one is possible.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| innermost(&error))?;
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            let unusable = || format!("header {name} contains characters that an HTTP header cannot have");
            let value = secret(value).ok_or_else(unusable)?;
            sent.insert(HeaderName::try_from(name.as_str()).map_err(|_| unusable())?, value);
        }
        let method = Method::from_bytes(probe.method.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self { client, method, url, headers: sent, statuses: probe.statuses.clone() })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn ask(&self) -> Result<String, FailedMeasurement> {
        let request = self.client.request(self.method.clone(), &self.url).headers(self.headers.clone());
        let response = request.send().await.map_err(|error| {
            let what = if error.is_connect() { "cannot connect" } else { "no HTTP answer" };
            FailedMeasurement::new(what, Some(innermost(&error)))
        })?;
        let status = response.status().as_u16();
        match self.statuses.hold(status) {
            true => Ok(format!("HTTP {status}")),
            false => Err(FailedMeasurement::new(format!("HTTP {status}, expected {}", self.statuses), None)),
        }
    }
}
