//! What is wrong in a service is told with its path, for every key that the reader knows.

use std::collections::{BTreeMap, BTreeSet};

use eos::model::Problem;
use serde_json::{Value, json};

use super::examples;
use super::place::{Path, below, get, problems, with, without};
use super::samples::{NONSENSE, words};
use super::shape::Shape;

/// Keys that a service has as every other component does.
const OF_COMPONENTS: [&str; 9] =
    ["backend", "credentials", "drift", "health", "hooks", "policy", "profile", "rollback", "timeouts"];

/// Each service of the examples, with everything around it.
fn services() -> Vec<Value> {
    let all = [examples::all(), examples::at_other_places()].concat();
    all.into_iter().filter(|pillar| pillar["services"]["web"].is_object()).collect()
}

fn service() -> Vec<String> {
    ["services", "web"].map(str::to_owned).into()
}

/// The paths of all values of the service that the reader, and not Nomad alone, interprets, each with its shape.
fn places(pillar: &Value) -> Vec<(Vec<String>, Shape)> {
    fn add(value: &Value, path: &Path, shape: &Shape, found: &mut Vec<(Vec<String>, Shape)>) {
        if shape.any {
            return;
        }
        match value {
            Value::Array(items) => {
                let list = shape.list.as_ref();
                let of_items = list.and_then(|list| list.items.as_deref()).unwrap_or(shape);
                for (index, item) in items.iter().enumerate() {
                    add(item, &below(path, index), of_items, found);
                }
            }
            Value::Object(map) => {
                let Some(mapping) = &shape.mapping else { return };
                for (key, value) in map.iter().filter(|(key, _)| !OF_COMPONENTS.contains(&key.as_str())) {
                    let inner = mapping.keys.get(key).or(mapping.entries.as_deref());
                    if let Some(inner) = inner {
                        found.push((below(path, key), inner.clone()));
                        // Only Nomad knows what is below it.
                        if key == "job" {
                            continue;
                        }
                        add(value, &below(path, key), inner, found);
                    }
                }
            }
            _ => {}
        }
    }
    let mut shape = super::LEARNED.clone();
    let shape = shape.at(&["services".to_owned(), "*".to_owned()]).clone();
    let mut found = Vec::new();
    add(get(pillar, &service()), &service(), &shape, &mut found);
    found
}

/// Whether a person who reads the problem knows the place: its path is that of the value, or leads into it; or it is
/// one above, and the message names the key.
fn is_told(problem: &Problem, path: &Path) -> bool {
    let at = &problem.path.parts()[1..];
    let is_index = |step: &&String| step.parse::<usize>().is_ok();
    let key = path.iter().rev().find(|step| !is_index(step)).unwrap();
    let is_of_a_list = path.last().is_some_and(|step| is_index(&step)) && *at == path[..path.len() - 1];
    at.starts_with(path) || is_of_a_list || (path.starts_with(at) && words(&problem.message).contains(key))
}

fn misspelt(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    match letters.as_slice() {
        [begin @ .., one, other] if one != other => begin.iter().chain([other, one]).collect(),
        _ => format!("{key}x"),
    }
}

#[test]
fn every_misspelt_key_of_a_service_is_told_at_its_path_with_the_key_that_was_meant() {
    let (mut seen, mut faults) = (BTreeMap::new(), BTreeSet::new());
    for pillar in services() {
        for (path, _) in places(&pillar) {
            let (key, above) = path.split_last().unwrap();
            // A short name is near to many others, and a key that the user chooses has no right spelling.
            let value = get(&pillar, &path).clone();
            let wrong = below(above, misspelt(key));
            let said = problems(&with(&without(&pillar, &path), &wrong, value));
            let place = said.iter().find(|one| one.path.parts()[1..] == *wrong);
            let is_free = said.is_empty() || place.is_none_or(|one| !one.message.starts_with("unknown k"));
            let mapping = above.last().map(String::as_str).unwrap_or_default();
            seen.entry(path[2..].join(":")).or_insert((!is_free, mapping.to_owned()));
            let is_told = place.is_some_and(|one| words(&one.message).contains(key));
            if is_free != FREE.contains(&mapping) || (!is_free && !is_told) {
                let said: Vec<_> = said.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
                faults.insert(format!("{}: {said:?}", wrong.join(":")));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let told = seen.values().filter(|(told, _)| *told).count();
    assert!(told > 150, "only {told} of {} keys were misspelt", seen.len());
}

/// The mappings of a service whose keys people choose.
const FREE: [&str; 13] = [
    "config",
    "env",
    "from_outputs",
    "header",
    "headers",
    "meta",
    "options",
    "ports",
    "secrets",
    "targets",
    "tasks",
    "variables",
    "volumes",
];

#[test]
fn every_value_of_another_type_is_told_at_its_path() {
    let strange = [
        json!(true),
        json!(-7),
        json!(1.5),
        json!(NONSENSE),
        json!(""),
        json!("a\0b"),
        json!([[]]),
        json!({ NONSENSE: [{}] }),
    ];
    let (mut told, mut wrong) = (0, BTreeSet::new());
    for pillar in services() {
        for (path, _) in places(&pillar) {
            for value in &strange {
                let said = problems(&with(&pillar, &path, value.clone()));
                if said.is_empty() {
                    continue;
                }
                told += 1;
                if !said.iter().any(|one| is_told(one, &path)) {
                    let said: Vec<_> =
                        said.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
                    wrong.insert(format!("{} as {value}: {said:?}", path.join(":")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(told > 1000, "only {told} values were refused");
}

#[test]
fn every_number_out_of_its_range_is_told_at_its_path_with_the_range() {
    let mut told = BTreeMap::new();
    for pillar in services() {
        for (path, shape) in places(&pillar) {
            let Some(range) = shape.integers else { continue };
            let out = [range.least.map(|least| least - 1), range.most.map(|most| most + 1)];
            for number in out.into_iter().flatten() {
                let said = problems(&with(&pillar, &path, number.into()));
                let here = said.iter().find(|one| is_told(one, &path));
                assert!(here.is_some(), "{path:?} as {number}: {said:#?}");
                told.insert(path[2..].join(":"), here.unwrap().message.to_string());
            }
        }
    }
    assert!(told.len() > 40, "{told:#?}");
}
