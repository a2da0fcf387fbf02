//! The real AWS provider, on moto.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::Site;
use super::moto::Moto;

/// A site whose terraform has the provider. None, with a message, if this machine does not have the provider or moto.
pub fn site() -> Option<(Moto, Site)> {
    let look = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provider/mirror");
    let looked = Command::new(look).arg("hashicorp/aws").stdin(Stdio::null()).output().unwrap();
    let mirror = String::from_utf8(looked.stdout).unwrap().trim().to_owned();
    if mirror.is_empty() {
        eprintln!("SKIPPED, missing: hashicorp/aws in a provider mirror");
        return None;
    }
    let moto = Moto::new()?;
    let mut site = Site::new();
    let installation = site.folder.path().join("aws.tfrc");
    let text =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n", json!(mirror));
    std::fs::write(&installation, text).unwrap();
    let mut env: serde_json::Map<String, Value> =
        moto.keys().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    env.insert("GOGC".to_owned(), "400".into());
    // Where a module configures the provider without a word about its servers.
    env.insert("AWS_ENDPOINT_URL".to_owned(), moto.url().into());
    env.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".into());
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": installation, "env": env });
    Some((moto, site))
}
