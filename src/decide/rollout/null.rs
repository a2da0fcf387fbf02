//! Empty values in Nomad's API.

use serde::{Deserialize, Deserializer};

/// Reads null as the empty value: Nomad writes null for empty collections.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}
