//! The catalogue: <https://developer.hashicorp.com/consul/api-docs/catalog>.

use serde_json::{Value, json};

use super::client::ConsulClient;
use super::error::ConsulError;
use crate::model::ConsulService;

/// A service with its address, and the node on which it is registered.
pub struct Registration<'a> {
    pub node: &'a str,
    pub id: &'a str,
    pub address: &'a str,
    pub port: Option<u16>,
    /// The service's name, tags and checks.
    pub service: &'a ConsulService,
}

/// Registers a service on a node without a Consul agent. <https://github.com/hashicorp/consul-esm> can run its checks.
pub async fn register(client: &ConsulClient, registration: &Registration<'_>) -> Result<(), ConsulError> {
    let Registration { node, id, address, port, service } = registration;
    let checks = service.checks.iter().enumerate();
    let checks: Vec<Value> = checks
        .map(|(index, check)| {
            let interval = format!("{}ms", check.interval.as_millis());
            let mut definition = json!({ "Interval": interval });
            for (key, value) in [("HTTP", &check.http), ("TCP", &check.tcp)] {
                if let Some(value) = value {
                    definition[key] = value.as_str().into();
                }
            }
            json!({
                "Node": node, "CheckID": format!("{id}:{index}"), "Name": check.name, "ServiceID": id,
                "Status": "passing", "Definition": definition,
            })
        })
        .collect();
    let mut body = json!({
        "Node": node, "Address": address, "SkipNodeUpdate": false,
        "NodeMeta": { "external-node": "true", "external-probe": "true" },
        "Service": { "ID": id, "Service": service.name, "Address": address, "Tags": service.tags },
        "Checks": checks,
    });
    if let Some(port) = port {
        body["Service"]["Port"] = (*port).into();
    }
    change(client, "catalog/register", &body).await
}

/// Removes the node with everything on it.
pub async fn deregister(client: &ConsulClient, node: &str) -> Result<(), ConsulError> {
    change(client, "catalog/deregister", &json!({ "Node": node })).await
}

async fn change(client: &ConsulClient, path: &str, body: &Value) -> Result<(), ConsulError> {
    let reply = client.put(path, body.to_string().into_bytes()).await?;
    client.confirm(&reply)
}
