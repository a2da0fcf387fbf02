//! Lists the files of a source.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::module::{Content, ModuleFile};
use crate::digest::{hex, sha256};
use crate::host::Host;
use crate::model::Source;
use crate::model::service::{JobSource, NomadService, UserFile};
use crate::render;

/// With a source such as `/`, everything would be read and copied. No module has nearly this many files.
const MOST: usize = 20_000;

/// Nobody executes these files. `python/saltext/eos/files.py` does not ask for their modes.
const NOT_EXECUTED: [&str; 7] =
    [".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json", ".terraform.lock.hcl"];

/// The source as the pillar writes it.
pub fn name(source: &Source) -> String {
    let (root, subdir) = match source {
        Source::Salt { url, subdir } => (url.clone(), subdir),
        Source::Path { root, subdir } => (root.display().to_string(), subdir),
        Source::Service(service) => return format!("the module of the service {}", service.name),
    };
    if subdir.is_empty() { root } else { format!("{root}//{subdir}") }
}

/// All files of the module's root, sorted by path. Files that terraform left behind are excluded.
pub fn list(source: &Source, host: &dyn Host) -> Result<Vec<ModuleFile>, String> {
    let (files, remedy) = match source {
        Source::Salt { url, .. } => {
            (entries(host.fetch(url)?)?, "check that it is in file_roots and in this saltenv")
        }
        Source::Path { root, .. } => (folder(root)?, "check the path"),
        Source::Service(service) => return generated(service, host),
    };
    match files.is_empty() {
        true => Err(format!("{} has no files: {remedy}", name(source))),
        false => Ok(files),
    }
}

/// The files of a service's module. Files of the user are fetched.
fn generated(service: &NomadService, host: &dyn Host) -> Result<Vec<ModuleFile>, String> {
    let mut texts = render::module(service);
    match &service.job {
        JobSource::Own { folder, file } => {
            texts.insert(render::template_name(service), fetched(folder, file, host)?);
        }
        JobSource::Generated(shape) => {
            for (slot, UserFile { folder, file, .. }) in &shape.extras.files {
                texts.insert(slot.clone(), fetched(folder, file, host)?);
            }
        }
    }
    let entry = |(path, text): (String, String)| ModuleFile {
        path,
        sha256: sha256(&text),
        content: Content::Text(text),
        executable: false,
        is_configuration: false,
    };
    Ok(texts.into_iter().map(entry).collect())
}

/// The text of one file, from Salt or from this host.
fn fetched(folder: &str, file: &str, host: &dyn Host) -> Result<String, String> {
    let path = match folder.starts_with("salt://") {
        true => host.fetch(folder)?.remove(file),
        false => Some(Path::new(folder).join(file)).filter(|path| path.is_file()),
    };
    let path = path.ok_or_else(|| format!("file {folder}/{file} does not exist"))?;
    fs::read_to_string(&path).map_err(|error| format!("{folder}/{file} cannot be read: {error}"))
}

/// Like [`list`], for a folder on this host. The folder may be empty.
pub fn folder(root: &Path) -> Result<Vec<ModuleFile>, String> {
    let mut files = BTreeMap::new();
    walk(root, "", &[], &mut files)?;
    entries(files)
}

fn entries(files: BTreeMap<String, PathBuf>) -> Result<Vec<ModuleFile>, String> {
    let folders =
        |path: &str| path.match_indices('/').map(|(end, _)| path[..end].to_owned()).collect::<Vec<_>>();
    if let Some(path) = files.keys().flat_map(|path| folders(path)).find(|folder| files.contains_key(folder))
    {
        return Err(format!(
            "{path} is a file in one of the source's roots and a folder in another: rename one"
        ));
    }
    let found = files.into_iter().filter(|(path, _)| !is_left_behind(path));
    found.map(|(path, file)| entry(path, file)).collect()
}

fn entry(path: String, file: PathBuf) -> Result<ModuleFile, String> {
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.chars().any(char::is_control) {
        return Err(format!("the name of a module's file is not a relative path: {path:?}"));
    }
    let refuse = |error: io::Error| format!("{} cannot be read: {error}", file.display());
    let mode = file.metadata().map_err(refuse)?.permissions().mode();
    let executable = mode & 0o111 != 0 && !NOT_EXECUTED.iter().any(|end| path.ends_with(end));
    let sha256 = digest(&file).map_err(refuse)?;
    Ok(ModuleFile { path, content: Content::File(file), executable, is_configuration: false, sha256 })
}

/// Reads the file in pieces: a module may contain an archive that is too large for memory.
fn digest(file: &Path) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file)?);
    let mut hash = Sha256::new();
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(piece);
        let length = piece.len();
        reader.consume(length);
    }
}

/// Does not enter folders with leftovers. A folder may be a link, unless it leads back to a folder above it.
fn walk(
    folder: &Path,
    prefix: &str,
    above: &[PathBuf],
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), String> {
    let refuse = |path: &Path, error: io::Error| format!("{} cannot be read: {error}", path.display());
    let real = fs::canonicalize(folder).map_err(|error| refuse(folder, error))?;
    if above.contains(&real) {
        return Err(format!("{} is a link to a folder that contains it: remove the link", folder.display()));
    }
    let above = [above, &[real]].concat();
    for entry in fs::read_dir(folder).map_err(|error| refuse(folder, error))? {
        let path = entry.map_err(|error| refuse(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(format!("{} has a name that is not UTF-8: rename it", path.display()));
        };
        let relative = format!("{prefix}{name}");
        if is_left_behind(&relative) || is_left_behind(&format!("{relative}/x")) {
            continue;
        }
        let kind = fs::metadata(&path).map_err(|error| refuse(&path, error))?;
        if kind.is_dir() {
            walk(&path, &format!("{relative}/"), &above, files)?;
        } else if kind.is_file() {
            files.insert(relative, path);
        }
        if files.len() > MOST {
            return Err(format!(
                "{} has more than {MOST} files: check that it is the folder of the module",
                folder.display()
            ));
        }
    }
    Ok(())
}

/// States, caches and crash logs are leftovers of a terraform that ran in this folder.
fn is_left_behind(path: &str) -> bool {
    let mut parts: Vec<_> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    parts.iter().any(|part| matches!(*part, ".terraform" | ".git" | "terraform.tfstate.d"))
        || name.ends_with(".tfstate")
        || name.ends_with(".tfstate.backup")
        || (name.contains(".tfstate.") && (name.ends_with(".backup") || name.ends_with(".lock.info")))
        || matches!(name, "crash.log")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn found(root: &Path) -> Result<Vec<String>, String> {
        let mut files = BTreeMap::new();
        walk(root, "", &[], &mut files)?;
        Ok(files.into_keys().collect())
    }

    #[test]
    fn links_to_an_enclosing_folder_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["one", "two"] {
            symlink(folder.path(), folder.path().join("sub").join(name)).unwrap();
        }
        let reason = found(folder.path()).unwrap_err();
        assert!(reason.contains("that contains it") && reason.contains("sub/"), "{reason}");
    }

    #[test]
    fn links_to_files_and_to_folders_elsewhere_are_followed() {
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("a.tf"), "").unwrap();
        let folder = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), folder.path().join("folder")).unwrap();
        symlink(elsewhere.path(), folder.path().join("again")).unwrap();
        symlink(elsewhere.path().join("a.tf"), folder.path().join("file.tf")).unwrap();
        assert_eq!(found(folder.path()).unwrap(), ["again/a.tf", "file.tf", "folder/a.tf"]);
    }

    #[test]
    fn a_link_to_nothing_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/nowhere/at/all", folder.path().join("broken.tf")).unwrap();
        assert!(found(folder.path()).unwrap_err().contains("broken.tf"));
    }

    #[test]
    fn entries_that_are_not_files_are_omitted() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.tf"), "").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        assert_eq!(found(folder.path()).unwrap(), ["main.tf"]);
    }

    #[test]
    fn a_source_with_too_many_files_is_refused() {
        let many = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for name in 0..200 {
            fs::write(many.path().join(name.to_string()), "").unwrap();
            symlink(many.path(), folder.path().join(name.to_string())).unwrap();
        }
        let reason = found(folder.path()).unwrap_err();
        assert!(reason.contains("more than 20000 files"), "{reason}");
    }

    #[test]
    fn a_path_that_is_a_file_and_a_folder_at_once_is_refused_by_name() {
        let files =
            |paths: &[&str]| paths.iter().map(|path| (path.to_string(), "/dev/null".into())).collect();
        let reason = entries(files(&["a", "a-b", "a/b/c.tf"])).unwrap_err();
        assert!(reason.starts_with("a is a file"), "{reason}");
        assert!(entries(files(&["a", "a-b", "ab/c"])).is_ok());
    }

    #[test]
    fn only_what_a_terraform_leaves_behind_is_left_out() {
        for path in [
            "terraform.tfstate",
            "a/errored.tfstate",
            "terraform.tfstate.backup",
            "terraform.tfstate.1700000000.backup",
            ".terraform.tfstate.lock.info",
            "terraform.tfstate.d/dev/x",
            ".terraform/x",
        ] {
            assert!(is_left_behind(path), "{path}");
        }
        for path in ["x.tfstate.tpl", "what?.txt", "a\\b.txt", "tfstate", "x.tfstate.json"] {
            assert!(!is_left_behind(path), "{path}");
        }
    }

    #[test]
    fn the_same_file_has_the_same_mode_whether_configuration_is_executable_or_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["main.tf", "run.sh"] {
            fs::write(folder.path().join(name), "").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let files = super::folder(folder.path()).unwrap();
        let modes: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.executable)).collect();
        assert_eq!(modes, [("main.tf", false), ("run.sh", true)]);
    }

    #[test]
    fn a_path_that_leaves_the_module_is_refused() {
        for path in ["../up.tf", "/etc/passwd", "a//b.tf", "a/./b.tf", "line\nbreak.tf", ""] {
            assert!(entry(path.to_owned(), "/dev/null".into()).is_err(), "{path:?}");
        }
    }
}
