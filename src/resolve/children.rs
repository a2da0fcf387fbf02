//! The child modules that a module calls by a relative path.

use std::collections::BTreeSet;

use super::block::{Argument, Block};
use super::document::{self, Document};
use super::json::Json;
use super::module::ModuleFile;
use super::syntax;
use crate::model::Source;

/// The relative path of a child module, if the block calls one.
pub fn local(block: &Block) -> Option<String> {
    let source = match block.arguments.get("source").filter(|_| block.kind == "module")? {
        Argument::Native(piece) => syntax::literal(piece)?,
        Argument::Json(Json::Text(text)) if !text.contains("${") => text.clone(),
        Argument::Json(_) => return None,
    };
    (source.starts_with("./") || source.starts_with("../")).then_some(source)
}

/// The path from a folder. The error is the number of levels by which it leads out of the module's root.
pub fn join(folder: &str, path: &str) -> Result<String, usize> {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let mut outside = 0;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => outside += 1,
            ".." => {}
            part => parts.push(part),
        }
    }
    if outside == 0 { Ok(parts.join("/")) } else { Err(outside) }
}

/// A child module that Terraform would not find.
struct Missing {
    block: String,
    file: String,
    path: String,
    /// The levels by which the path leads out of the root. 0: it stays inside, but nothing is there.
    outside: usize,
}

/// Refuses a module that calls a child module by a path outside of its source, directly or through other children.
pub fn check(source: &Source, files: &[ModuleFile]) -> Result<(), String> {
    let missing = missing(files, source.subdir());
    let Some(first) = missing.iter().max_by_key(|one| one.outside) else { return Ok(()) };
    let Missing { block, file, path, outside } = first;
    Err(match outside {
        0 => format!("module {block:?} in {file} is {path:?}, and the source has no such folder"),
        outside => format!(
            "module {block:?} in {file} is {path:?}, which is outside of the source and is not copied. {}",
            way_out(source, *outside)
        ),
    })
}

/// The source that contains the child too.
fn way_out(source: &Source, outside: usize) -> String {
    const NONE: &str = "Move the child module into the source";
    let (scheme, root, saltenv) = match source {
        Source::Path { root, .. } => ("", root.display().to_string(), ""),
        Source::Salt { url, .. } => {
            let text = url.strip_prefix("salt://").unwrap_or(url);
            let (root, saltenv) = text.find("?saltenv=").map_or((text, ""), |at| text.split_at(at));
            ("salt://", root.to_owned(), saltenv)
        }
        Source::Service(_) => return NONE.to_owned(),
    };
    let mut parts: Vec<_> = root.split('/').filter(|part| !part.is_empty()).collect();
    if outside > parts.len() || (outside == parts.len() && scheme.is_empty()) {
        return NONE.to_owned();
    }
    let below = parts.split_off(parts.len() - outside);
    let below = below.into_iter().chain(Some(source.subdir()).filter(|subdir| !subdir.is_empty()));
    let root = match scheme {
        "" => format!("/{}", parts.join("/")),
        scheme => format!("{scheme}{}", parts.join("/")),
    };
    format!("Write the source as {root}//{}{saltenv}", below.collect::<Vec<_>>().join("/"))
}

fn missing(files: &[ModuleFile], subdir: &str) -> Vec<Missing> {
    let (mut missing, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![subdir.to_owned()]);
    while let Some(folder) = open.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        // Terraform reports what Eos cannot read.
        let Ok(document) = document::read(files, &folder) else { continue };
        for block in &document.blocks {
            let Some(path) = local(block) else { continue };
            let outside = match join(&folder, &path) {
                Ok(child) if has(files, &child) => {
                    open.push(child);
                    continue;
                }
                Ok(_) => 0,
                Err(outside) => outside,
            };
            let (block, file) = (block.label().to_owned(), block.file.clone());
            missing.push(Missing { block, file, path, outside });
        }
    }
    missing
}

/// The folders of child modules that a document calls by a relative path and that are in the files of the module.
pub fn inside(files: &[ModuleFile], folder: &str, document: &Document) -> Vec<String> {
    let paths = document.blocks.iter().filter_map(local);
    paths.filter_map(|path| join(folder, &path).ok()).filter(|child| has(files, child)).collect()
}

fn has(files: &[ModuleFile], folder: &str) -> bool {
    let inside = |file: &ModuleFile| file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    folder.is_empty() || files.iter().any(inside)
}
