//! Reads `infrastructure:settings:vault`.

use super::fields::Fields;
use super::problems::Problems;
use super::tree::Tree;
use super::{scalars, server};
use crate::model::reference::reference;
use crate::model::vault::{VaultAuth, VaultServer};
use crate::model::{Reference, VaultPath, hint};

const METHODS: [&str; 4] = ["token", "approle", "wrapped", "jwt"];
/// Keys about the login. Each method accepts some of them.
const DETAILS: [&str; 7] = ["token", "role", "role_id", "secret_id", "wrapped_secret_id", "mount", "jwt"];

/// None if the settings have no Vault.
pub(super) fn vault(tree: Tree, problems: &Problems) -> Option<VaultServer> {
    if tree.is_empty() {
        return None;
    }
    let mut fields = Fields::open(tree, problems);
    let (address_place, auth_place) = (fields.path.child("address"), fields.path.child("auth"));
    let has_address = fields.place("address").is_some();
    let (address, tls) = server::place(&mut fields, "");
    if !has_address {
        problems.add(&address_place, "is missing, such as https://vault.example:8200");
    }
    let namespace = fields.read("namespace", mount);
    let services = fields.read("services", mount).unwrap_or_else(|| "secret".to_owned());
    let retry_for = server::retry_for(&mut fields);
    let auth = match fields.take("auth") {
        Some(tree) => auth(tree, problems),
        None => {
            problems
                .add(&auth_place, "is missing: {method: token, token: env:VAULT_TOKEN}, or another method");
            None
        }
    };
    fields.close();
    Some(VaultServer { address: address?, namespace, tls, auth: auth?, services, retry_for })
}

fn auth(tree: Tree, problems: &Problems) -> Option<VaultAuth> {
    let mut fields = Fields::open(tree, problems);
    let pillar_path = fields.path.child("method");
    let method = fields.read("method", scalars::text);
    let known = method.as_deref().filter(|method| METHODS.contains(method));
    let Some(method) = known else {
        let said =
            method.as_ref().map_or("is missing".to_owned(), |other| format!("{other:?} does not exist"));
        let hint = hint(method.as_deref().unwrap_or_default(), METHODS.into_iter());
        problems.add(&pillar_path, format!("{said}; {hint}"));
        return None;
    };
    let mut details = LoginFields { fields };
    let auth = match method {
        "token" => details.secret("token").map(|token| VaultAuth::Token { token }),
        "approle" => {
            let mount = details.mount("approle");
            let role_id = details.role_id();
            let secret_id = details.maybe_secret("secret_id");
            role_id.map(|role_id| VaultAuth::AppRole { mount, role_id, secret_id })
        }
        "wrapped" => {
            let mount = details.mount("approle");
            let (role_id, wrapped) = (details.role_id(), details.secret("wrapped_secret_id"));
            role_id.zip(wrapped).map(|(role_id, wrapped_secret_id)| VaultAuth::Wrapped {
                mount,
                role_id,
                wrapped_secret_id,
            })
        }
        _ => {
            let mount = details.mount("jwt");
            let role = details.needed("role", scalars::text);
            role.zip(details.secret("jwt")).map(|(role, jwt)| VaultAuth::Jwt { mount, role, jwt })
        }
    };
    details.close(method);
    auth
}

struct LoginFields<'a> {
    fields: Fields<'a>,
}

impl LoginFields<'_> {
    fn needed<T>(&mut self, key: &'static str, read: impl FnOnce(&Tree) -> Result<T, String>) -> Option<T> {
        if self.fields.place(key).is_none() {
            self.fields.problems.add(&self.fields.path.child(key), "is missing");
        }
        self.fields.read(key, read)
    }

    fn secret(&mut self, key: &'static str) -> Option<Reference> {
        self.needed(key, secret)
    }

    fn maybe_secret(&mut self, key: &'static str) -> Option<Reference> {
        self.fields.read(key, secret)
    }

    /// A role_id is not a secret: a plain text is allowed.
    fn role_id(&mut self) -> Option<Reference> {
        self.needed("role_id", |tree| not_of_vault(reference(&scalars::text(tree)?)?))
    }

    fn mount(&mut self, default: &str) -> String {
        self.fields.read("mount", mount).unwrap_or_else(|| default.to_owned())
    }

    /// Keys of other methods are reported with the name of this method.
    fn close(mut self, method: &str) {
        for key in DETAILS {
            if let Some(pillar_path) = self.fields.place(key) {
                self.fields.problems.add(&pillar_path, format!("has no meaning for the method {method}"));
                self.fields.take(key);
            }
        }
        self.fields.close();
    }
}

fn secret(tree: &Tree) -> Result<Reference, String> {
    not_of_vault(scalars::token(tree)?)
}

fn not_of_vault(reference: Reference) -> Result<Reference, String> {
    match reference {
        Reference::Vault { .. } => Err("cannot be a secret of the same Vault, because it is needed for the \
                                        login"
            .to_owned()),
        other => Ok(other),
    }
}

/// A mount or a namespace, with one or more parts.
fn mount(tree: &Tree) -> Result<String, String> {
    let text = scalars::text(tree)?;
    let text = text.trim_end_matches('/');
    match VaultPath::new(&format!("{text}/x")) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => {
            Err("must be names of letters, digits and -_.~@:=+, separated by single slashes".to_owned())
        }
    }
}
