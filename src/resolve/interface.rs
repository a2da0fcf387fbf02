//! What a module declares, from its blocks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ModuleFile;
use super::document::{self, Block};
use super::{constraint, providers, syntax};
use crate::model::{Interface, Output, Variable};

pub fn interface(blocks: &[Block], files: &[ModuleFile], subdir: &str) -> Result<Interface, String> {
    let mut interface = Interface {
        providers: providers::providers(blocks),
        has_modules: blocks.iter().any(|block| block.kind == "module"),
        own_backend: own_backend(blocks),
        preset: preset(files, subdir)?,
        ..Interface::default()
    };
    for block in blocks {
        let name = block.label().to_owned();
        match block.kind.as_str() {
            // An override file's block changes what it names, and no more.
            "variable" => {
                let variable = interface.variables.remove(&name).unwrap_or_else(undeclared);
                interface.variables.insert(name, declare(variable, block));
            }
            "output" => {
                let sensitive = flag(block, "sensitive")
                    .unwrap_or(interface.outputs.get(&name).is_some_and(|one| one.sensitive));
                interface.outputs.insert(name, Output { sensitive });
            }
            _ => {}
        }
    }
    Ok(interface)
}

fn undeclared() -> Variable {
    Variable {
        constraint: crate::model::Constraint::Any,
        has_default: false,
        nullable: true,
        sensitive: false,
        ephemeral: false,
    }
}

fn declare(before: Variable, block: &Block) -> Variable {
    Variable {
        constraint: block.attributes.get("type").map_or(before.constraint, constraint::constraint),
        has_default: before.has_default || block.attributes.contains_key("default"),
        nullable: flag(block, "nullable").unwrap_or(before.nullable),
        sensitive: flag(block, "sensitive").unwrap_or(before.sensitive),
        ephemeral: flag(block, "ephemeral").unwrap_or(before.ephemeral),
    }
}

/// A constant; a text for it is Terraform's own leniency.
fn flag(block: &Block, name: &str) -> Option<bool> {
    match syntax::constant(block.attributes.get(name)?)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn own_backend(blocks: &[Block]) -> Option<String> {
    let declares = |block: &&Block| {
        block.kind == "terraform"
            && block.blocks.iter().any(|nested| matches!(nested.kind.as_str(), "backend" | "cloud"))
    };
    blocks.iter().find(declares).map(|block| block.file.clone())
}

/// Variables that the module's own files set, which Terraform reads by itself.
fn preset(files: &[ModuleFile], subdir: &str) -> Result<BTreeSet<String>, String> {
    let mut preset = BTreeSet::new();
    for (name, file) in document::in_folder(files, subdir) {
        let own = |end: &str| name == format!("terraform{end}") || name.ends_with(&format!(".auto{end}"));
        let wrong = |reason: String| format!("{}: {reason}", file.path);
        if own(".tfvars") {
            let body = syntax::body(&document::text(file)?).map_err(wrong)?;
            preset.extend(body.into_attributes().map(|attribute| attribute.key.to_string()));
        } else if own(".tfvars.json") {
            let found: serde_json::Map<String, Value> =
                serde_json::from_str(&document::text(file)?).map_err(|error| wrong(error.to_string()))?;
            preset.extend(found.into_iter().map(|(name, _)| name));
        }
    }
    Ok(preset)
}
