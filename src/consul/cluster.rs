//! The state of the cluster: <https://developer.hashicorp.com/consul/api-docs/agent#list-members>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::ConsulClient;
use super::error::ConsulError;
use crate::clock;
use crate::decide::layers::{ConsulAgent, ConsulAgents, ServerClock, TokenFacts};
use crate::http::Sent;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Member {
    name: String,
    status: u8,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OwnToken {
    #[serde(rename = "AccessorID")]
    accessor: String,
    policies: Option<Vec<NamedPolicy>>,
    expiration_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NamedPolicy {
    name: String,
}

/// The leader's address; empty if there is none. Everybody may ask.
pub async fn leader(client: &ConsulClient) -> Result<String, ConsulError> {
    client.parse(&client.get("status/leader").await?)
}

/// The clock of the asked agent. None if the answer has no date.
pub async fn clock(client: &ConsulClient) -> Result<Option<ServerClock>, ConsulError> {
    let sent = Sent::now();
    let reply = client.get("status/leader").await?;
    Ok(sent.compared_with(&reply, "consul"))
}

/// The agents that the asked agent knows.
pub async fn agents(client: &ConsulClient) -> Result<ConsulAgents, ConsulError> {
    let reply = client.get("agent/members").await?;
    let members: Vec<Member> = client.parse(&reply)?;
    let all: Vec<_> = members
        .into_iter()
        .map(|Member { name, status, tags }| ConsulAgent {
            name,
            status: word(status),
            is_server: tags.get("role").is_some_and(|role| role == "consul"),
        })
        .collect();
    // An older Consul has no such header, but the asked agent itself is always a member.
    let filtered = reply.header("X-Consul-Results-Filtered-By-ACLs") == Some("true") || all.is_empty();
    Ok(ConsulAgents { all, filtered })
}

/// Serf's numbers of a member's status.
fn word(status: u8) -> &'static str {
    match status {
        1 => "alive",
        2 => "leaving",
        3 => "left",
        4 => "failed",
        _ => "unknown",
    }
}

/// The token of this client. None if access control is off.
pub async fn own_token(client: &ConsulClient) -> Result<Option<TokenFacts>, ConsulError> {
    let reply = match client.get("acl/token/self").await {
        Err(ConsulError::Refused(why)) if why.contains("ACL support disabled") => return Ok(None),
        reply => reply?,
    };
    let token: OwnToken = client.parse(&reply)?;
    Ok(Some(TokenFacts {
        accessor: token.accessor,
        kind: String::new(),
        policies: token.policies.into_iter().flatten().map(|policy| policy.name).collect(),
        ttl: token.expiration_time.as_deref().and_then(clock::until),
        renewable: None,
    }))
}
