//! One request and its answer, or why there is none.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;

use super::innermost;

/// A server that asks to be left alone for longer is asked all the same after this.
const LONGEST: Duration = Duration::from_secs(3600);

/// What a server answered, whatever its status is.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

/// There is no answer, or none that decides anything: another try may get one.
#[derive(Clone, Debug, PartialEq)]
pub struct Away {
    /// Why, in one line.
    pub text: String,
    /// How long the server asks to be left alone; zero where it does not say.
    pub retry_after: Duration,
}

/// Sends one request, and reads its answer to the end.
pub async fn send(request: RequestBuilder) -> Result<Answer, Away> {
    let response = request.send().await.map_err(unreachable)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(unreachable)?.to_vec();
    Ok(Answer { status, headers, body })
}

fn unreachable(error: reqwest::Error) -> Away {
    match error.is_timeout() {
        true => Away::new("no answer in time"),
        false => Away::new(innermost(&error)),
    }
}

impl Away {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), retry_after: Duration::ZERO }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// Whether another try may be answered: too many requests, no leader for the moment, a proxy whose server is away.
    pub fn may_pass(&self) -> bool {
        self.status == 429 || self.status >= 500
    }

    /// `text` is what it says. A date in `Retry-After` is not read.
    pub fn away(&self, text: String) -> Away {
        let retry_after = self.number("Retry-After").map_or(Duration::ZERO, Duration::from_secs);
        Away { text, retry_after: retry_after.min(LONGEST) }
    }
}
