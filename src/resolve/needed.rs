//! Finds the variables whose values Terraform needs even for a destroy.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{Argument, Block};
use super::children;
use super::document;
use super::json::Json;
use super::lexer::{Token, TokenKind, lex_template};
use super::module::{Module, ModuleFile};
use super::syntax;

/// How many levels of child modules are read.
const DEEPEST: usize = 8;

/// Variables that are read by a provider block, a count, a for_each or a validation. The path may lead through locals,
/// resources and child modules. Each variable comes with the place that reads it. If a part cannot be read, it may read
/// any variable.
pub fn needed_to_destroy(module: &Module) -> BTreeMap<String, String> {
    syntax::with_room(|| needed(&module.files, &module.subdir, DEEPEST)).unwrap_or_default()
}

fn needed(files: &[ModuleFile], subdir: &str, deeper: usize) -> BTreeMap<String, String> {
    let Ok(document) = document::read(files, subdir) else { return BTreeMap::new() };
    let places = Places::of(&document.blocks);
    let mut needed = BTreeMap::new();
    for block in &document.blocks {
        for (argument, place) in decisive(block, files, subdir, deeper) {
            for variable in places.variables(argument) {
                needed.entry(variable).or_insert_with(|| place.clone());
            }
        }
    }
    if let Some(unread) = document.unread.first() {
        let declared = document.blocks.iter().filter(|block| block.kind == "variable");
        for variable in declared.map(|block| block.label().to_owned()) {
            needed.entry(variable).or_insert_with(|| format!("the unreadable part of {}", unread.file));
        }
    }
    needed
}

/// The arguments of a block whose values Terraform needs, each with a description.
fn decisive<'a>(
    block: &'a Block,
    files: &[ModuleFile],
    subdir: &str,
    deeper: usize,
) -> Vec<(&'a Argument, String)> {
    let name = block.labels.join(".");
    let named = |key: &str| Some((block.arguments.get(key)?, format!("the {key} of {} {name}", block.kind)));
    match block.kind.as_str() {
        "provider" => vec![(&block.content, format!("the provider block {name}"))],
        "resource" | "data" | "ephemeral" => ["count", "for_each"].into_iter().filter_map(named).collect(),
        "module" => {
            let mut found: Vec<_> = ["count", "for_each"].into_iter().filter_map(named).collect();
            found.extend(handed_on(block, files, subdir, deeper));
            found
        }
        // Terraform evaluates validations in every plan, and functions in them often do not accept null.
        "variable" => {
            let blocks = block.blocks.iter().filter(|one| one.kind == "validation").map(|one| &one.content);
            // In the JSON notation, it is an argument.
            let all = blocks.chain(block.arguments.get("validation"));
            all.map(|one| (one, format!("a validation of variable {name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// The arguments for a child module's variables that the child needs. If the files of the child are not available, all
/// arguments.
fn handed_on<'a>(
    block: &'a Block,
    files: &[ModuleFile],
    subdir: &str,
    deeper: usize,
) -> Vec<(&'a Argument, String)> {
    const OWN: [&str; 6] = ["source", "version", "providers", "count", "for_each", "depends_on"];
    let child = children::local(block).and_then(|path| children::join(subdir, &path).ok());
    let has = |folder: &String| document::in_folder(files, folder).next().is_some();
    let inner = child.filter(|child| deeper > 0 && has(child)).map(|child| needed(files, &child, deeper - 1));
    let given = block.arguments.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    let found = given.filter_map(|(name, argument)| {
        let place = match &inner {
            Some(inner) => format!("{} in module {}", inner.get(name)?, block.label()),
            None => format!("module {}", block.label()),
        };
        Some((argument, place))
    });
    found.collect()
}

/// Everything that can be referenced, by address: `local.x`, `data.x.y`, `module.x`, `x.y`.
struct Places<'a>(BTreeMap<Vec<String>, Vec<&'a Argument>>);

impl<'a> Places<'a> {
    fn of(blocks: &'a [Block]) -> Self {
        let mut places: BTreeMap<Vec<String>, Vec<&Argument>> = BTreeMap::new();
        let mut add = |address: Vec<String>, argument| places.entry(address).or_default().push(argument);
        for block in blocks {
            let below = || [std::slice::from_ref(&block.kind), block.labels.as_slice()].concat();
            match block.kind.as_str() {
                "locals" => {
                    for (name, argument) in &block.arguments {
                        add(vec!["local".to_owned(), name.clone()], argument);
                    }
                }
                "resource" => add(block.labels.clone(), &block.content),
                "data" | "ephemeral" | "module" => add(below(), &block.content),
                _ => {}
            }
        }
        Self(places)
    }

    /// All variables that an argument reads, directly or indirectly.
    fn variables(&self, argument: &Argument) -> BTreeSet<String> {
        let mut variables = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = references(argument);
        while let Some(mut address) = waiting.pop() {
            let length = match address.first().map(String::as_str) {
                Some("data" | "ephemeral") => 3,
                _ => 2,
            };
            address.truncate(length);
            if !seen.insert(address.clone()) {
                continue;
            }
            match address.as_slice() {
                [root, name] if root == "var" => drop(variables.insert(name.clone())),
                address => {
                    waiting.extend(self.0.get(address).into_iter().flatten().flat_map(|one| references(one)));
                }
            }
        }
        variables
    }
}

/// The dotted names in an argument, each split into its parts.
fn references(argument: &Argument) -> Vec<Vec<String>> {
    let mut references = Vec::new();
    match argument {
        Argument::Native(piece) => dotted(piece.text(), &piece.tokens(), &mut references),
        Argument::Json(json) => in_json(json, &mut references),
    }
    references
}

fn in_json(json: &Json, references: &mut Vec<Vec<String>>) {
    let mut template = |text: &String| dotted(text.as_bytes(), &lex_template(text.as_bytes(), 1), references);
    match json {
        Json::Text(text) => template(text),
        Json::Map(entries) => {
            entries.iter().for_each(|(key, _)| template(key));
            entries.iter().for_each(|(_, value)| in_json(value, references));
        }
        Json::List(items) => items.iter().for_each(|item| in_json(item, references)),
        Json::Flag(_) | Json::Other => {}
    }
}

fn dotted(text: &[u8], tokens: &[Token], references: &mut Vec<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut after_dot = false;
    let mut keep = |path: Vec<String>| references.extend((path.len() > 1).then_some(path));
    for token in tokens {
        match token.kind {
            TokenKind::Word if after_dot || path.is_empty() => {
                path.push(String::from_utf8_lossy(&text[token.start..token.end]).into_owned());
                after_dot = false;
            }
            TokenKind::Dot if !path.is_empty() && !after_dot => after_dot = true,
            kind => {
                keep(std::mem::take(&mut path));
                after_dot = false;
                if kind == TokenKind::Word {
                    path.push(String::from_utf8_lossy(&text[token.start..token.end]).into_owned());
                }
            }
        }
    }
    keep(path);
}
