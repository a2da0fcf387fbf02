//! Which files of a folder are configuration. It depends on the program.

use std::collections::BTreeSet;

use super::module::ModuleFile;
use crate::model::Dialect;

/// The ends of Terraform's names, each with the one of OpenTofu.
const ENDS: [(&str, &str); 2] = [(".tf.json", ".tofu.json"), (".tf", ".tofu")];

/// The name without its end, if it may be configuration for one of the programs.
pub fn stem(name: &str) -> Option<&str> {
    ENDS.iter().flat_map(|(one, other)| [one, other]).find_map(|end| name.strip_suffix(*end))
}

/// Whether only OpenTofu reads a file of this name.
pub fn is_tofu(name: &str) -> bool {
    ENDS.iter().any(|(_, end)| name.ends_with(end))
}

/// The ends of the names, for a message.
pub fn ends(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Terraform => ".tf",
        Dialect::OpenTofu => ".tf or .tofu",
    }
}

/// Finds the files that this program reads. Hidden files are ignored. OpenTofu does not read `x.tf` beside `x.tofu`.
pub fn mark(files: &mut [ModuleFile], dialect: Dialect) {
    let paths: BTreeSet<_> = match dialect {
        Dialect::Terraform => BTreeSet::new(),
        Dialect::OpenTofu => files.iter().map(|file| file.path.clone()).collect(),
    };
    let is_read = |path: &str| {
        ENDS.iter().any(|(end, other)| match path.strip_suffix(end) {
            Some(stem) => !paths.contains(&format!("{stem}{other}")),
            None => dialect == Dialect::OpenTofu && path.ends_with(other),
        })
    };
    for file in files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        file.is_configuration = !name.starts_with('.') && is_read(&file.path);
    }
}
