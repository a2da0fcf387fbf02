//! Providers for which Eos can pass credentials, and the environment variables that carry these.

use super::{PillarPath, Reference, VaultPath};

/// The credential of one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// Its path in the pillar.
    pub path: PillarPath,
    pub provider: &'static Provider,
    pub origin: CredentialOrigin,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CredentialOrigin {
    /// The single value of a provider with one variable.
    Value(Reference),
    /// A path in Vault. The keys there are assigned to variables by their names.
    Path(VaultPath),
}

/// A provider, identified by its local name in modules.
#[derive(Debug, PartialEq)]
pub struct Provider {
    pub name: &'static str,
    /// The path in Vault, unless the pillar sets another one.
    pub path: &'static str,
    pub variables: &'static [CredentialVariable],
}

/// An environment variable, and the keys that may hold its value. The first key that exists is used.
#[derive(Debug, PartialEq)]
pub struct CredentialVariable {
    pub name: &'static str,
    pub keys: &'static [&'static str],
    pub optional: bool,
}

const fn needed(name: &'static str, keys: &'static [&'static str]) -> CredentialVariable {
    CredentialVariable { name, keys, optional: false }
}

/// The variables are documented on the page of each provider. The keys are those that Vault's secrets engine for the
/// provider returns, and the name of the variable itself.
pub static PROVIDERS: [Provider; 8] = [
    Provider {
        name: "hcloud",
        path: "secret/hetzner/api_token",
        variables: &[needed("HCLOUD_TOKEN", &["api_token", "token", "value", "HCLOUD_TOKEN"])],
    },
    Provider {
        name: "aws",
        path: "secret/aws/credentials",
        variables: &[
            needed("AWS_ACCESS_KEY_ID", &["access_key_id", "access_key", "AWS_ACCESS_KEY_ID"]),
            needed("AWS_SECRET_ACCESS_KEY", &["secret_access_key", "secret_key", "AWS_SECRET_ACCESS_KEY"]),
            CredentialVariable {
                name: "AWS_SESSION_TOKEN",
                keys: &["session_token", "security_token", "AWS_SESSION_TOKEN"],
                optional: true,
            },
        ],
    },
    Provider {
        name: "azurerm",
        path: "secret/azure/client_secret",
        variables: &[
            needed("ARM_CLIENT_ID", &["client_id", "ARM_CLIENT_ID"]),
            needed("ARM_CLIENT_SECRET", &["client_secret", "ARM_CLIENT_SECRET"]),
            needed("ARM_TENANT_ID", &["tenant_id", "ARM_TENANT_ID"]),
            needed("ARM_SUBSCRIPTION_ID", &["subscription_id", "ARM_SUBSCRIPTION_ID"]),
        ],
    },
    Provider {
        name: "cloudflare",
        path: "secret/cloudflare/api_token",
        variables: &[needed(
            "CLOUDFLARE_API_TOKEN",
            &["api_token", "token", "value", "CLOUDFLARE_API_TOKEN"],
        )],
    },
    Provider {
        name: "nomad",
        path: "secret/providers/nomad",
        variables: &[needed("NOMAD_TOKEN", &["secret_id", "token", "value", "NOMAD_TOKEN"])],
    },
    Provider {
        name: "consul",
        path: "secret/providers/consul",
        variables: &[needed("CONSUL_HTTP_TOKEN", &["token", "secret_id", "value", "CONSUL_HTTP_TOKEN"])],
    },
    Provider {
        name: "vault",
        path: "secret/providers/vault",
        variables: &[needed("VAULT_TOKEN", &["token", "value", "VAULT_TOKEN"])],
    },
    Provider {
        name: "b2",
        path: "secret/providers/b2",
        variables: &[
            needed("B2_APPLICATION_KEY_ID", &["application_key_id", "key_id", "B2_APPLICATION_KEY_ID"]),
            needed("B2_APPLICATION_KEY", &["application_key", "key", "B2_APPLICATION_KEY"]),
        ],
    },
];

impl Provider {
    /// The same; a name of the cloud is taken for its provider.
    pub fn of_cloud(name: &str) -> Option<&'static Self> {
        let clouds = [("azure", "azurerm"), ("hetzner", "hcloud")];
        let provider = clouds.iter().find(|(cloud, _)| *cloud == name).map(|(_, provider)| *provider);
        Self::find(provider.unwrap_or(name))
    }

    pub fn find(name: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|provider| provider.name == name)
    }

    /// The names of all providers, for a message.
    pub fn names() -> String {
        PROVIDERS.iter().map(|provider| provider.name).collect::<Vec<_>>().join(", ")
    }
}
