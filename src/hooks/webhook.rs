//! A webhook: one POST request. The answer's status decides.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::Value;

use crate::http::{direct, innermost, secret};
use crate::model::Webhook;

const AGENT: &str = concat!("eos/", env!("CARGO_PKG_VERSION"));

/// Sends the request. Only a status of 2xx is a success. A redirect is not followed.
pub async fn post(hook: &Webhook, headers: &[(String, SecretString)], body: &Value) -> Result<(), String> {
    let tls = hook.url.starts_with("https:").then_some(&hook.tls);
    let client = direct(tls).map_err(|file| file.to_string())?;
    let client = client.user_agent(AGENT).timeout(hook.timeout).build().map_err(|error| innermost(&error))?;
    let mut sent = HeaderMap::new();
    sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        let unusable = || format!("header {name} contains characters that an HTTP header cannot have");
        let value = secret(value).ok_or_else(unusable)?;
        sent.insert(HeaderName::try_from(name.as_str()).map_err(|_| unusable())?, value);
    }
    let request = client.post(&hook.url).headers(sent).body(body.to_string());
    let response = request.send().await.map_err(|error| format!("no answer: {}", innermost(&error)))?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("it answered HTTP {}", status.as_u16())),
    }
}
