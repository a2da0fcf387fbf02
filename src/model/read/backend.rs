//! The backend, which stores the state of a component.

use std::collections::BTreeMap;

use super::fields::entries;
use super::problems::Problems;
use super::tree::{Tree, TreeKind};
use crate::model::settings::Backend;

pub(super) fn backend(tree: Tree, problems: &Problems) -> Backend {
    let path = tree.path.clone();
    let mut arguments = entries(tree, problems);
    let kind = match arguments.remove("type") {
        None if arguments.is_empty() => return local(),
        None => {
            problems.add(&path, "needs a type, such as local, s3, pg, http");
            return local();
        }
        Some(kind) => match kind.text() {
            Some(text) => text.to_owned(),
            None => {
                problems.add(&kind.path, "must be a text");
                return local();
            }
        },
    };
    for (name, tree) in &arguments {
        if kind == "local" {
            problems
                .add(&tree.path, "the local backend takes no arguments: it keeps the state in the workdir");
        } else {
            refuse_credentials(name, tree, problems);
        }
    }
    Backend { kind, arguments: arguments.into_iter().map(|(name, tree)| (name, tree.to_value())).collect() }
}

fn local() -> Backend {
    Backend { kind: "local".to_owned(), arguments: BTreeMap::new() }
}

/// Arguments that are credentials in some backend. They are refused at any depth, because the rendered block is written
/// to disk, and Terraform copies it into its own files.
/// Source: <https://developer.hashicorp.com/terraform/language/backend>.
const ARGUMENTS: &[&str] = &[
    "access_key",
    "access_token",
    "client_certificate",
    "client_certificate_password",
    "client_key",
    "client_private_key_pem",
    "client_secret",
    "credentials",
    "customer_encryption_key",
    "encryption_key",
    "http_auth",
    "oidc_request_token",
    "oidc_token",
    "password",
    "private_key",
    "private_key_password",
    "sas_token",
    "secret_id",
    "secret_key",
    "security_token",
    "session_token",
    "sse_customer_key",
    "token",
    "username",
    "web_identity_token",
];

/// Reports each credential in an argument. The message never repeats its value.
fn refuse_credentials(name: &str, tree: &Tree, problems: &Problems) {
    if tree.is_null() {
        return;
    }
    let found = match &tree.kind {
        _ if ARGUMENTS.contains(&name) => "is a credential",
        TreeKind::Leaf(_) if tree.text().is_some_and(holds_password) => "contains a password: remove it",
        TreeKind::Leaf(_) => return,
        TreeKind::List(items) => return items.iter().for_each(|item| refuse_credentials("", item, problems)),
        TreeKind::Map(map) => {
            return map.iter().for_each(|(name, tree)| refuse_credentials(name, tree, problems));
        }
    };
    problems
        .add(&tree.path, format!("{found}; set it as a variable in infrastructure:settings:terraform:env"));
}

/// Whether the text contains a password: `scheme://user:password@host`, or `password=` in a query or a list of
/// settings.
fn holds_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let in_address =
        authority.and_then(|part| part.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'));
    let lower = text.to_ascii_lowercase();
    let named = lower.match_indices("password").any(|(at, word)| {
        let after = lower[at + word.len()..].trim_start();
        after.starts_with('=')
    });
    in_address || named
}
