//! What stays when a service is deleted: its data, and the secrets that were generated for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::service::{DataFolder, JobSource, ServiceVariable, VolumeKind};
use super::{Component, Input, SecretOrigin, Source};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LeftData {
    /// Keys at one path in Vault, which Eos generated.
    Secrets {
        path: String,
        keys: BTreeSet<String>,
    },
    /// A volume of Nomad's clients.
    HostVolume {
        name: String,
    },
    CsiVolume {
        id: String,
    },
    /// A folder on the clients of Nomad.
    Folder {
        path: String,
    },
}

/// What was removed of the keys of one path in Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurgedKeys {
    /// None of the keys was there.
    Nothing,
    /// The path, with all its versions.
    Path,
    /// The keys alone, because the path has others too. Earlier versions of a versioned store still have them.
    Keys { are_in_versions: bool },
}

impl LeftData {
    /// All that this component leaves. A job of the user's own may have more, which Eos does not know.
    pub fn of(component: &Component) -> BTreeSet<Self> {
        let mut secrets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for secret in component.task_secrets.values() {
            if let SecretOrigin::Generated { path, key, .. } = &secret.origin {
                secrets.entry(path.to_string()).or_default().insert(key.clone());
            }
        }
        let mut left: BTreeSet<Self> =
            secrets.into_iter().map(|(path, keys)| Self::Secrets { path, keys }).collect();
        let Some(Source::Service(service)) = &component.source else { return left };
        if let JobSource::Generated(shape) = &service.job {
            // A volume that is only read belongs to somebody else.
            for volume in shape.volumes.values().filter(|volume| !volume.read_only) {
                let source = volume.source.clone();
                left.insert(match volume.kind {
                    VolumeKind::Host => Self::HostVolume { name: source },
                    VolumeKind::Csi { .. } => Self::CsiVolume { id: source },
                });
            }
            if let Some(DataFolder::Allocation { .. }) = &shape.data {
                return left;
            }
        }
        let folder = component.inputs.get(ServiceVariable::DataPath.name()).and_then(Input::literal);
        left.extend(folder.and_then(Value::as_str).map(|path| Self::Folder { path: path.to_owned() }));
        left
    }

    /// Whether a component uses the same data.
    pub fn is_shared_with(&self, other: &Component) -> bool {
        let reads = |path: &str, keys: &BTreeSet<String>| {
            super::stored_secrets(other).any(|(from, key)| from.as_str() == path && keys.contains(key))
        };
        match self {
            Self::Secrets { path, keys } => reads(path, keys),
            Self::HostVolume { name } | Self::CsiVolume { id: name } => {
                let Some(Source::Service(service)) = &other.source else { return false };
                let JobSource::Generated(shape) = &service.job else { return false };
                shape.volumes.values().any(|volume| volume.source == *name)
            }
            Self::Folder { .. } => false,
        }
    }

    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::Secrets { path, keys } => {
                let keys = keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("vault:{path} ({keys})")
            }
            Self::HostVolume { name } => format!("the volume {name} of Nomad"),
            Self::CsiVolume { id } => format!("the CSI volume {id} of Nomad"),
            Self::Folder { path } => {
                format!("the folder {path} on each client of Nomad that had the service")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Draft, Overrides, read};

    fn draft(services: Value) -> Draft {
        let vault =
            json!({ "address": "http://127.0.0.1:1", "auth": { "method": "token", "token": "env:T" } });
        let pillar = json!({
            "settings": { "vault": vault },
            "environments": { "staging": { "services": services } },
        });
        let (draft, problems) = read(&pillar, "staging", &Overrides::default());
        assert!(problems.is_empty(), "{problems:?}");
        draft.unwrap()
    }

    #[test]
    fn a_service_leaves_what_was_generated_for_it_and_what_it_wrote_and_nothing_that_it_only_reads() {
        let shelf = json!({ "source": "shelf", "path": "/shelf" });
        let books = json!({ "path": "/books", "read_only": true });
        let web = json!({
            "image": "web:1", "volumes": { "shelf": shelf, "books": books },
            "data_path": { "source": "/srv/web", "path": "/data" },
            "secrets": { "TOKEN": { "generate": "hex" }, "OTHER": "vault:secret/other#key" },
        });
        let api = json!({
            "image": "api:1", "volumes": { "other": { "source": "shelf", "path": "/s" } },
            "data_path": { "path": "/data" }, "storage": "ephemeral",
        });
        let draft = draft(json!({ "web": web, "api": api }));
        let [web, api] = ["nomad-web", "nomad-api"].map(|name| &draft.components[name]);
        let left: Vec<_> = LeftData::of(web).iter().map(LeftData::words).collect();
        let expected = [
            "vault:secret/services/staging/web (TOKEN)",
            "the volume shelf of Nomad",
            "the folder /srv/web on each client of Nomad that had the service",
        ];
        assert_eq!(left, expected);
        let shared: Vec<_> = LeftData::of(web).iter().map(|one| one.is_shared_with(api)).collect();
        assert_eq!(shared, [false, true, false]);
        assert_eq!(LeftData::of(api), [LeftData::HostVolume { name: "shelf".to_owned() }].into());
    }
}
