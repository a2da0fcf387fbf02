//! A file of targets for Prometheus: <https://prometheus.io/docs/guides/file-sd/>.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

/// The file's mode. Prometheus runs as another user.
const READABLE: u32 = 0o644;

/// Replaces the whole file in one step, because Prometheus may read it at any moment.
pub fn write(path: &Path, targets: &[String], labels: &BTreeMap<String, String>) -> Result<(), String> {
    let text = json!([{ "targets": targets, "labels": labels }]).to_string();
    let write = || {
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(READABLE))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        std::io::Result::Ok(())
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Removes the file, and with it the targets in Prometheus.
pub fn forget(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
