//! Checks the packages of Cargo.lock: their sources, their licences, and packages with several versions. Uses no
//! network.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Licences that allow Eos to be distributed under the Apache-2.0, with the notices of others.
const ALLOWED: [&str; 6] =
    ["Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-3-Clause", "ISC", "MIT", "Unicode-3.0"];

/// Packages with several versions, and the reasons.
const TWICE: [(&str, &str); 3] = [
    ("getrandom", "ring 0.17 has 0.2, tempfile and ulid have 0.4"),
    ("syn", "pyo3-macros has 2, serde_derive and tokio-macros have 3"),
    ("windows-sys", "only for Windows, where Eos does not run: ring has 0.52, all others 0.61"),
];

/// Every package that a build for this machine may need, with all features and with the tests.
fn packages() -> Vec<Value> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = ["metadata", "--format-version=1", "--offline", "--locked", "--all-features"];
    let found = Command::new(env!("CARGO"))
        .args(asked)
        .args(["--filter-platform", &target])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "download what is missing by `cargo fetch --locked`: {said}");
    let Value::Array(packages) = serde_json::from_slice::<Value>(&found.stdout).unwrap()["packages"].take()
    else {
        panic!("no packages");
    };
    assert!(packages.len() > 100);
    packages
}

/// The packages for all platforms, each with its lines.
fn locked() -> Vec<BTreeMap<String, String>> {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let packages: Vec<BTreeMap<_, _>> = lock.split("[[package]]\n").skip(1).map(lines).collect();
    assert!(packages.len() > 100);
    packages
}

fn lines(package: &str) -> BTreeMap<String, String> {
    let pairs = package.lines().filter_map(|line| line.split_once(" = "));
    pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned())).collect()
}

/// Whether allowed licences satisfy an SPDX expression. An old manifest has `/` for `OR`.
fn is_allowed(expression: &str) -> bool {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (met, rest) = either(&words);
    assert!(rest.is_empty(), "{expression} is no licence expression");
    met
}

/// `AND` binds more closely than `OR`.
fn either<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = both(words);
    while let ["OR", more @ ..] = rest {
        let (next, after) = both(more);
        (met, rest) = (met | next, after);
    }
    (met, rest)
}

fn both<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words);
    while let ["AND", more @ ..] = rest {
        let (next, after) = one(more);
        (met, rest) = (met & next, after);
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match either(inner) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        [licence, "WITH", exception, rest @ ..] => {
            (ALLOWED.contains(&format!("{licence} WITH {exception}").as_str()), rest)
        }
        [licence, rest @ ..] => (ALLOWED.contains(licence), rest),
        [] => (false, &[]),
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(is_allowed))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_dependency_comes_from_the_registry_with_a_checksum() {
    let own: Vec<_> = locked().into_iter().filter(|package| !package.contains_key("source")).collect();
    assert_eq!(own.iter().map(|package| package["name"].as_str()).collect::<Vec<_>>(), ["eos"]);
    for package in locked().iter().filter(|package| package.contains_key("source")) {
        assert_eq!(package["source"], REGISTRY, "{}", package["name"]);
        assert_eq!(package["checksum"].len(), 64, "{}", package["name"]);
    }
}

#[test]
fn a_dependency_in_two_versions_is_listed_with_its_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in locked() {
        versions.entry(package["name"].clone()).or_default().insert(package["version"].clone());
    }
    versions.retain(|_, versions| versions.len() > 1);
    let listed: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<&str> = versions.keys().map(String::as_str).collect();
    assert_eq!(found, listed, "{versions:#?}");
}

#[test]
fn a_licence_expression_is_met_by_one_side_of_or_and_by_both_sides_of_and() {
    for allowed in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "MIT/GPL-3.0-only",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        "(GPL-2.0-only OR MIT) AND Unicode-3.0",
        "GPL-2.0-only AND MIT OR ISC",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "MIT WITH Classpath-exception-2.0",
        "MIT AND (GPL-2.0-only OR GPL-3.0-only)",
        "ISC AND GPL-2.0-only OR GPL-3.0-only",
    ] {
        assert!(!is_allowed(refused), "{refused}");
    }
}
