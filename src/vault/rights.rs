//! What the token of a run may do at the paths that it needs. Vault is asked only for the rights: no secret is read.

use std::collections::BTreeMap;

use serde_json::json;

use super::Vault;
use super::error::VaultError;
use super::read::{SecretsEngine, engine};
use crate::decide::layers::Right;
use crate::error::Result;
use crate::model::VaultPath;

const LEASES: &str = "sys/leases/revoke";

impl Vault {
    /// Compares what the token may do with what a run does: it reads each path, and writes where `writes` says so.
    pub async fn rights(&self, needed: impl IntoIterator<Item = (VaultPath, bool)>) -> Result<Vec<Right>> {
        let explain =
            |error: VaultError| error.explain(&self.client.address, "ask for the rights of the token");
        let (mut rights, mut asked, mut is_lent) = (Vec::new(), BTreeMap::new(), false);
        for (path, writes) in needed {
            match engine(&self.client, &path).await {
                Ok(found) => {
                    is_lent |= matches!(found, SecretsEngine::Other);
                    let url = match found {
                        SecretsEngine::Versioned { data, .. } => data,
                        SecretsEngine::Plain | SecretsEngine::Other => path.to_string(),
                    };
                    let words: &[&str] = if writes { &["read", "create", "update"] } else { &["read"] };
                    asked.insert(url, (format!("vault:{path}"), words));
                }
                // Vault hides the engine from a token without any right to the path, also if there is none.
                Err(VaultError::Denied(_)) => rights.push(Right {
                    what: format!("read vault:{path}, or there is no engine"),
                    rule: rule(path.as_str(), &["read"]),
                    is_allowed: false,
                }),
                Err(error) => return Err(explain(error)),
            }
        }
        // A token that Eos made is revoked with all its leases. With a supplied one, each lease is revoked alone.
        if is_lent && !self.token.revocable {
            asked.insert(LEASES.to_owned(), (LEASES.to_owned(), &["update"]));
        }
        if asked.is_empty() {
            return Ok(rights);
        }
        let paths: Vec<_> = asked.keys().collect();
        let answer =
            self.client.post("sys/capabilities-self", json!({ "paths": paths })).await.map_err(explain)?;
        for (url, (name, words)) in &asked {
            let listed = answer["data"][url].as_array().or_else(|| answer[url].as_array());
            let has = |word: &str| listed.into_iter().flatten().any(|one| *one == word);
            for word in *words {
                rights.push(Right {
                    what: format!("{word} {name}"),
                    rule: rule(url, words),
                    is_allowed: has("root") || has(word),
                });
            }
        }
        Ok(rights)
    }
}

fn rule(path: &str, words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("path {path:?} {{ capabilities = [{}] }}", words.join(", "))
}
