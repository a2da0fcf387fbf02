//! The time now, as records and reports write it.

use std::time::SystemTime;

/// RFC 3339, UTC, in whole seconds.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
