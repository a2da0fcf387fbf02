//! A module with the content that it had when it was read.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase};
use crate::model::Interface;

/// A module with the content that it had when it was read.
#[derive(Debug)]
pub struct Module {
    pub interface: Arc<Interface>,
    /// The folder below the module's root in which terraform runs. Empty for the root.
    pub subdir: String,
    pub files: Vec<ModuleFile>,
}

#[derive(Debug)]
pub struct ModuleFile {
    /// The path below the root, with forward slashes.
    pub path: String,
    pub content: Content,
    pub executable: bool,
    /// Whether Terraform reads it as configuration, if it runs in the file's folder.
    pub is_configuration: bool,
    /// Hexadecimal.
    pub sha256: String,
}

impl ModuleFile {
    /// The bytes that were validated. Fails if the file has changed since.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, Error> {
        let path = match &self.content {
            Content::Text(text) => return Ok(Cow::Borrowed(text.as_bytes())),
            Content::File(path) => path,
        };
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, "read", error))?;
        if sha256(&bytes) == self.sha256 {
            return Ok(Cow::Owned(bytes));
        }
        let message = format!("{} changed during this run", path.display());
        Err(Error::new(Layer::Salt, Phase::Preparation, Code::SourceChanged, message, "run again"))
    }
}

/// The content of a file. A large file is not held in memory; it is read when it is copied.
#[derive(Debug)]
pub enum Content {
    File(PathBuf),
    /// A rendered or generated text.
    Text(String),
}
