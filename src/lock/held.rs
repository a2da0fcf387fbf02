//! A lock that is held now, as people see it.

use serde::Serialize;

use super::holder::Holder;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldLock {
    /// The key in Consul, or the file.
    pub key: String,
    pub environment: String,
    pub component: String,
    /// The id that `unlock` needs: of the session, or of the run.
    pub id: String,
    pub holder: Holder,
}
