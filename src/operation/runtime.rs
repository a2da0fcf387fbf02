//! The runtime of one call.

use crate::error::{Error, Layer, Phase, Result};

/// One current-thread runtime a call; nothing of it outlives the call.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(
            Layer::Host,
            Phase::Preparation,
            "runtime",
            format!("cannot start the runtime: {error}"),
            "look at the limits of open files and processes",
        )
    })
}
