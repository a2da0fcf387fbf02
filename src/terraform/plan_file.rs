//! The two states in a plan file: as it was before the plan, and as the plan's refresh found it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;

/// The texts of both states, in format 4.
pub struct PlanFileStates {
    pub before: Vec<u8>,
    pub refreshed: Vec<u8>,
}

impl PlanFileStates {
    /// The error says why the file has no such states.
    pub fn read(file: &Path) -> Result<Self, String> {
        let file = File::open(file).map_err(|error| error.to_string())?;
        let mut archive = ZipArchive::new(file).map_err(|error| error.to_string())?;
        Ok(Self { before: entry(&mut archive, "tfstate-prev")?, refreshed: entry(&mut archive, "tfstate")? })
    }

    /// Whether the refresh changed nothing. Lineage and serial are only in one of them.
    pub fn are_same(&self) -> bool {
        contents(&self.before) == contents(&self.refreshed)
    }
}

fn entry(archive: &mut ZipArchive<File>, name: &str) -> Result<Vec<u8>, String> {
    let mut entry = archive.by_name(name).map_err(|error| format!("{name}: {error}"))?;
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(|error| format!("{name}: {error}"))?;
    Ok(text)
}

/// The text from its outputs on.
fn contents(text: &[u8]) -> &[u8] {
    const OUTPUTS: &[u8] = b"\"outputs\"";
    let begin = text.windows(OUTPUTS.len()).position(|window| window == OUTPUTS);
    &text[begin.unwrap_or_default()..]
}
