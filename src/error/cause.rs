//! The cause of an error, with its own type.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The error that caused an error of Eos. Code can ask it for its kind.
///
/// Secrets are removed from messages, but not from causes. So a cause is never printed, logged or serialised. An error
/// that may quote a secret is not kept: serde's errors quote the value that they reject.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    pub fn error(&self) -> &(dyn Error + 'static) {
        &*self.0
    }
}

impl PartialEq for Cause {
    /// Other crates' errors cannot be compared, so only the same error is equal.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause(..)")
    }
}
