//! Volumes that Nomad has made on its clients: <https://developer.hashicorp.com/nomad/api-docs/volumes>.

use serde::Deserialize;

use super::NomadClient;
use super::error::NomadError;

/// A volume in Nomad's list. One of a client's own configuration is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostVolume {
    #[serde(rename = "ID")]
    pub id: String,
    pub name: String,
}

impl NomadClient {
    /// The volumes of this name in the client's namespace. Each client of Nomad may have one.
    pub async fn host_volumes(&self, name: &str) -> Result<Vec<HostVolume>, NomadError> {
        let query = [("type", "host"), ("namespace", self.namespace.as_str())];
        let found: Option<Vec<HostVolume>> = match self.get(&["volumes"], &query).await {
            // Nomad before 1.10 makes no volumes on its clients.
            Err(NomadError::Missing(_)) => None,
            found => found.map_err(|error| self.lacking_volumes(error, "host-volume-read"))?,
        };
        Ok(found.into_iter().flatten().filter(|one| one.name == name).collect())
    }

    /// Deletes a volume with its data. Nomad refuses that while an allocation uses it.
    pub async fn delete_host_volume(&self, volume: &HostVolume) -> Result<(), NomadError> {
        let query = [("namespace", self.namespace.as_str())];
        let deleted = self.delete(&["volume", "host", &volume.id], &query).await;
        deleted.map_err(|error| self.lacking_volumes(error, "host-volume-delete"))
    }

    fn lacking_volumes(&self, error: NomadError, right: &str) -> NomadError {
        error.lacking(right, &format!("in the namespace {}", self.namespace))
    }
}
