//! Sends one HTTP request and reads its answer, or says why there is none.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;

use super::{ConnectionFailure, innermost};
use crate::error::Cause;

/// The longest pause that a server can ask for. A longer one is reduced to this.
const LONGEST: Duration = Duration::from_secs(3600);

/// A server's answer with any status.
pub struct HttpAnswer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

/// There is no answer, or none that is final. Another attempt may get one.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerUnavailable {
    /// Why, in one line.
    pub text: String,
    /// The pause that the server asks for; zero if it asks for none.
    pub retry_after: Duration,
    /// The reason, if it has a remedy of its own.
    pub failure: Option<ConnectionFailure>,
    /// The error behind it, if no answer came. It does not contain the URL.
    pub cause: Option<Cause>,
}

/// Sends one request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Result<HttpAnswer, ServerUnavailable> {
    let response = request.send().await.map_err(unreachable)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(unreachable)?.to_vec();
    Ok(HttpAnswer { status, headers, body })
}

fn unreachable(error: reqwest::Error) -> ServerUnavailable {
    let text = if error.is_timeout() { "no answer in time".to_owned() } else { innermost(&error) };
    let failure = ConnectionFailure::of(&error);
    ServerUnavailable {
        failure,
        cause: Some(Cause::new(error.without_url())),
        ..ServerUnavailable::new(text)
    }
}

impl ServerUnavailable {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), retry_after: Duration::ZERO, failure: None, cause: None }
    }

    /// The remedy for its reason, or else `usual`. `settings`: the place of the server's settings.
    pub fn remedy(&self, settings: &str, usual: &str) -> String {
        self.failure.map_or_else(|| usual.to_owned(), |failure| failure.remedy(settings))
    }
}

impl HttpAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// Whether another attempt may succeed: too many requests, no leader at the moment, or a proxy whose server does
    /// not answer.
    pub fn may_pass(&self) -> bool {
        self.status == 429 || self.status >= 500
    }

    /// `text` is the reason, as one line. A date in `Retry-After` is ignored.
    pub fn away(&self, text: String) -> ServerUnavailable {
        let retry_after = self.number("Retry-After").map_or(Duration::ZERO, Duration::from_secs);
        ServerUnavailable { retry_after: retry_after.min(LONGEST), ..ServerUnavailable::new(text) }
    }
}
