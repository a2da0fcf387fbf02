//! The levels that set the value at a path, each with what it writes and what becomes of it.

use std::collections::BTreeSet;

use crate::model::read::tree::{Tree, TreeKind};
use crate::model::reference::reference;
use crate::model::{Content, Effect, Level, PillarPath, Reference, Setter};

/// `paths`: the places where one value may be written. `below`: the part of the value that is asked for.
pub(super) fn at(
    levels: &[(Level, Tree)],
    merged: &Tree,
    paths: &[Vec<String>],
    below: &[String],
) -> Vec<Setter> {
    let used: BTreeSet<PillarPath> =
        paths.iter().filter_map(|path| get(merged, path)).flat_map(leaves).map(|(_, path)| path).collect();
    let mut setters = Vec::new();
    for (level, tree) in levels.iter().rev() {
        for path in paths {
            let Some(found) = get(tree, path) else { continue };
            let part = if below.is_empty() { Some(found) } else { get(found, below) };
            setters.push(Setter {
                level: *level,
                key: path[0].clone(),
                path: Some(part.unwrap_or(found).path.clone()),
                content: part.map(|part| content(&path[0], part)),
                effect: effect(found, &used),
            });
        }
    }
    setters
}

/// What a path leads to, with the first key of the path.
pub(super) fn merged(tree: &Tree, path: &[String]) -> Option<(String, Content)> {
    get(tree, path).map(|found| (path[0].clone(), content(&path[0], found)))
}

/// The value at a path. A step into a list is an index.
pub(super) fn get<'a>(tree: &'a Tree, path: &[String]) -> Option<&'a Tree> {
    path.iter().try_fold(tree, |tree, step| match &tree.kind {
        TreeKind::Map(map) => map.get(step),
        TreeKind::List(items) => items.get(step.parse::<usize>().ok()?),
        TreeKind::Leaf(_) => None,
    })
}

/// Each value keeps its path when levels are merged, so the paths say whose values are used.
fn effect(found: &Tree, used: &BTreeSet<PillarPath>) -> Effect {
    let own = leaves(found);
    let paths: BTreeSet<PillarPath> = own.iter().map(|(_, path)| path.clone()).collect();
    if paths.is_disjoint(used) {
        return Effect::Overridden;
    }
    if used.is_subset(&paths) {
        return Effect::Wins;
    }
    let parts = own.into_iter().filter(|(_, path)| used.contains(path));
    Effect::Part(parts.map(|(steps, _)| steps.join(".")).collect())
}

/// The values that a merge takes or leaves as a whole, with the steps that lead to them.
fn leaves(tree: &Tree) -> Vec<(Vec<String>, PillarPath)> {
    match &tree.kind {
        TreeKind::Map(map) if !map.is_empty() => map
            .iter()
            .flat_map(|(key, tree)| {
                leaves(tree).into_iter().map(|(steps, path)| {
                    (std::iter::once(key.clone()).chain(steps).collect::<Vec<_>>(), path)
                })
            })
            .collect(),
        _ => vec![(Vec::new(), tree.path.clone())],
    }
}

fn content(key: &str, tree: &Tree) -> Content {
    match key {
        "from_outputs" => outputs(tree),
        "secrets" | "credentials" => secret(tree),
        _ => Content::Value(tree.to_value()),
    }
}

fn outputs(tree: &Tree) -> Content {
    match &tree.kind {
        TreeKind::List(items) => {
            Content::Outputs(items.iter().filter_map(Tree::text).map(str::to_owned).collect())
        }
        _ => tree.text().map_or(Content::Unknown, |text| Content::Outputs(vec![text.to_owned()])),
    }
}

/// A text that is not a reference may be the secret itself.
fn secret(tree: &Tree) -> Content {
    if let TreeKind::Map(_) = tree.kind {
        return match (tree.get("from"), tree.get("output"), tree.get("generate")) {
            (Some(from), None, None) => secret(from),
            (None, Some(output), None) => outputs(output),
            (None, None, Some(_)) => Content::Generated,
            _ => Content::Unknown,
        };
    }
    match tree.text().map(reference) {
        Some(Ok(Reference::Plain(_)) | Err(_)) | None => Content::Unknown,
        Some(Ok(found)) => Content::Secret(found.to_string()),
    }
}
