//! Values inside a pillar, by their path.

use eos::model::{Overrides, Problem, read};
use serde_json::Value;

/// The keys and indices that lead to a value, without `infrastructure`.
pub type Path = [String];

/// The problems of all environments.
pub fn problems(pillar: &Value) -> Vec<Problem> {
    let read = |environment: &str| read(pillar, environment, &Overrides::default()).1;
    match pillar["environments"].as_object().filter(|all| !all.is_empty()) {
        Some(all) => all.keys().flat_map(|environment| read(environment)).collect(),
        None => read("production"),
    }
}

pub fn is_accepted(pillar: &Value) -> bool {
    problems(pillar).is_empty()
}

pub fn get<'a>(pillar: &'a Value, path: &Path) -> &'a Value {
    path.iter().fold(pillar, |value, step| match value {
        Value::Array(items) => &items[step.parse::<usize>().unwrap()],
        value => &value[step],
    })
}

fn get_mut<'a>(pillar: &'a mut Value, path: &Path) -> &'a mut Value {
    path.iter().fold(pillar, |value, step| match value {
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        value => &mut value[step],
    })
}

/// The pillar with another value at a path.
pub fn with(pillar: &Value, path: &Path, value: Value) -> Value {
    let mut changed = pillar.clone();
    *get_mut(&mut changed, path) = value;
    changed
}

/// The value in which a word is another one, wherever it is a key or a text.
pub fn renamed(value: &Value, word: &str, other: &str) -> Value {
    let name = |text: &str| if text == word { other.to_owned() } else { text.to_owned() };
    match value {
        Value::String(text) => name(text).into(),
        Value::Array(items) => items.iter().map(|item| renamed(item, word, other)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, inner)| (name(key), renamed(inner, word, other))).collect()
        }
        scalar => scalar.clone(),
    }
}

/// The pillar without the last key of a path.
pub fn without(pillar: &Value, path: &Path) -> Value {
    let mut changed = pillar.clone();
    let (key, above) = path.split_last().unwrap();
    get_mut(&mut changed, above).as_object_mut().unwrap().remove(key);
    changed
}

/// Whether a problem is at exactly this path.
pub fn is_at(problem: &Problem, path: &Path) -> bool {
    problem.path.parts()[1..] == *path
}

/// The path of a key or an index below another path.
pub fn below(path: &Path, step: impl ToString) -> Vec<String> {
    let mut longer = path.to_vec();
    longer.push(step.to_string());
    longer
}
