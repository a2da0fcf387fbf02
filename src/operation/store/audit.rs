//! What people did that no run would have done by itself: a line each, for good.

use serde_json::Value;

use crate::error::Result;
use crate::workdir::{Layout, append_line, ensure_private};

/// On the disk when it returns: whoever writes it does so before what it tells.
pub fn note(layout: &Layout, line: &Value) -> Result<()> {
    ensure_private(&layout.control())?;
    append_line(&layout.audit(), line, true)
}
