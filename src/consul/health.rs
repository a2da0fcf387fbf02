//! A service's instances: <https://developer.hashicorp.com/consul/api-docs/health>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::ConsulClient;
use super::error::ConsulError;
use crate::http::path;

/// An instance of a service, with its own checks and those of its node.
pub struct ServiceInstance {
    pub id: String,
    pub checks: Vec<InstanceCheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceCheck {
    #[serde(rename = "CheckID", default)]
    pub id: String,
    pub name: String,
    pub status: String,
    #[serde(default)]
    pub output: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthEntry {
    service: HealthEntryService,
    #[serde(default)]
    checks: Vec<InstanceCheck>,
}

#[derive(Deserialize)]
struct HealthEntryService {
    #[serde(rename = "ID")]
    id: String,
}

/// Returns all instances of a service. Consul answers 200 also to a token that may not see all of them, and leaves some
/// out; this is an error.
pub async fn instances(client: &ConsulClient, service: &str) -> Result<Vec<ServiceInstance>, ConsulError> {
    let reply = client.get(&path(&["health", "service", service])).await?;
    if reply.header("X-Consul-Results-Filtered-By-ACLs") == Some("true") {
        return Err(ConsulError::Denied(
            "its answer is incomplete, because this token may not see everything".to_owned(),
        ));
    }
    let entries: Vec<HealthEntry> = client.parse(&reply)?;
    Ok(entries
        .into_iter()
        .map(|entry| ServiceInstance { id: entry.service.id, checks: entry.checks })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AgentCheck {
    #[serde(default)]
    output: String,
}

/// Adds the missing outputs of failing checks. An agent that runs a check tells the catalogue its status at once, and a
/// new output with the same status some minutes later. This helps only if the client asks this agent.
pub async fn add_missing_outputs(client: &ConsulClient, found: &mut [ServiceInstance]) {
    let all = found.iter_mut().flat_map(|one| &mut one.checks);
    let mut silent: Vec<_> =
        all.filter(|check| check.status != "passing" && check.output.is_empty()).collect();
    if silent.is_empty() {
        return;
    }
    let Ok(reply) = client.get("agent/checks").await else { return };
    let Ok(known) = client.parse::<BTreeMap<String, AgentCheck>>(&reply) else { return };
    for check in &mut silent {
        if let Some(own) = known.get(&check.id) {
            check.output.clone_from(&own.output);
        }
    }
}
