//! The rooms inside `src/operation`, as ARCHITECTURE.md describes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::imports::Imports;

/// The rooms in order. Each imports only from rooms before it.
const ORDER: [&str; 15] = [
    "runtime.rs",
    "intent",
    "request",
    "store",
    "blueprint",
    "fingerprint",
    "session",
    "exec",
    "rotation",
    "announce",
    "layers",
    "component",
    "run",
    "query",
    "command",
];

/// Rooms that know files, processes or servers.
const OUTSIDE_THE_CALL: [&str; 10] =
    ["lock", "workdir", "record", "snapshot", "process", "terraform", "nomad", "vault", "health", "hooks"];

/// Rooms that a room must not know, in addition to the rooms after it.
const UNKNOWN: [(&str, &[&str]); 14] = [
    ("intent", &OUTSIDE_THE_CALL),
    ("request", &OUTSIDE_THE_CALL),
    ("store", &["process", "terraform", "nomad", "vault", "health", "hooks"]),
    ("blueprint", &["lock", "process", "terraform", "nomad", "vault", "health", "hooks"]),
    ("fingerprint", &["lock", "process", "nomad", "vault", "health", "hooks"]),
    ("session", &["nomad", "health", "hooks", "record", "snapshot"]),
    ("exec", &["graph", "journal", "snapshot", "vault", "health", "hooks", "operation/blueprint"]),
    ("rotation", &["graph", "terraform", "nomad", "health", "hooks"]),
    ("announce", &["graph", "terraform", "nomad", "vault", "health", "record", "snapshot"]),
    ("layers", &["graph", "journal", "snapshot", "health", "hooks"]),
    ("component", &["graph"]),
    ("run", &["process", "terraform", "nomad", "vault", "health", "hooks"]),
    ("query", &["process", "vault", "hooks", "operation/component/turn", "operation/component/apply"]),
    ("command", &["process", "vault", "hooks", "operation/component/turn", "operation/component/apply"]),
];

fn place(room: &str) -> String {
    format!("src/operation/{room}")
}

fn entries(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_room_imports_no_room_that_comes_after_it() {
    let imports = Imports::read();
    let mut wrong = Vec::new();
    for (at, room) in ORDER.iter().enumerate() {
        for later in &ORDER[at + 1..] {
            wrong.extend(imports.between(&[&place(room)], &[&place(later)]));
        }
        wrong.extend(imports.between(&[&place(room)], &[&place("mod.rs")]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_room_imports_only_what_its_row_allows() {
    let imports = Imports::read();
    let mut wrong = Vec::new();
    for (room, unknown) in UNKNOWN {
        let unknown: Vec<String> = unknown.iter().map(|one| format!("src/{one}")).collect();
        let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
        wrong.extend(imports.between(&[&place(room)], &unknown));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Other files ask an intent what follows from it, and need not name its type.
const FILES_THAT_NAME_THE_INTENT: usize = 19;

#[test]
fn few_files_name_the_type_of_an_intent() {
    let imports = Imports::read();
    let files = imports.importers("src/operation/intent/mod.rs");
    assert!(files.len() <= FILES_THAT_NAME_THE_INTENT, "{}:\n{}", files.len(), files.join("\n"));
}

#[test]
fn exec_imports_only_keyed_digests_from_the_store() {
    let kept = entries("src/operation/store").into_iter().filter(|file| file != "keyed_digest.rs");
    let kept: Vec<String> = kept.map(|file| place(&format!("store/{file}"))).collect();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    assert_eq!(Imports::read().between(&[&place("exec")], &kept), Vec::<String>::new());
}

#[test]
fn a_type_and_its_methods_are_in_one_folder() {
    assert_eq!(Imports::read().methods_away_from_their_type("src/operation"), Vec::<String>::new());
}

#[test]
fn the_page_has_a_row_for_each_room() {
    let rooms: BTreeSet<String> = ORDER.iter().map(|room| (*room).to_owned()).collect();
    let mut there = entries("src/operation");
    there.remove("mod.rs");
    assert_eq!(there, rooms);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let rows: Vec<&str> = rows.map(|(room, _)| room).filter(|room| rooms.contains(*room)).collect();
    assert_eq!(rows, ORDER);
}
