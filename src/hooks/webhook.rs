//! A webhook: one POST request. The answer's status decides.

use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::http::{direct, innermost, secret};
use crate::model::{BodyFormat, Webhook, address};

const AGENT: &str = concat!("eos/", env!("CARGO_PKG_VERSION"));

/// What a webhook sends, resolved: its address and its headers may be secrets.
pub struct Target {
    pub url: SecretString,
    pub headers: BTreeMap<String, SecretString>,
}

/// The body in the format of the hook. `body`: its own fields. `facts`: what Eos says, `text`: the same as a sentence.
pub fn body(format: BodyFormat, body: Value, facts: impl FnOnce() -> Value, text: &str) -> Value {
    let facts = match format {
        BodyFormat::Json => facts(),
        BodyFormat::Slack => json!({ "text": escaped(text) }),
    };
    match (body, facts) {
        (Value::Object(mut body), Value::Object(facts)) => {
            body.extend(facts);
            body.into()
        }
        (_, facts) => facts,
    }
}

/// Slack reads these three characters as its markup, such as a call to everybody.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Sends the request. Only a status of 2xx is a success. A redirect is not followed.
pub async fn post(hook: &Webhook, target: &Target, body: &Value) -> Result<(), String> {
    let url = address::url(&target.url.expose_secret().into())
        .map_err(|why| format!("the address in {} {why}", hook.url))?;
    let tls = url.starts_with("https:").then_some(&hook.tls);
    let client = direct(tls).map_err(|file| file.to_string())?;
    let client = client.user_agent(AGENT).timeout(hook.timeout).build().map_err(|error| innermost(&error))?;
    let mut sent = HeaderMap::new();
    sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &target.headers {
        let unusable = || format!("header {name} contains characters that an HTTP header cannot have");
        let value = secret(value).ok_or_else(unusable)?;
        sent.insert(HeaderName::try_from(name.as_str()).map_err(|_| unusable())?, value);
    }
    let request = client.post(&url).headers(sent).body(body.to_string());
    let response = request.send().await.map_err(no_answer)?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("it answered HTTP {}", status.as_u16())),
    }
}

/// The innermost error does not contain the address.
fn no_answer(error: reqwest::Error) -> String {
    match error.is_timeout() {
        true => "no answer in time".to_owned(),
        false => format!("no answer: {}", innermost(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_gets_one_text_without_markup_and_the_fields_of_the_pillar() {
        let own = json!({ "channel": "ops" });
        let sent = body(BodyFormat::Slack, own.clone(), || unreachable!(), "a <!channel> & b");
        assert_eq!(sent, json!({ "channel": "ops", "text": "a &lt;!channel&gt; &amp; b" }));
        let sent = body(BodyFormat::Json, own, || json!({ "run_id": "R" }), "");
        assert_eq!(sent, json!({ "channel": "ops", "run_id": "R" }));
    }
}
