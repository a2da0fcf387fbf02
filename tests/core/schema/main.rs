//! The JSON schema of the pillar. It is learned from the reader, so it has no second description of the pillar.

mod both_ways;
mod emit;
mod examples;
mod learn;
mod place;
mod samples;
mod shape;
mod share;
mod told;
mod validate;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};

use learn::learn;
use place::is_accepted;
use shape::Shape;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python/saltext/eos/pillar.schema.json")
}

static LEARNED: LazyLock<Shape> = LazyLock::new(|| learn(&examples::all()));

/// The settings that an environment may not have.
fn refused_below_an_environment() -> BTreeSet<String> {
    let mut refused = BTreeSet::new();
    for settings in examples::all().iter().filter_map(|one| one["settings"].as_object()) {
        for (key, value) in settings {
            let own = json!({ "vault": settings.get("vault"), key: value });
            if !is_accepted(&json!({ "environments": { "production": { "settings": own } } })) {
                refused.insert(key.clone());
            }
        }
    }
    refused
}

fn document() -> Value {
    emit::document(&LEARNED, &refused_below_an_environment())
}

#[test]
fn the_examples_have_every_key_that_the_reader_knows() {
    let mut unknown = LEARNED.unknown("infrastructure");
    // What an environment has is learned above all environments.
    unknown.retain(|path| !path.starts_with("infrastructure:environments:*:"));
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn the_schema_is_what_the_reader_accepts() {
    let made = format!("{:#}\n", document());
    if std::env::var_os("EOS_WRITE_SCHEMA").is_some() {
        std::fs::write(file(), &made).unwrap();
    }
    let kept = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(kept == made, "the reader accepts something else now: make schema");
}
