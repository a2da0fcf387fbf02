//! What a server says about the token of Eos. Never the token itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::layer::fault;
use crate::error::{Code, Error, Layer};
use crate::words::Words;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenFacts {
    /// The id with which another person can find or revoke the token. It allows little else.
    pub accessor: String,
    /// The type of the token, in the server's word. Empty if it has no types.
    pub kind: String,
    pub policies: Vec<String>,
    /// The remaining time. None: it never ends.
    pub ttl: Option<Duration>,
    /// None: its server renews no token.
    pub renewable: Option<bool>,
}

impl TokenFacts {
    pub fn json(&self) -> Value {
        let Self { accessor, kind, policies, ttl, renewable } = self;
        let mut facts = json!({ "accessor": accessor, "policies": policies });
        if !kind.is_empty() {
            facts["type"] = kind.as_str().into();
        }
        facts["ttl"] = ttl.map(|ttl| ttl.as_secs()).into();
        if let Some(renewable) = renewable {
            facts["renewable"] = (*renewable).into();
        }
        facts
    }

    /// `expires in 40m`, or `never expires`.
    pub fn end(&self) -> String {
        match self.ttl {
            None => "never expires".to_owned(),
            Some(ttl) => {
                format!("expires in {}", humantime::format_duration(Duration::from_secs(ttl.as_secs())))
            }
        }
    }

    /// The fault of a token that may expire during an apply. `needed`: the longest possible apply.
    pub(super) fn expires_early(
        &self,
        needed: Duration,
        layer: Layer,
        owner: &str,
        remedy: impl Into<Words>,
    ) -> Option<Error> {
        let ttl = self.ttl.filter(|ttl| *ttl < needed)?;
        let message = format!(
            "the token for {owner} expires in {}, and an apply may take {}",
            humantime::format_duration(Duration::from_secs(ttl.as_secs())),
            humantime::format_duration(needed)
        );
        Some(fault(layer, Code::TokenExpires, message, remedy))
    }
}
