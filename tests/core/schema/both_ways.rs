//! The schema and the reader agree about pillars that nobody wrote.

use std::sync::LazyLock;

use eos::model::Problem;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::examples;
use super::place::{below, get, problems, with, without};
use super::samples::{INTEGERS, TEXTS};
use super::validate::is_valid;

static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let above = [examples::all(), examples::at_other_places()].concat();
    let below: Vec<_> = above.iter().map(examples::below_its_environment).collect();
    // The profile and the environment of a call belong to the settings above all environments.
    above.into_iter().chain(below.into_iter().filter(|one| problems(one).is_empty())).collect()
});
static SCHEMA: LazyLock<Value> = LazyLock::new(super::document);
/// Every key of the examples.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut keys: Vec<String> = EXAMPLES.iter().flat_map(places).filter_map(|mut path| path.pop()).collect();
    keys.sort();
    keys.dedup();
    keys
});

/// How a message begins if the kind of a value or the name of a key is wrong, whatever else the pillar says.
const OF_SHAPE: [&str; 10] = [
    "unknown key",
    "unknown kind",
    "must be a mapping",
    "must be a list",
    "must be a text",
    "must be true or false",
    "must be one of",
    "must be an integer, not",
    "must be a positive integer",
    "must have exactly one",
];

/// The paths of all values of a pillar, except the pillar itself.
fn places(pillar: &Value) -> Vec<Vec<String>> {
    fn add(pillar: &Value, path: &[String], found: &mut Vec<Vec<String>>) {
        let steps: Vec<String> = match get(pillar, path) {
            Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
            Value::Object(map) => map.keys().cloned().collect(),
            _ => Vec::new(),
        };
        for step in steps {
            let path = below(path, step);
            found.push(path.clone());
            add(pillar, &path, found);
        }
    }
    let mut found = Vec::new();
    add(pillar, &[], &mut found);
    found
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(&INTEGERS[..]).prop_map(Value::from),
        (-3i64..90_000).prop_map(Value::from),
        Just(json!(1.5)),
        select(&TEXTS[..]).prop_map(Value::from),
        "[a-z]{1,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let keys = prop_oneof![select(KEYS.as_slice()), "[a-z]{1,5}".prop_map(String::from)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..3)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// An example in which one value is another one, one key is gone, or one key was added.
fn pillars() -> impl Strategy<Value = Value> {
    let keys = prop_oneof![3 => select(KEYS.as_slice()), 1 => "[a-z]{1,5}".prop_map(String::from)];
    (select(EXAMPLES.as_slice()), any::<Index>(), any::<Index>(), 0..5, keys, values()).prop_map(
        |(pillar, place, other, change, key, value)| {
            let places = places(&pillar);
            let (path, other): (&Vec<_>, &Vec<_>) = (place.get(&places), other.get(&places));
            match change {
                // A value of another place.
                0 => with(&pillar, path, get(&pillar, other).clone()),
                1 if get(&pillar, path).is_object() => with(&pillar, &below(path, key), value),
                2 if get(&pillar, &path[..path.len() - 1]).is_object() => without(&pillar, path),
                _ => with(&pillar, path, value),
            }
        },
    )
}

fn is_of_shape(problem: &&Problem) -> bool {
    let is_about_content = problem.message.contains("not empty");
    !is_about_content && OF_SHAPE.iter().any(|begin| problem.message.starts_with(begin))
}

/// `SEED` and `CASES` try other pillars than the suite does.
#[test]
fn the_schema_accepts_what_the_reader_accepts_and_refuses_what_it_refuses_for_its_shape() {
    let number = |name: &str, usual: u32| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &number("SEED", 1).to_le_bytes().repeat(8));
    let config = Config { cases: number("CASES", 500), failure_persistence: None, ..Config::default() };
    let agree = |pillar: Value| {
        let said = problems(&pillar);
        let is_valid = is_valid(&json!({ "infrastructure": pillar }), &SCHEMA, &SCHEMA);
        if said.is_empty() {
            prop_assert!(is_valid, "the reader accepts {pillar}");
        }
        if let Some(problem) = said.iter().find(is_of_shape) {
            prop_assert!(!is_valid, "{}: {}", problem.path, problem.message);
        }
        Ok(())
    };
    TestRunner::new_with_rng(config, rng).run(&pillars(), agree).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_schema_accepts_every_example() {
    for example in EXAMPLES.iter() {
        assert!(is_valid(&json!({ "infrastructure": example }), &SCHEMA, &SCHEMA), "{example}");
    }
}
