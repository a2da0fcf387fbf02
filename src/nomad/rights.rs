//! What the token of a client may do, by the policies that Nomad shows to the holder of a token.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::NomadClient;
use super::error::NomadError;
use crate::decide::layers::{NamespaceRule, NomadRights, TokenRules};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedPolicy {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AclPolicy {
    #[serde(rename = "RulesJSON")]
    rules: PolicyRules,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PolicyRules {
    namespaces: Option<Vec<NamespacePolicy>>,
    host_volumes: Option<Vec<HostVolumePolicy>>,
    plugin: Option<PluginPolicy>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostVolumePolicy {
    name: String,
    capabilities: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PluginPolicy {
    policy: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NamespacePolicy {
    name: String,
    capabilities: Option<Vec<String>>,
    variables: Option<VariablePolicies>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VariablePolicies {
    paths: Option<Vec<VariablePolicy>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VariablePolicy {
    #[serde(rename = "PathSpec")]
    path: String,
    capabilities: Option<Vec<String>>,
}

impl NomadClient {
    /// What the token of this client may do; without a token, what everybody may do. It reads the policies of the token
    /// and of its roles.
    pub async fn rights(&self) -> Result<NomadRights, NomadError> {
        match self.own_token().await? {
            None => return Ok(NomadRights::All),
            Some(token) if token.kind == "management" => return Ok(NomadRights::All),
            Some(_) => {}
        }
        let mut rules = TokenRules::default();
        let listed = match self.get::<Vec<_>>(&["acl", "policies"], &[]).await {
            // About another region, only this question says that access control is off.
            Err(error) if error.is_without_acl() => return Ok(NomadRights::All),
            listed => listed?,
        };
        for ListedPolicy { name } in listed {
            let policy: AclPolicy = self.get(&["acl", "policy", &name], &[]).await?;
            let PolicyRules { namespaces, host_volumes, plugin } = policy.rules;
            rules.namespaces.extend(namespaces.into_iter().flatten().map(rule));
            let of_volume = |HostVolumePolicy { name, capabilities }| (name, set(capabilities));
            rules.host_volumes.extend(host_volumes.into_iter().flatten().map(of_volume));
            rules.plugins.extend(plugin.map(|plugin| plugin.policy));
        }
        Ok(NomadRights::Rules(rules))
    }
}

fn rule(NamespacePolicy { name, capabilities, variables }: NamespacePolicy) -> NamespaceRule {
    let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for VariablePolicy { path, capabilities } in variables.and_then(|all| all.paths).unwrap_or_default() {
        by_path.entry(path).or_default().extend(set(capabilities));
    }
    NamespaceRule { pattern: name, capabilities: set(capabilities), variables: by_path }
}

fn set(words: Option<Vec<String>>) -> BTreeSet<String> {
    words.unwrap_or_default().into_iter().collect()
}
