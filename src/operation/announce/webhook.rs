//! The address and the headers of a webhook, which may be references to secrets.

use secrecy::SecretString;

use crate::error::Result;
use crate::hooks::Target;
use crate::model::{Reference, Webhook};
use crate::operation::session::secrets::SecretReader;

/// Reads its references.
pub async fn target(hook: &Webhook, reader: &SecretReader) -> Result<Target> {
    Ok(Target { url: reader.read(&hook.url).await?, headers: reader.read_all(&hook.headers).await? })
}

/// What a message must not contain, each with its name in the pillar.
pub fn secrets<'a>(hook: &'a Webhook, target: &'a Target) -> Vec<(String, &'a SecretString)> {
    let is_secret = |reference: Option<&Reference>| !matches!(reference, None | Some(Reference::Plain(_)));
    let headers = target.headers.iter().filter(|(name, _)| is_secret(hook.headers.get(*name)));
    let mut secrets: Vec<_> = headers.map(|(name, value)| (format!("header {name}"), value)).collect();
    if is_secret(Some(&hook.url)) {
        secrets.push(("the address of a webhook".to_owned(), &target.url));
    }
    secrets
}
