//! Environment variables for the nomad provider, if the user sets none.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;

use super::servers;
use crate::error::Result;
use crate::model::{Blueprint, Component, NomadServer, TerraformSettings};
use crate::operation::session::secrets::SecretReader;

/// The provider's name in a module.
const PROVIDER: &str = "nomad";

/// From `settings:nomad`, for a component that uses the provider. Only then is a token read.
pub(super) async fn nomad(
    blueprint: &Blueprint,
    component: &Component,
    reader: &SecretReader,
) -> Result<BTreeMap<String, SecretString>> {
    let uses = blueprint.nodes.get(&component.name).is_some_and(|node| node.interface.uses(PROVIDER));
    if !uses {
        return Ok(BTreeMap::new());
    }
    let NomadServer { address, token, region, namespace, tls, .. } =
        servers::nomad_settings(&blueprint.settings, component);
    // A module of one's own may leave its namespace out, and means Nomad's default.
    let path = |path: &Path| path.display().to_string();
    let said = [
        ("NOMAD_ADDR", Some(address)),
        // The provider asks for a job in this region, also if the job names another one.
        ("NOMAD_REGION", region),
        // The provider lets Nomad parse the job in this namespace, also if the job names another one.
        ("NOMAD_NAMESPACE", servers::is_service(component).then_some(namespace)),
        ("NOMAD_CACERT", tls.ca_file.as_deref().map(path)),
        ("NOMAD_CLIENT_CERT", tls.identity.as_ref().map(|(certificate, _)| path(certificate))),
        ("NOMAD_CLIENT_KEY", tls.identity.as_ref().map(|(_, key)| path(key))),
        ("NOMAD_SKIP_VERIFY", tls.insecure.then(|| "true".to_owned())),
    ];
    let free = |name: &str| !is_said(&blueprint.settings.terraform, name);
    let mut all: BTreeMap<String, SecretString> = said
        .into_iter()
        .filter(|(name, _)| free(name))
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
    if let Some(token) = token.as_ref().filter(|_| free(TOKEN)) {
        all.insert(TOKEN.to_owned(), reader.read(token).await?);
    }
    Ok(all)
}

pub(super) const TOKEN: &str = "NOMAD_TOKEN";

/// Whether the user set it: as a value, or as a variable to pass on.
fn is_said(terraform: &TerraformSettings, name: &str) -> bool {
    terraform.env.contains_key(name)
        || (terraform.pass_env.contains(name) && std::env::var_os(name).is_some())
}
