//! Reads which attributes a module's resources have under `ignore_changes`, child modules included.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::body;

/// How many levels of folders are read.
const DEEPEST: usize = 12;

/// Type and name of a resource to the words of its `ignore_changes`. If several modules have the same resource, the
/// words of all of them.
#[derive(Debug, Default)]
pub struct IgnoredChanges {
    named: BTreeMap<(String, String), BTreeSet<String>>,
    incomplete: bool,
}

/// Reads all configuration files below these folders.
pub fn ignored_changes(folders: &[PathBuf]) -> IgnoredChanges {
    let mut found = IgnoredChanges::default();
    folders.iter().for_each(|folder| found.folder(folder, DEEPEST));
    found
}

impl IgnoredChanges {
    /// Whether Terraform may ignore a change of this attribute. True if Eos could not read it.
    pub fn may_cover(&self, kind: &str, name: &str, attribute: &str) -> bool {
        match self.named.get(&(kind.to_owned(), name.to_owned())) {
            Some(words) if !self.incomplete => words.contains("all") || words.contains(attribute),
            _ => true,
        }
    }

    fn folder(&mut self, folder: &Path, deeper: usize) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                match deeper {
                    0 => self.incomplete = true,
                    _ => self.folder(&path, deeper - 1),
                }
            } else if name.ends_with(".tf") {
                self.file(&path);
            } else if name.ends_with(".tf.json") || name.ends_with(".tofu") {
                self.incomplete = true;
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let Ok(text) = std::fs::read(path) else {
            self.incomplete = true;
            return;
        };
        let (read, unread) = body::read(&text);
        self.incomplete |= !unread.is_empty();
        for block in read.blocks.into_iter().filter(|block| block.kind == "resource") {
            let [kind, name] = block.labels.as_slice() else { continue };
            let words = self.named.entry((kind.clone(), name.clone())).or_default();
            let lifecycles = block.body.blocks.iter().filter(|one| one.kind == "lifecycle");
            for ignored in lifecycles.filter_map(|one| one.body.arguments.get("ignore_changes")) {
                let text = String::from_utf8_lossy(ignored.text()).into_owned();
                let parts = text.split(|one: char| !one.is_alphanumeric() && one != '_' && one != '-');
                words.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
            }
            self.incomplete |= block.broken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_ignored_if_the_resource_names_it_or_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let child = folder.path().join("modules/child");
        std::fs::create_dir_all(&child).unwrap();
        let text = "resource \"t\" \"a\" {\n  lifecycle {\n    ignore_changes = [tags[\"x\"], size]\n  }\n}\n\
                    resource \"t\" \"b\" {}\n";
        std::fs::write(folder.path().join("main.tf"), text).unwrap();
        let all = "resource \"t\" \"c\" {\n  lifecycle { ignore_changes = all }\n}\n";
        std::fs::write(child.join("main.tf"), all).unwrap();
        let read = || ignored_changes(&[folder.path().to_owned()]);
        for (name, attribute, expected) in [
            ("a", "tags", true),
            ("a", "size", true),
            ("a", "name", false),
            ("b", "size", false),
            ("c", "size", true),
            ("d", "size", true),
        ] {
            assert_eq!(read().may_cover("t", name, attribute), expected, "{name}.{attribute}");
        }
        std::fs::write(child.join("more.tf.json"), "{}").unwrap();
        assert!(read().may_cover("t", "b", "size"));
    }
}
