//! Checks that nothing is in the sources that ARCHITECTURE.md excludes.

mod codes;
mod dependencies;
mod imports;
mod model;
mod operation;

use std::fs;
use std::path::{Path, PathBuf};

use imports::Imports;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(next) = open.pop() {
        if next.is_file() {
            // Templates and styles stand beside the sources.
            if next.extension().is_none_or(|one| one != "rs") {
                continue;
            }
            let text = fs::read_to_string(&next).unwrap();
            // Comments may contain words that the code must not contain.
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            found.push((next, code));
        } else {
            open.extend(fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

fn absent(rooms: &[&str], words: &[&str]) {
    for (path, code) in rooms.iter().flat_map(|room| sources(&format!("src/{room}"))) {
        for word in words {
            assert!(!code.contains(word), "{} holds {word}", path.display());
        }
    }
}

const PURE: [&str; 5] = ["model", "graph", "render", "change", "decide"];
const RIM: [&str; 15] = [
    "disk",
    "resolve",
    "workdir",
    "record",
    "snapshot",
    "journal",
    "lock",
    "process",
    "consul",
    "terraform",
    "nomad",
    "health",
    "hooks",
    "vault",
    "operation",
];

#[test]
fn pure_rooms_touch_no_file_clock_task_or_process() {
    absent(
        &PURE,
        &["std::fs", "std::process", "tokio", "SystemTime", "Instant", "std::env", "std::net", "rustix"],
    );
}

#[test]
fn pure_rooms_import_no_impure_room() {
    let words: Vec<String> = RIM.iter().map(|room| format!("crate::{room}")).collect();
    absent(&PURE, &words.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn only_src_python_imports_python() {
    absent(&PURE, &["pyo3"]);
    absent(&RIM, &["pyo3"]);
    absent(&["view", "host.rs", "report", "error.rs", "error"], &["pyo3"]);
}

#[test]
fn each_impure_room_imports_only_its_own_libraries() {
    absent(&["process", "lock"], &["crate::terraform", "crate::operation"]);
    absent(
        &["consul"],
        &[
            "crate::process",
            "crate::terraform",
            "crate::operation",
            "crate::lock",
            "crate::health",
            "crate::hooks",
        ],
    );
    absent(
        &["disk", "resolve", "workdir", "record", "snapshot", "journal"],
        &["crate::process", "crate::terraform", "crate::operation"],
    );
    absent(
        &["health", "hooks", "nomad"],
        &["crate::process", "crate::terraform", "crate::operation", "crate::workdir"],
    );
    absent(
        &["vault"],
        &["crate::process", "crate::terraform", "crate::operation", "crate::workdir", "std::fs", "std::env"],
    );
    absent(&["terraform"], &["crate::operation", "crate::workdir", "crate::resolve"]);
    absent(&["view"], &["crate::operation", "std::process", "tokio"]);
}

const WITHOUT_CIRCLES: [&str; 16] = [
    "change",
    "consul",
    "decide",
    "graph",
    "health",
    "hooks",
    "lock",
    "model",
    "nomad",
    "operation",
    "process",
    "record",
    "render",
    "resolve",
    "vault",
    "view",
];

#[test]
fn files_of_a_room_import_each_other_in_one_direction() {
    let imports = Imports::read();
    let circles: Vec<_> =
        WITHOUT_CIRCLES.iter().flat_map(|room| imports.circles(&format!("src/{room}"))).collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn terraforms_own_lock_is_used_except_by_a_drift_check() {
    absent(&["operation"], &["-lock=false"]);
    let named: Vec<_> = sources("src")
        .into_iter()
        .filter(|(_, code)| code.contains("-lock=false"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(named, [Path::new(env!("CARGO_MANIFEST_DIR")).join("src/terraform/plan.rs")]);
    let unlocked: Vec<_> = sources("src")
        .into_iter()
        .filter(|(_, code)| code.contains("lock: !"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        unlocked,
        [Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operation/component/drift/plan_for_drift.rs")]
    );
}

/// A hook's file is outside the root, because its path comes from the pillar.
const WRITES: [&str; 2] = ["src/disk/", "src/hooks/prometheus.rs"];

#[test]
fn only_one_room_creates_folders_and_files() {
    let words = [
        "create_dir",
        "DirBuilder",
        "File::create",
        ".create(true)",
        "fs::write(",
        "fs::copy(",
        "NamedTempFile",
    ];
    for (path, code) in sources("src") {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().into_owned();
        let code = code.split("#[cfg(test)]").next().unwrap();
        if name.contains("/tests")
            || name.ends_with("tests.rs")
            || WRITES.iter().any(|one| name.starts_with(one))
        {
            continue;
        }
        for word in words {
            assert!(!code.contains(word), "{name} makes files by {word}");
        }
    }
}

/// The files with unsafe code. The compiler refuses unsafe code in a file that does not allow it itself.
const UNSAFE: [&str; 6] = ["descriptors", "guardian", "pidfd", "signals", "spawn", "stack"];

#[test]
fn only_the_file_lock_uses_fs2_and_unsafe_code_is_allowed_in_few_files_each_with_its_reason() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nunsafe_code = \"deny\"\n"));
    let mut found = Vec::new();
    for (path, code) in sources("src") {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().into_owned();
        assert!(!code.contains("fs2") || name == "src/lock/file.rs", "{name} uses fs2");
        if let Some((_, rest)) = code.split_once("(unsafe_code") {
            assert!(rest.starts_with(", reason = "), "{name} allows unsafe code without a reason");
            found.push(name);
        }
    }
    found.sort();
    assert_eq!(found, UNSAFE.map(|file| format!("src/process/{file}.rs")));
}

#[test]
fn every_room_and_dependency_is_in_the_architecture_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for entry in fs::read_dir(root.join("src")).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let room = format!("`src/{}`", entry.file_name().to_string_lossy());
        assert!(page.contains(&room), "ARCHITECTURE.md lacks {room}");
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let tables = manifest.split("\n[").filter(|table| table.contains("dependencies]\n"));
    for line in tables.flat_map(|table| table.lines().skip(1)).filter(|line| line.contains('=')) {
        let name = line.split(['=', ' ', '.']).next().unwrap();
        assert!(page.contains(name), "ARCHITECTURE.md lacks {name}");
    }
}

#[test]
fn every_file_named_on_the_page_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let named =
        page.split('`').skip(1).step_by(2).filter(|text| text.starts_with("src/") && !text.contains(' '));
    let mut missing = Vec::new();
    for name in named {
        let (before, rest) = name.split_once('{').unwrap_or((name, "}"));
        let (choices, after) = rest.split_once('}').unwrap();
        let paths = choices.split(',').map(|choice| format!("{before}{choice}{after}"));
        missing.extend(paths.filter(|path| !root.join(path).exists()));
    }
    assert!(missing.is_empty(), "ARCHITECTURE.md names {missing:?}");
}

#[test]
fn the_namespace_stays_open_and_salt_is_not_shadowed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(!root.join("python/saltext/__init__.py").exists());
    assert!(!root.join("salt/__init__.py").exists());
}
