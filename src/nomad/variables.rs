//! Nomad's variables: <https://developer.hashicorp.com/nomad/api-docs/variables>. The text of these answers is never
//! repeated.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::NomadClient;
use super::error::NomadError;

/// No Debug, because it contains secrets.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NomadVariable {
    pub items: BTreeMap<String, SecretString>,
    /// A write succeeds only if the variable still has this index. 0 if the variable does not exist.
    #[serde(rename = "ModifyIndex")]
    pub index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    namespace: String,
    path: String,
}

impl NomadClient {
    /// Returns a variable; an empty one if it does not exist.
    pub async fn variable(&self, namespace: &str, path: &str) -> Result<NomadVariable, NomadError> {
        match self.get(&segments(path), &[("namespace", namespace)]).await {
            Err(NomadError::Missing(_)) => Ok(NomadVariable::default()),
            answer => answer.map_err(|error| lacking(error, "read", namespace, path)),
        }
    }

    /// The namespaces that have a variable at this path, as far as the token may see them.
    pub async fn namespaces_of(&self, path: &str) -> Result<Vec<String>, NomadError> {
        let found: Vec<Listed> = match self.get(&["vars"], &[("prefix", path), ("namespace", "*")]).await {
            // Nomad before 1.4 has no variables.
            Err(NomadError::Missing(_)) => Vec::new(),
            answer => answer?,
        };
        Ok(found.into_iter().filter(|one| one.path == path).map(|one| one.namespace).collect())
    }

    /// Writes a variable. Fails with [`NomadError::Moved`] if another client has written it since.
    pub async fn put_variable(
        &self,
        namespace: &str,
        path: &str,
        items: &BTreeMap<String, SecretString>,
        since: u64,
    ) -> Result<(), NomadError> {
        let items: BTreeMap<_, _> = items.iter().map(|(key, value)| (key, value.expose_secret())).collect();
        let since = since.to_string();
        let query = [("namespace", namespace), ("cas", since.as_str())];
        let asked = json!({ "Namespace": namespace, "Path": path, "Items": items });
        let written = self.put::<Value>(&segments(path), &query, &asked).await;
        written.map(drop).map_err(|error| lacking(error, "write", namespace, path))
    }

    pub async fn delete_variable(&self, namespace: &str, path: &str, since: u64) -> Result<(), NomadError> {
        let since = since.to_string();
        let deleted =
            self.delete(&segments(path), &[("namespace", namespace), ("cas", since.as_str())]).await;
        deleted.map_err(|error| lacking(error, "destroy", namespace, path))
    }
}

fn lacking(error: NomadError, right: &str, namespace: &str, path: &str) -> NomadError {
    error.lacking(right, &format!("on the variable {path} in namespace {namespace}"))
}

fn segments(path: &str) -> Vec<&str> {
    ["var"].into_iter().chain(path.split('/')).collect()
}
