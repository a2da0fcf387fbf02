//! Reads `salt` of a component or of a hook.

use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Fields, entries};
use super::problems::Problems;
use super::scalars;
use super::tree::{Tree, TreeKind};
use crate::model::is_reserved;
use crate::model::step::{Batch, MinionTarget, SaltCall, SaltStep};

const KINDS: [&str; 5] = ["glob", "list", "grain", "pillar", "compound"];

pub(super) fn step(tree: Tree, problems: &Problems) -> Option<SaltStep> {
    let mut fields = Fields::open(tree, problems);
    let kind = fields.read("target_type", kind).unwrap_or(KINDS[0]);
    let target = match fields.take("target") {
        Some(tree) => read(&tree, problems, pattern),
        None => {
            problems.add(&fields.path.child("target"), "is missing: the minions, such as \"web*\"");
            None
        }
    };
    let what = what(&mut fields);
    let timeout = fields.read("timeout", scalars::limit).unwrap_or(Duration::from_secs(600));
    let batch = fields.read("batch", batch);
    fields.close();
    Some(SaltStep { target: MinionTarget { kind, pattern: target? }, what: what?, timeout, batch })
}

fn what(fields: &mut Fields<'_>) -> Option<SaltCall> {
    let path = fields.path.clone();
    let problems = fields.problems;
    let places = ["sls", "function"].map(|key| fields.place(key));
    let (sls, function) = (fields.take("sls"), fields.take("function"));
    let mut given = |key| fields.take(key);
    let (args, kwargs, pillar) = (given("args"), given("kwargs"), given("pillar"));
    let misplaced = |tree: &Option<Tree>, message: &'static str| {
        if let Some(tree) = tree {
            problems.add(&tree.path, message);
        }
    };
    match (sls, function) {
        (Some(sls), None) => {
            for tree in [&args, &kwargs] {
                misplaced(tree, "is only for function; states take a pillar");
            }
            let pillar = mapping(pillar, problems);
            let sls = read(&sls, problems, names)?;
            Some(SaltCall::States { sls, pillar: pillar? })
        }
        (None, Some(function)) => {
            misplaced(&pillar, "is only for sls; put it into kwargs");
            let kwargs = mapping(kwargs, problems);
            let args = match args {
                None => Some(Vec::new()),
                Some(tree) => match tree.to_value() {
                    Value::Array(args) => Some(args),
                    _ => {
                        problems.add(&tree.path, "must be a list");
                        None
                    }
                },
            };
            let name = read(&function, problems, function_name)?;
            Some(SaltCall::Function { name, args: args?, kwargs: kwargs? })
        }
        (Some(_), Some(_)) => {
            let pillar_path = places.into_iter().flatten().next_back().unwrap_or(path);
            problems.add(&pillar_path, "sls and function exclude each other");
            None
        }
        (None, None) => {
            problems.add(&path, "needs sls (states to apply) or function (a function to call)");
            None
        }
    }
}

fn read<T>(tree: &Tree, problems: &Problems, read: fn(&Tree) -> Result<T, String>) -> Option<T> {
    read(tree).map_err(|message| problems.add(&tree.path, message)).ok()
}

fn mapping(tree: Option<Tree>, problems: &Problems) -> Option<Map<String, Value>> {
    let Some(tree) = tree else { return Some(Map::new()) };
    match tree.to_value() {
        Value::Object(map) => {
            for (key, tree) in entries(tree, problems).iter().filter(|(key, _)| is_reserved(key)) {
                problems.add(&tree.path, format!("{key} is set by Eos or by Salt"));
            }
            Some(map)
        }
        _ => {
            problems.add(&tree.path, "must be a mapping");
            None
        }
    }
}

fn kind(tree: &Tree) -> Result<&'static str, String> {
    let known = KINDS.into_iter().find(|kind| tree.text() == Some(kind));
    known.ok_or_else(|| format!("must be one of: {}", KINDS.join(", ")))
}

/// A list of minions is joined to one text.
fn pattern(tree: &Tree) -> Result<String, String> {
    let text = match &tree.kind {
        TreeKind::List(_) => scalars::texts(tree)?.join(","),
        _ => scalars::text(tree)?,
    };
    match text.trim().is_empty() || text.contains(char::is_control) {
        true => Err("must be a target in the notation of target_type".to_owned()),
        false => Ok(text),
    }
}

fn names(tree: &Tree) -> Result<Vec<String>, String> {
    let names = scalars::texts(tree)?;
    let good = |name: &String| {
        let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        !name.is_empty() && name.bytes().all(byte)
    };
    match !names.is_empty() && names.iter().all(good) {
        true => Ok(names),
        false => Err("must be the names of states, such as web.tls, or a list of them".to_owned()),
    }
}

fn function_name(tree: &Tree) -> Result<String, String> {
    let text = scalars::text(tree)?;
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match text.split_once('.').is_some_and(|(module, name)| is_word(module) && is_word(name)) {
        true => Ok(text),
        false => Err("must be module.function, such as service.restart".to_owned()),
    }
}

/// A number of minions, or `25%`.
fn batch(tree: &Tree) -> Result<Batch, String> {
    if let Ok(number) = scalars::positive(tree) {
        return Ok(Batch::Minions(number));
    }
    let percent = tree.text().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse().ok());
    match percent {
        Some(percent @ 1..=100) => Ok(Batch::Percent(percent)),
        _ => Err("must be a number of minions, or a percentage such as \"25%\"".to_owned()),
    }
}
