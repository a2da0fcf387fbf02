//! Renders the templates for a task's secrets. Nomad renders them on the node, in memory if possible.

use std::collections::BTreeMap;

use super::body::{Body, SLOT, Term};
use crate::model::service::{NomadService, REVISION};
use crate::model::{VaultPath, nomad_variable, variable_key};

/// Blocks of the task. The job contains only names, paths and keys of secrets.
pub fn secrets(body: &mut Body, service: &NomadService) {
    let handed = &service.secrets;
    if !handed.by_variable.is_empty() {
        body.block("template", |body| {
            // A new revision makes a changed job. Nomad replaces its tasks one after the other, by the update policy.
            body.set("data", Term::Text(of_variable(service), REVISION));
            destination(body, "variables");
            body.value("change_mode", "noop");
            body.value("error_on_missing_key", true);
        });
    }
    if handed.by_vault.is_empty() {
        return;
    }
    body.block("vault", |body| {
        if let Some(role) = &handed.role {
            body.value("role", role.as_str());
        }
    });
    body.block("template", |body| {
        let data: String = handed.by_vault.iter().map(|(path, keys)| of_vault(path, keys)).collect();
        body.value("data", data);
        destination(body, "vault");
        // Vault issues a leased secret again, and Nomad notices changes of a stored one. In both cases the task must
        // read it again.
        body.value("change_mode", "restart");
    });
}

fn destination(body: &mut Body, name: &str) {
    body.value("destination", format!("secrets/{name}.env"));
    body.value("perms", "400");
    body.value("env", true);
}

/// JSON's escapes are also valid in an environment file.
fn of_variable(service: &NomadService) -> String {
    let line = |name: &String| format!("{name}={{{{ .{}.Value | toJSON }}}}\n", variable_key(SLOT, name));
    let lines: String = service.secrets.by_variable.iter().map(line).collect();
    let path = nomad_variable(service.name.as_str());
    format!("{{{{ with nomadVar \"{path}\" }}}}{lines}{{{{ end }}}}")
}

/// Reads both versions of the key-value store, and leased secrets of other engines. A missing key is not set.
fn of_vault(path: &VaultPath, keys: &BTreeMap<String, String>) -> String {
    let lines: String = keys
        .iter()
        .map(|(name, key)| {
            let key = serde_json::Value::from(key.as_str());
            // An empty text, 0 and false are values too; `with` would skip them.
            format!(
                "{{{{ $one := index $found {key} }}}}{{{{ if ne (printf \"%v\" $one) \"<nil>\" }}}}\
                 {name}={{{{ $one | toJSON }}}}{{{{ end }}}}\n"
            )
        })
        .collect();
    format!(
        "{{{{ with secret \"{path}\" }}}}{{{{ $found := .Data }}}}{{{{ with index .Data \"metadata\" }}}}\
         {{{{ with index $found \"data\" }}}}{{{{ $found = . }}}}{{{{ end }}}}{{{{ end }}}}{lines}{{{{ end }}}}"
    )
}
