//! Reads `credentials` of the settings and of a component.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::entries;
use super::problems::Problems;
use super::tree::{Tree, TreeKind};
use crate::model::provider::{Credential, CredentialOrigin, PROVIDERS, Provider};
use crate::model::reference::reference;
use crate::model::{Reference, VaultPath, hint};

/// Provider to credential. With `false` or null, a provider has no credential.
pub(super) fn credentials(tree: Tree, problems: &Problems) -> BTreeMap<String, Credential> {
    let mut found = BTreeMap::new();
    for (name, tree) in entries(tree, problems) {
        let Some(provider) = Provider::find(&name) else {
            let hint = hint(&name, PROVIDERS.iter().map(|provider| provider.name));
            problems.add(&tree.path, format!("no credentials are known for this provider; {hint}"));
            continue;
        };
        match origin(provider, &tree) {
            Ok(None) => {}
            Ok(Some(origin)) => {
                found.insert(name, Credential { path: tree.path, provider, origin });
            }
            Err(message) => problems.add(&tree.path, message),
        }
    }
    found
}

fn origin(provider: &'static Provider, tree: &Tree) -> Result<Option<CredentialOrigin>, String> {
    match &tree.kind {
        TreeKind::Leaf(Value::Null | Value::Bool(false)) => return Ok(None),
        TreeKind::Leaf(Value::Bool(true)) => {
            return VaultPath::new(provider.path).map(CredentialOrigin::Path).map(Some);
        }
        TreeKind::Map(map) if map.is_empty() => {
            return VaultPath::new(provider.path).map(CredentialOrigin::Path).map(Some);
        }
        _ => {}
    }
    let text = tree.text().ok_or("must be a reference, true for the default path, or false")?;
    if let Some(path) = text.strip_prefix("vault:").filter(|rest| !rest.contains('#')) {
        return VaultPath::new(path)
            .map(CredentialOrigin::Path)
            .map(Some)
            .map_err(|reason| format!("vault: {reason}"));
    }
    match reference(text)? {
        Reference::Plain(_) => {
            Err("must be a reference, such as vault:mount/path or env:NAME, not the credential itself"
                .to_owned())
        }
        _ if provider.variables.len() > 1 => {
            Err(format!("{} needs several values: write vault:mount/path, without a key", provider.name))
        }
        one => Ok(Some(CredentialOrigin::Value(one))),
    }
}
