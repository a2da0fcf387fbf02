//! How a task comes by its secrets: templates that Nomad renders on the node, in memory where that is possible.

use std::collections::BTreeMap;

use super::text::{Text, literal};
use crate::model::service::{REVISION, Service};
use crate::model::{VaultPath, handed_key, nomad_variable};

/// Blocks of the task. The job holds names, paths and keys alone.
pub fn secrets(text: &mut Text, service: &Service) {
    let handed = &service.handed;
    if !handed.by_variable.is_empty() {
        let data = literal(&of_variable(service).into());
        text.block("template", |text| {
            // Another revision is another job: its tasks are replaced as the update policy has it, one after the other.
            text.set("data", data.replace(SLOT, &format!("${{{REVISION}}}")));
            destination(text, "variables");
            text.value("change_mode", "noop");
            text.value("error_on_missing_key", true);
        });
    }
    if handed.by_vault.is_empty() {
        return;
    }
    text.block("vault", |text| {
        if let Some(role) = &handed.role {
            text.value("role", role.as_str());
        }
    });
    text.block("template", |text| {
        let data: String = handed.by_vault.iter().map(|(path, keys)| of_vault(path, keys)).collect();
        text.value("data", data);
        destination(text, "vault");
        // What is lent is lent anew, and what was changed there is noticed: the task has to read it again.
        text.value("change_mode", "restart");
    });
}

fn destination(text: &mut Text, name: &str) {
    text.value("destination", format!("secrets/{name}.env"));
    text.value("perms", "400");
    text.value("env", true);
}

/// Stands for the revision until the text is a literal, in which a slot would be none.
const SLOT: &str = "@revision@";

/// JSON's escapes are those of the file of an environment.
fn of_variable(service: &Service) -> String {
    let line = |name: &String| format!("{name}={{{{ .{}.Value | toJSON }}}}\n", handed_key(SLOT, name));
    let lines: String = service.handed.by_variable.iter().map(line).collect();
    let path = nomad_variable(service.name.as_str());
    format!("{{{{ with nomadVar \"{path}\" }}}}{lines}{{{{ end }}}}")
}

/// Of either version of the key-value store, or of what another engine lends. What is not there is not set.
fn of_vault(path: &VaultPath, keys: &BTreeMap<String, String>) -> String {
    let lines: String = keys
        .iter()
        .map(|(name, key)| {
            let key = serde_json::Value::from(key.as_str());
            // An empty text, 0 and false are there; `with` would not have them.
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
