//! Writes the module of a configuration to files again.

use std::path::Path;

use super::{Configuration, SnapshotStore};
use crate::error::Result;
use crate::workdir::{ensure_private, set_executable, write};

impl SnapshotStore {
    /// Writes the module's files into a folder and verifies each of them. Files have mode 0600 (0700 if executable),
    /// folders 0700. Together with `subdir`, the folder can be used like any other source. Error codes: those of
    /// [`SnapshotStore::object`].
    pub fn materialise(&self, configuration: &Configuration, folder: &Path) -> Result<()> {
        ensure_private(folder)?;
        for (path, file) in &configuration.files {
            let target = folder.join(path);
            let bytes = self.object(&file.sha256)?;
            ensure_private(target.parent().unwrap_or(folder))?;
            write(&target, &bytes)?;
            set_executable(&target, file.executable)?;
        }
        Ok(())
    }
}
