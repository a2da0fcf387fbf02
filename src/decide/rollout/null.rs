//! What Nomad's API leaves empty.

use serde::{Deserialize, Deserializer};

/// Nomad writes null for what is empty.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}
