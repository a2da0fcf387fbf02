//! A configuration's module as files again.

use std::path::Path;

use super::{Configuration, Store};
use crate::error::Result;
use crate::workdir::{ensure_private, set_executable, write};

impl Store {
    /// Writes the module's files into a folder, each verified, 0600 (0700 where executable) in 0700.
    /// The folder with `subdir` is a source like any other. Codes: those of an object.
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
