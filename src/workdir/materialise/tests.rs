use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::error::Code;
use crate::model::{Dialect, Name};
use crate::resolve;
use crate::workdir::Layout;

/// An entry of a source.
#[derive(Clone, Debug)]
enum Entry {
    File(u8, bool),
    Folder(BTreeMap<&'static str, Entry>),
    /// A link to a file or to a folder beside the source.
    LinkToFile,
    LinkToFolder,
}

/// Few names, so that one name often changes its kind. The last two count as configuration.
const NAMES: [&str; 4] = ["a", "b", "c.tf.json", "main.tf"];

fn tree() -> impl Strategy<Value = BTreeMap<&'static str, Entry>> {
    let leaf = prop_oneof![
        (any::<u8>(), any::<bool>()).prop_map(|(byte, executable)| Entry::File(byte, executable)),
        Just(Entry::LinkToFile),
        Just(Entry::LinkToFolder),
    ];
    let entry = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone(),
            prop::collection::btree_map(prop::sample::select(&NAMES[..3]), inner, 0..3)
                .prop_map(Entry::Folder),
        ]
    });
    prop::collection::btree_map(prop::sample::select(&NAMES[..2]), entry, 0..3)
}

fn lay(folder: &Path, tree: &BTreeMap<&'static str, Entry>, elsewhere: &Path) {
    fs::create_dir(folder).unwrap();
    for (name, entry) in tree {
        let path = folder.join(name);
        match entry {
            Entry::File(byte, executable) => {
                fs::write(&path, [*byte]).unwrap();
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
            Entry::Folder(inner) => lay(&path, inner, elsewhere),
            Entry::LinkToFile => symlink(elsewhere.join("file"), &path).unwrap(),
            Entry::LinkToFolder => symlink(elsewhere.join("folder"), &path).unwrap(),
        }
    }
}

/// Every file below a folder with its bytes and whether it is executable. Follows links if `links`.
fn files(folder: &Path, links: bool) -> BTreeMap<PathBuf, (Vec<u8>, bool)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        assert!(links || !path.is_symlink(), "{} is a link", path.display());
        let name = PathBuf::from(entry.file_name());
        match path.is_dir() {
            true => {
                let inner = files(&path, links);
                assert!(links || !inner.is_empty(), "{} is empty", path.display());
                found.extend(inner.into_iter().map(|(inner, file)| (name.join(inner), file)));
            }
            false => {
                let executable = path.metadata().unwrap().permissions().mode() & 0o100 != 0;
                found.insert(name, (fs::read(&path).unwrap(), executable));
            }
        }
    }
    found
}

struct Site {
    folder: tempfile::TempDir,
    place: ComponentPaths,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("elsewhere/folder")).unwrap();
        fs::write(folder.path().join("elsewhere/file"), "linked").unwrap();
        fs::write(folder.path().join("elsewhere/folder/inner"), "linked").unwrap();
        let name = |text| Name::new(text).unwrap();
        let layout = Layout::new(&folder.path().join("root"), &name("staging")).unwrap();
        let paths = layout.component(&name("net")).unwrap();
        ensure_private(&paths.workdir).unwrap();
        ensure_private(paths.control()).unwrap();
        Self { folder, place: paths }
    }

    fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    fn module(&self, tree: &BTreeMap<&'static str, Entry>) -> Module {
        let source = self.folder.path().join("source");
        let _ = fs::remove_dir_all(&source);
        lay(&source, tree, &self.elsewhere());
        fs::write(source.join("main.tf"), "").unwrap();
        resolve::laid_out(&source, "", Dialect::Terraform).unwrap()
    }

    fn sync(&self, module: &Module) -> Vec<String> {
        let mut manifest = Manifest::open(&self.place).unwrap();
        materialise(&self.place, module, None, "{}", &mut manifest).unwrap()
    }

    fn assert_synced(&self) {
        let mut source = files(&self.folder.path().join("source"), true);
        // Configuration is never executable.
        let is_configuration = |path: &PathBuf| path.to_string_lossy().ends_with(".tf.json");
        source.iter_mut().filter(|(path, _)| is_configuration(path)).for_each(|(_, file)| file.1 = false);
        assert_eq!(files(&self.place.module(), false), source);
        assert_eq!(fs::read(self.elsewhere().join("file")).unwrap(), b"linked");
        assert_eq!(fs::read(self.elsewhere().join("folder/inner")).unwrap(), b"linked");
    }
}

fn file(byte: u8) -> Entry {
    Entry::File(byte, false)
}

fn folder(name: &'static str, entry: Entry) -> Entry {
    Entry::Folder([(name, entry)].into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// `torn`: an earlier sync died after it wrote its manifest, and before it wrote or removed a file.
    #[test]
    fn any_sequence_of_modules_syncs_to_exactly_the_files_of_the_source(
        trees in prop::collection::vec((tree(), any::<bool>()), 1..6),
    ) {
        let site = Site::new();
        for (tree, torn) in trees {
            let module = site.module(&tree);
            if torn {
                let mut manifest = Manifest::open(&site.place).unwrap();
                let now = module.files.iter().map(|file| (format!("module/{}", file.path), file.sha256.clone()));
                let before = manifest.written.clone();
                let either = before.clone().into_iter().chain(now).collect();
                manifest.announce(&site.place, &before, either).unwrap();
            }
            prop_assert_eq!(site.sync(&module), Vec::<String>::new());
            site.assert_synced();
        }
    }
}

#[test]
fn a_module_folder_removed_by_hand_is_written_again() {
    let site = Site::new();
    site.sync(&site.module(&[("a", folder("b", file(1)))].into()));
    fs::remove_dir_all(site.place.module()).unwrap();
    site.sync(&site.module(&[("a", file(2))].into()));
    site.assert_synced();
}

#[test]
fn a_link_in_the_workdir_is_replaced_and_its_target_is_not_touched() {
    let site = Site::new();
    let outside = site.elsewhere().join("folder");
    for path in ["a", "a/b"] {
        site.sync(&site.module(&[("a", folder("b", folder("inner", file(1))))].into()));
        let link = site.place.module().join(path);
        fs::remove_dir_all(&link).unwrap();
        symlink(&outside, &link).unwrap();
        // Once while the file still belongs to the module, and once when it no longer does.
        site.sync(&site.module(&[("b", file(2))].into()));
        assert!(fs::read(outside.join("inner")).unwrap() == b"linked", "{path}");
        site.sync(&site.module(&[("a", folder("b", folder("inner", file(3))))].into()));
        site.assert_synced();
    }
}

#[test]
fn files_made_by_the_module_are_moved_aside_and_not_removed() {
    let site = Site::new();
    site.sync(&site.module(&[("a", folder("b", file(1)))].into()));
    fs::write(site.place.module().join("a/made"), "by the module").unwrap();
    fs::write(site.place.module().join("b"), "by the module too").unwrap();
    let module = site.module(&[("a", file(2)), ("b", folder("a", file(3)))].into());
    let notes = site.sync(&module);
    site.assert_synced();
    let [made, other] = notes.try_into().unwrap();
    let aside = |note: &str| PathBuf::from(note.split(": it was moved to ").nth(1).unwrap());
    assert_eq!(fs::read(aside(&made).join("made")).unwrap(), b"by the module");
    assert_eq!(fs::read(aside(&other)).unwrap(), b"by the module too");
    assert!(aside(&made).starts_with(site.place.recovered()));
}

#[test]
fn links_and_pipes_named_like_configuration_count_as_manual_changes_and_are_not_read() {
    let site = Site::new();
    let module = site.module(&BTreeMap::new());
    site.sync(&module);
    let link = site.place.module().join("x.tf");
    for target in ["/nowhere/at/all", "/dev/zero"] {
        symlink(target, &link).unwrap();
        assert_eq!(Manifest::open(&site.place).unwrap_err().code, Code::EditedByHand);
        fs::remove_file(&link).unwrap();
    }
    assert!(Manifest::open(&site.place).is_ok());
}
