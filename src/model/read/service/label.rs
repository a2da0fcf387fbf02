//! Reads the name of a service.

use crate::model::Name;

/// The reason of an error is written to follow the name.
pub(super) fn label(key: &str) -> Result<Name, String> {
    match Name::new(key) {
        Ok(name) if !key.contains('_') && !key.ends_with('-') => Ok(name),
        _ => Err("is no service's name: a lower-case letter, then lower-case letters, digits and '-' inside"
            .to_owned()),
    }
}
