//! Reads a path in Vault, for every kind of engine.

use std::time::Duration;

use serde_json::{Map, Value};

use super::client::VaultClient;
use super::error::{VaultError, refuse};
use super::renewer::duration;
use crate::error::{Code, Result};
use crate::model::VaultPath;

/// The engine at a path. Paths begin after `/v1/`.
pub enum SecretsEngine {
    /// Key-value, version 2: Vault keeps earlier versions.
    Versioned { data: String, metadata: String },
    /// Key-value, version 1.
    Plain,
    /// Each read makes a new secret, with a lease if the secret ends.
    Other,
}

/// No Debug, because it contains secrets in clear text.
pub struct RawSecret {
    pub values: Map<String, Value>,
    /// The lease's id, its duration, and whether it can be renewed.
    pub lease: Option<(String, Duration, bool)>,
    /// The version in a versioned key-value store; otherwise 0.
    pub version: u64,
}

pub async fn engine(client: &VaultClient, path: &VaultPath) -> Result<SecretsEngine, VaultError> {
    let mount = format!("sys/internal/ui/mounts/{path}");
    let answer = client.patiently(async || client.get(&mount).await).await?;
    let data = &answer["data"];
    let mount = data["path"].as_str().unwrap_or_default();
    match data["type"].as_str() {
        Some("kv" | "generic") if data["options"]["version"] == "2" => {
            let rest = path.as_str().strip_prefix(mount).filter(|rest| !rest.is_empty());
            let rest = rest
                .ok_or_else(|| VaultError::Refused(format!("{mount} is a mount, not a path in a mount")))?;
            let [data, metadata] = ["data", "metadata"].map(|part| format!("{mount}{part}/{rest}"));
            Ok(SecretsEngine::Versioned { data, metadata })
        }
        Some("kv" | "generic") => Ok(SecretsEngine::Plain),
        Some(_) => Ok(SecretsEngine::Other),
        None => Err(VaultError::Refused("it does not name the engine".to_owned())),
    }
}

/// Reads a path. An error names only the path, never a value.
pub async fn read(client: &VaultClient, path: &VaultPath) -> Result<RawSecret> {
    found(client, path, &known(client, path).await?).await
}

/// Reads a path of a key-value store. None if each read of its engine makes a new secret.
pub async fn stored(client: &VaultClient, path: &VaultPath) -> Result<Option<RawSecret>> {
    match known(client, path).await? {
        SecretsEngine::Other => Ok(None),
        engine => found(client, path, &engine).await.map(Some),
    }
}

async fn known(client: &VaultClient, path: &VaultPath) -> Result<SecretsEngine> {
    let what = format!("read vault:{path}");
    engine(client, path).await.map_err(|error| error.explain(&client.address, &what))
}

/// Reads a path whose engine is known.
pub async fn found(client: &VaultClient, path: &VaultPath, engine: &SecretsEngine) -> Result<RawSecret> {
    let url = match engine {
        SecretsEngine::Versioned { data, .. } => data.as_str(),
        SecretsEngine::Plain | SecretsEngine::Other => path.as_str(),
    };
    let answer = client.patiently(async || client.get(url).await).await;
    let answer = answer.map_err(|error| match error {
        VaultError::Missing(metadata) if metadata.is_object() => {
            let how = if metadata["destroyed"] == true { "destroyed" } else { "deleted" };
            refuse(
                Code::SecretDeleted,
                format!("cannot read vault:{path}: its last version was {how}"),
                "write it again, or undelete that version in Vault",
            )
        }
        other => other.explain(&client.address, &format!("read vault:{path}")),
    })?;
    let (data, version) = match engine {
        SecretsEngine::Versioned { .. } => {
            (&answer["data"]["data"], answer["data"]["metadata"]["version"].as_u64().unwrap_or_default())
        }
        SecretsEngine::Plain | SecretsEngine::Other => (&answer["data"], 0),
    };
    let values = data.as_object().cloned().ok_or_else(|| {
        let missing = VaultError::Missing(Value::Null);
        missing.explain(&client.address, &format!("read vault:{path}"))
    })?;
    let id = answer["lease_id"].as_str().filter(|id| !id.is_empty());
    let lease = id.map(|id| (id.to_owned(), duration(&answer), answer["renewable"] == true));
    Ok(RawSecret { values, lease, version })
}
