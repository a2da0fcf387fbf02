//! Reads `infrastructure:settings:nomad` and `consul`, and the settings that all servers have in common.

use std::time::Duration;

use super::fields::Fields;
use super::problems::Problems;
use super::scalars;
use super::scalars::absolute;
use super::scalars::{label, token};
use super::tree::Tree;
use crate::model::address::is_authority;
use crate::model::server::{ConsulServer, NomadServer, RETRY_FOR, SecretDeliverySettings};
use crate::model::{Reference, Tls};

/// The address of the agent on this host.
pub(super) const CONSUL: &str = "http://127.0.0.1:8500";
const NOMAD: &str = "http://127.0.0.1:4646";

/// The address of a server, and how Eos authenticates itself there.
pub(super) struct ServerAccess {
    pub address: String,
    pub token: Option<Reference>,
    pub tls: Tls,
}

pub(super) fn nomad(tree: Tree, problems: &Problems) -> NomadServer {
    let mut fields = Fields::open(tree, problems);
    let ServerAccess { address, token, tls } = access(&mut fields, NOMAD);
    let server = NomadServer {
        region: fields.read("region", label),
        namespace: fields.read("namespace", label).unwrap_or_else(|| "default".to_owned()),
        secrets: hands_secrets(&mut fields),
        retry_for: retry_for(&mut fields),
        address,
        token,
        tls,
    };
    fields.close();
    server
}

/// Reads `secrets: variables`, or `secrets: vault` with an optional `vault_role`.
fn hands_secrets(fields: &mut Fields<'_>) -> SecretDeliverySettings {
    let by_vault = fields.read("secrets", |tree| match tree.text() {
        Some("variables") => Ok(false),
        Some("vault") => Ok(true),
        _ => Err("must be variables or vault".to_owned()),
    });
    let role = fields.take("vault_role");
    let role_place = role.as_ref().map(|tree| tree.path.clone());
    let role =
        role.and_then(|tree| label(&tree).map_err(|message| fields.problems.add(&tree.path, message)).ok());
    match (by_vault, role_place) {
        (Some(true), _) => SecretDeliverySettings::Vault { role },
        (_, Some(pillar_path)) => {
            fields.problems.add(
                &pillar_path,
                "is only for secrets: vault, where Nomad itself reads the secrets in Vault",
            );
            SecretDeliverySettings::Variables
        }
        (_, None) => SecretDeliverySettings::Variables,
    }
}

pub(super) fn consul(tree: Tree, problems: &Problems) -> ConsulServer {
    let mut fields = Fields::open(tree, problems);
    let ServerAccess { address, token, tls } = access(&mut fields, CONSUL);
    let retry_for = retry_for(&mut fields);
    fields.close();
    ConsulServer { address, token, tls, retry_for }
}

/// How long a request is repeated while the server is unavailable.
pub(super) fn retry_for(fields: &mut Fields<'_>) -> Duration {
    fields.read("retry_for", scalars::duration).unwrap_or(RETRY_FOR)
}

pub(super) fn access(fields: &mut Fields<'_>, default: &str) -> ServerAccess {
    let (address, tls) = place(fields, default);
    let address = address.unwrap_or_else(|| default.to_owned());
    ServerAccess { address, token: fields.read("token", token), tls }
}

/// The address of a server, if it is set, and its TLS settings.
pub(super) fn place(fields: &mut Fields<'_>, default: &str) -> (Option<String>, Tls) {
    let tls_place = fields.place("tls");
    let address = fields.read("address", address);
    let tls = tls(fields.take_or_empty("tls"), fields.problems);
    let is_plain = tls != Tls::default() && address.as_deref().unwrap_or(default).starts_with("http:");
    if let Some(pillar_path) = tls_place.filter(|_| is_plain) {
        fields.problems.add(&pillar_path, "has no meaning for an http:// address; write https://");
    }
    (address, tls)
}

/// The message never repeats the text: it may contain a password.
fn address(tree: &Tree) -> Result<String, String> {
    let text = scalars::text(tree)?;
    let text = text.strip_suffix('/').unwrap_or(&text);
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match host {
        None => Err("must begin with http:// or https://".to_owned()),
        Some(host) if host.contains('@') => {
            Err("must not contain a user or a password; set token to a reference".to_owned())
        }
        Some(host) if is_authority(host) => Ok(text.to_owned()),
        Some(_) => Err("must be http(s)://host:port, without a path".to_owned()),
    }
}

/// How the server of an `https://` address is verified.
pub(super) fn tls(tree: Tree, problems: &Problems) -> Tls {
    let mut fields = Fields::open(tree, problems);
    let pillar_path = fields.path.clone();
    let pair = [fields.take("cert_file"), fields.take("key_file")];
    if pair.iter().flatten().count() == 1 {
        problems.add(&pillar_path, "cert_file and key_file must be set together");
    }
    let [certificate, key] = pair.map(|tree| {
        let tree = tree?;
        absolute(&tree).map_err(|message| problems.add(&tree.path, message)).ok()
    });
    let ca_file = fields.read("ca_file", absolute);
    let insecure = fields.read("insecure", scalars::flag).unwrap_or(false);
    if insecure && ca_file.is_some() {
        problems.add(&pillar_path, "ca_file and insecure contradict each other: keep one");
    }
    fields.close();
    Tls { ca_file, identity: certificate.zip(key), insecure }
}
