//! A service's instances: <https://developer.hashicorp.com/consul/api-docs/health>.

use serde::Deserialize;

use super::client::Client;
use super::trouble::Trouble;
use crate::http::path;

/// An instance of a service, with its own checks and those of its node.
pub struct Instance {
    pub id: String,
    pub checks: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub output: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    service: Service,
    #[serde(default)]
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(rename = "ID")]
    id: String,
}

/// Returns all instances of a service. Consul answers 200 also to a token that may not see all of them, and leaves some
/// out; this is an error.
pub async fn instances(client: &Client, service: &str) -> Result<Vec<Instance>, Trouble> {
    let reply = client.get(&path(&["health", "service", service])).await?;
    if reply.header("X-Consul-Results-Filtered-By-ACLs") == Some("true") {
        return Err(Trouble::Denied(
            "its answer is incomplete, because this token may not see everything".to_owned(),
        ));
    }
    let found: Vec<Found> = client.parse(&reply)?;
    Ok(found.into_iter().map(|found| Instance { id: found.service.id, checks: found.checks }).collect())
}
