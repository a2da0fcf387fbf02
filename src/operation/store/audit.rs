//! The audit log: one line for each action of a person that no run takes by itself. It is never removed.

use serde_json::Value;

use crate::error::Result;
use crate::workdir::{Layout, append_line, ensure_lasting};

/// The line is on disk when the function returns. It is written before the action that it describes.
pub fn note(layout: &Layout, line: &Value) -> Result<()> {
    ensure_lasting(&layout.control())?;
    append_line(&layout.audit(), line, true)
}
