//! A turn notices that a secret of its component is being rotated.

use secrecy::{ExposeSecret, SecretString};

use crate::decide::{ROTATION, Rotation};
use crate::model::{Component, previous_key, stored_secrets};
use crate::operation::session::Session;
use crate::operation::session::secrets::SecretReader;
use crate::record::Record;

/// Remembers the rotations that the secrets of this component are in. Returns their other values, which no text may show.
pub async fn notice(
    session: &Session,
    component: &Component,
    record: Option<&Record>,
    reader: &SecretReader,
) -> Vec<SecretString> {
    let mut hidden = Vec::new();
    let Some(vault) = &session.blueprint.settings.vault else { return hidden };
    let generated = format!("{}/services/{}/", vault.services, session.blueprint.environment);
    for (path, key) in stored_secrets(component).filter(|(path, _)| path.as_str().starts_with(&generated)) {
        // It was read before, so this asks nobody.
        let Ok(Some(secret)) = reader.stored(path).await else { continue };
        hidden.extend(secret.maybe(&previous_key(key)).cloned());
        let rotation = secret.maybe(ROTATION).and_then(|text| Rotation::under_way(text.expose_secret()));
        if let Some(rotation) = rotation.filter(|rotation| rotation.keys.contains(key)) {
            let can_go_back = record.is_some_and(|record| record.known_good.is_some());
            session.ledger.rotations.find(&component.name, path, rotation, can_go_back);
        }
    }
    hidden
}
