//! Files of the user whose texts go into a job.

use std::collections::BTreeMap;

use super::values::some_text;
use crate::model::read::scalars;
use crate::model::read::tree::Tree;
use crate::model::service::{Setting, UserFile};

/// Slot to file.
#[derive(Default)]
pub(super) struct Files(pub BTreeMap<String, UserFile>);

impl Files {
    /// The source of a template: a file of `salt://` becomes its text, and everything else is a path on the node.
    pub fn source(&mut self, tree: &Tree) -> Result<(&'static str, Setting), String> {
        let text = some_text(tree)?;
        if !text.starts_with("salt://") {
            return Ok(("source", Setting::Text(text)));
        }
        let (folder, file) = user_file(tree)?;
        let slot = format!("file_{}", self.0.len());
        self.0.insert(slot.clone(), UserFile { folder, file, place: tree.path.clone() });
        Ok(("data", Setting::File(slot)))
    }
}

/// Reads `salt://folder/name` or an absolute path. Returns the folder and the name of the file.
pub(super) fn user_file(tree: &Tree) -> Result<(String, String), String> {
    let text = scalars::text(tree)?;
    let wrong = || {
        Err("must be salt://a/folder/with/a/file or an absolute path, without the parts . and .., and without \
             control characters"
            .to_owned())
    };
    if scalars::begins_with_a_home(&text) {
        return Err(scalars::NO_HOME.to_owned());
    }
    let rest = text.strip_prefix("salt://").or_else(|| text.strip_prefix('/')).unwrap_or_default();
    let dots = rest.split('/').any(|part| matches!(part, "" | "." | ".."));
    match text.rsplit_once('/') {
        Some((folder, file)) if !dots && !text.contains(char::is_control) && folder != "salt:/" => {
            Ok((if folder.is_empty() { "/" } else { folder }.to_owned(), file.to_owned()))
        }
        _ => wrong(),
    }
}
