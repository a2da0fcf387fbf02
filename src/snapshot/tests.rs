use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ulid::Ulid;

use super::{Capture, Snapshot, SnapshotStore, ValueOrigin};
use crate::digest::sha256;
use crate::error::Code;
use crate::model::Interface;
use crate::resolve::{Content, Module, ModuleFile};

const TEXTS: [(&str, &str); 3] = [("main.tf", "# a\n"), ("files/run.sh", "#!/bin/sh\n"), ("empty", "")];

fn store() -> (tempfile::TempDir, SnapshotStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotStore::new(folder.path().join("snapshots"));
    store.open().unwrap();
    (folder, store)
}

fn module(texts: &[(&str, &str)]) -> Arc<Module> {
    let file = |&(path, text): &(&str, &str)| ModuleFile {
        path: path.to_owned(),
        content: Content::Text(text.to_owned()),
        executable: path.ends_with(".sh"),
        is_configuration: path.ends_with(".tf"),
        sha256: sha256(text),
    };
    Arc::new(Module {
        interface: Arc::new(Interface::default()),
        subdir: String::new(),
        files: texts.iter().map(file).collect(),
    })
}

fn capture(texts: &[(&str, &str)], folder: &Path) -> Capture {
    Capture {
        module: module(texts),
        folder: folder.to_owned(),
        variables: "{}".to_owned(),
        outputs: BTreeMap::new(),
        secrets: BTreeMap::from([("password".to_owned(), ValueOrigin::Reference("env:PASSWORD".to_owned()))]),
        terraform: "1.11.4".to_owned(),
        deployment_id: String::new(),
        backend: String::new(),
        facts: "f".to_owned(),
    }
}

fn snapshot(id: Ulid, configuration: Option<&str>, next: &str, state: Option<String>) -> Snapshot {
    Snapshot {
        snapshot_id: id.to_string(),
        configuration: configuration.map(str::to_owned),
        next: next.to_owned(),
        state,
        ..Snapshot::default()
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_captured_configuration_is_written_again_byte_for_byte() {
    let (folder, store) = store();
    let digest = store.capture(capture(&TEXTS, folder.path())).unwrap();
    let configuration = store.configuration(&digest).unwrap();
    assert_eq!(configuration.digest(), digest);
    assert_eq!(store.lacks(&digest).unwrap(), [""; 0]);
    let out = folder.path().join("out");
    store.materialise(&configuration, &out).unwrap();
    for (path, text) in TEXTS {
        let target = out.join(path);
        assert_eq!(fs::read_to_string(&target).unwrap(), text);
        assert_eq!(mode(&target), if path.ends_with(".sh") { 0o700 } else { 0o600 }, "{path}");
    }
}

#[test]
fn the_lock_file_of_an_init_is_captured_too() {
    let (folder, store) = store();
    let without = store.capture(capture(&TEXTS, folder.path())).unwrap();
    fs::write(folder.path().join(".terraform.lock.hcl"), "# locks\n").unwrap();
    let with = store.capture(capture(&TEXTS, folder.path())).unwrap();
    assert_ne!(without, with);
    let lock_file = store.configuration(&with).unwrap().lock_file.unwrap();
    assert_eq!(store.object(&lock_file).unwrap(), b"# locks\n");
}

#[test]
fn files_in_the_workdir_are_captured_only_if_they_are_the_same_version() {
    let (folder, store) = store();
    fs::write(folder.path().join("main.tf"), "# of another version\n").unwrap();
    let digest = store.capture(capture(&TEXTS, folder.path())).unwrap();
    let configuration = store.configuration(&digest).unwrap();
    assert_eq!(store.object(&configuration.files["main.tf"].sha256).unwrap(), b"# a\n");
}

#[test]
fn an_existing_object_is_not_written_again_but_an_empty_one_is() {
    let (folder, store) = store();
    let digest = store.put(b"state").unwrap();
    let path = folder.path().join("snapshots/objects").join(&digest);
    let written = || path.metadata().unwrap().modified().unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    store.put(b"state").unwrap();
    assert_eq!(written(), SystemTime::UNIX_EPOCH);
    fs::write(&path, "").unwrap();
    store.put(b"state").unwrap();
    assert_eq!(store.object(&digest).unwrap(), b"state");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn unknown_missing_and_corrupt_snapshots_are_refused_by_code_and_name() {
    let (folder, store) = store();
    let id = Ulid::generate();
    let unknown = store.read(&id.to_string()).unwrap_err();
    assert_eq!(unknown.code, Code::NoSuchSnapshot);
    assert!(unknown.message.contains(&id.to_string()));
    assert_eq!(store.read("../../record").unwrap_err().code, Code::NoSuchSnapshot);
    store.write(&snapshot(id, None, "", None)).unwrap();
    store.read(&id.to_string()).unwrap();
    let file = folder.path().join("snapshots").join(format!("{id}.json"));
    fs::copy(&file, folder.path().join("snapshots/01JD3KV6T0W8Q5YB4E2N9RZXCM.json")).unwrap();
    assert_eq!(store.read("01JD3KV6T0W8Q5YB4E2N9RZXCM").unwrap_err().code, Code::SnapshotCorrupt);
    fs::write(&file, "{").unwrap();
    let broken = store.read(&id.to_string()).unwrap_err();
    assert_eq!(broken.code, Code::SnapshotCorrupt);
    assert!(broken.message.contains(&id.to_string()), "{broken}");

    let digest = store.put(b"state").unwrap();
    let object = folder.path().join("snapshots/objects").join(&digest);
    fs::write(&object, "other").unwrap();
    let changed = store.object(&digest).unwrap_err();
    assert_eq!(changed.code, Code::SnapshotCorrupt);
    assert!(changed.message.contains(&digest), "{changed}");
    fs::remove_file(object).unwrap();
    assert_eq!(store.object(&digest).unwrap_err().code, Code::SnapshotIncomplete);
    assert_eq!(store.object("../../record.json").unwrap_err().code, Code::SnapshotIncomplete);
}

#[test]
fn a_configuration_that_names_a_file_outside_its_module_is_refused() {
    let (folder, store) = store();
    let digest = store.capture(capture(&TEXTS, folder.path())).unwrap();
    let text = String::from_utf8(store.object(&digest).unwrap()).unwrap();
    for path in ["../main.tf", "/main.tf", "a/../../main.tf"] {
        let evil = store.put(text.replace("\"main.tf\"", &format!("{path:?}")).as_bytes()).unwrap();
        assert_eq!(store.configuration(&evil).unwrap_err().code, Code::SnapshotCorrupt, "{path}");
    }
}

#[test]
fn pruning_removes_unreferenced_objects_and_keeps_protected_ones_complete() {
    let (folder, store) = store();
    let now = SystemTime::now();
    let good = store.capture(capture(&[("main.tf", "good")], folder.path())).unwrap();
    let unnamed = store.capture(capture(&[("main.tf", "unnamed")], folder.path())).unwrap();
    let mut ids = Vec::new();
    for days in (0..7).rev() {
        let taken = now - Duration::from_secs((200 + days) * 24 * 60 * 60);
        let text = format!("version {days}");
        let next = store.capture(capture(&[("main.tf", &text)], folder.path())).unwrap();
        let state = store.put(format!("state {days}").as_bytes()).unwrap();
        let id = Ulid::from_datetime(taken);
        store.write(&snapshot(id, Some(&unnamed), &next, Some(state))).unwrap();
        ids.insert(0, id.to_string());
    }
    // An even older snapshot refers to a configuration of its own. Both are deleted together.
    let own = store.capture(capture(&[("main.tf", "own")], folder.path())).unwrap();
    let id = Ulid::from_datetime(now - Duration::from_secs(300 * 24 * 60 * 60));
    store.write(&snapshot(id, Some(&own), &own, None)).unwrap();
    store.prune(&[&good], now).unwrap();
    assert_eq!(store.list().unwrap(), ids[..5]);
    for id in &ids[..5] {
        let kept = store.read(id).unwrap();
        assert_eq!(store.lacks(&kept.next).unwrap(), [""; 0]);
        store.object(&kept.state.unwrap()).unwrap();
    }
    assert_eq!(store.lacks(&good).unwrap(), [""; 0]);
    assert_eq!(store.lacks(&unnamed).unwrap(), [""; 0], "the snapshots that stay name it");
    for gone in ["version 5", "version 6", "state 5", "state 6", "own"] {
        assert!(!store.has(&sha256(gone)), "{gone}");
    }
    assert!(!store.has(&own));
}
