//! The state of the cluster: <https://developer.hashicorp.com/nomad/api-docs/nodes>.

use serde::Deserialize;

use super::client::NomadClient;
use super::error::NomadError;
use crate::clock;
use crate::decide::layers::{NomadNode, TokenFacts};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedNode {
    name: String,
    datacenter: String,
    status: String,
    scheduling_eligibility: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OwnToken {
    #[serde(rename = "AccessorID")]
    accessor: String,
    #[serde(rename = "Type")]
    kind: String,
    policies: Option<Vec<String>>,
    expiration_time: Option<String>,
}

impl NomadClient {
    /// The leader's address; empty if there is none. Everybody may ask.
    pub async fn leader(&self) -> Result<String, NomadError> {
        match self.get::<String>(&["status", "leader"], &[]).await {
            Err(NomadError::Unreachable(why)) if why.text.contains("No cluster leader") => Ok(String::new()),
            answer => answer,
        }
    }

    /// All nodes of the region.
    pub async fn nodes(&self) -> Result<Vec<NomadNode>, NomadError> {
        let listed: Vec<ListedNode> = self.get(&["nodes"], &[]).await?;
        let nodes =
            listed.into_iter().map(|ListedNode { name, datacenter, status, scheduling_eligibility }| {
                NomadNode { name, datacenter, status, eligible: scheduling_eligibility == "eligible" }
            });
        Ok(nodes.collect())
    }

    /// The token of this client. None if access control is off.
    pub async fn own_token(&self) -> Result<Option<TokenFacts>, NomadError> {
        let token: OwnToken = match self.get(&["acl", "token", "self"], &[]).await {
            Err(error) if error.is_without_acl() => return Ok(None),
            answer => answer?,
        };
        Ok(Some(TokenFacts {
            accessor: token.accessor,
            kind: token.kind,
            policies: token.policies.unwrap_or_default(),
            ttl: token.expiration_time.as_deref().and_then(clock::until),
            renewable: None,
        }))
    }
}
