//! Where the running allocations of a job listen: <https://developer.hashicorp.com/nomad/api-docs/allocations>.

use serde::Deserialize;

use super::JobName;
use super::client::NomadClient;
use super::error::NomadError;
use crate::decide::{ClientStatus, DesiredStatus};

/// More allocations are not asked for.
const MOST: usize = 5;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Placed {
    allocated_resources: Resources,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Resources {
    shared: Shared,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Shared {
    ports: Option<Vec<AllocatedPort>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AllocatedPort {
    label: String,
    value: u16,
    #[serde(rename = "HostIP")]
    host: String,
}

impl NomadClient {
    /// The addresses of the ports of each running allocation, such as `10.0.0.1:8080`. `label`: only this port.
    pub async fn addresses(&self, name: &JobName, label: Option<&str>) -> Result<Vec<String>, NomadError> {
        let running = self.allocations(name).await?.into_iter().filter(|one| {
            one.desired_status == DesiredStatus::Run && one.client_status == ClientStatus::Running
        });
        let mut found = Vec::new();
        for allocation in running.take(MOST) {
            let query = [("namespace", name.namespace.as_str())];
            let placed: Placed = self.get(&["allocation", &allocation.id], &query).await?;
            let ports = placed.allocated_resources.shared.ports.unwrap_or_default();
            let its = ports.into_iter().filter(|port| label.is_none_or(|label| port.label == label));
            found.extend(its.map(|port| address(&port.host, port.value)));
        }
        found.sort();
        Ok(found)
    }
}

fn address(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}
