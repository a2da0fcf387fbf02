//! Reads the name of a service.

use crate::model::Name;

/// The reason of an error is written to follow the name.
pub(super) fn label(key: &str) -> Result<Name, String> {
    match Name::new(key) {
        Ok(name) if !key.contains('_') && !key.ends_with('-') => Ok(name),
        _ => Err(
            "is not a service name: a lower-case letter, then lower-case letters, digits and '-', with no '-' \
             at the end"
                .to_owned(),
        ),
    }
}
