//! Reads the interface of a module from its blocks.

use std::collections::BTreeSet;

use super::block::{Argument, Block};
use super::document::{self, Document, UnreadPart, place};
use super::json::Json;
use super::module::ModuleFile;
use super::{body, constraint, json, providers, syntax};
use crate::model::{Constraint, Interface, Output, Variable};

pub fn interface(files: &[ModuleFile], subdir: &str) -> Result<Interface, String> {
    let Document { blocks, mut unread } = document::read(files, subdir)?;
    let mut interface = Interface {
        providers: providers::providers(&blocks),
        has_modules: blocks.iter().any(|block| block.kind == "module"),
        own_backend: declares(&blocks, &["backend", "cloud"]),
        encryption: declares(&blocks, &["encryption"]),
        has_computed_sources: blocks.iter().any(has_computed_source),
        preset: preset(files, subdir, &mut unread)?,
        ..Interface::default()
    };
    interface.incomplete = !unread.is_empty();
    interface.notes = unread.iter().map(say_unread).collect();
    for block in &blocks {
        match block.kind.as_str() {
            "variable" => variable(block, &mut interface),
            "output" => output(block, &mut interface),
            _ => {}
        }
    }
    Ok(interface)
}

/// The block of an override file changes only the arguments that it contains.
fn variable(block: &Block, interface: &mut Interface) {
    let name = block.label().to_owned();
    if block.broken {
        return drop(interface.variables.insert(name, Variable::UNREAD));
    }
    let mut variable = interface.variables.remove(&name).unwrap_or(UNSET);
    let mut read = BlockReader { block, notes: &mut interface.notes };
    let what = format!("variable {name:?}");
    let kind = read.argument("type", constraint::constraint, Constraint::Any, || {
        format!("the type of {what}; any value is passed on")
    });
    variable.constraint = kind.unwrap_or(variable.constraint);
    variable.has_default |= block.arguments.contains_key("default");
    variable.nullable =
        read.flag("nullable", true, &what, "Eos treats it as nullable").unwrap_or(variable.nullable);
    variable.sensitive =
        read.flag("sensitive", true, &what, "Eos treats it as sensitive").unwrap_or(variable.sensitive);
    variable.ephemeral =
        read.flag("ephemeral", false, &what, "Eos treats it as not ephemeral").unwrap_or(variable.ephemeral);
    interface.variables.insert(name, variable);
}

fn output(block: &Block, interface: &mut Interface) {
    let name = block.label().to_owned();
    if block.broken {
        interface.outputs.insert(name, Output::UNREAD);
        return;
    }
    let before = interface.outputs.get(&name).is_some_and(|output| output.sensitive);
    let mut read = BlockReader { block, notes: &mut interface.notes };
    let what = format!("output {name:?}");
    let sensitive = read.flag("sensitive", true, &what, "Eos treats it as sensitive").unwrap_or(before);
    interface.outputs.insert(name, Output { sensitive });
}

const UNSET: Variable = Variable {
    constraint: Constraint::Any,
    has_default: false,
    nullable: true,
    sensitive: false,
    ephemeral: false,
};

/// Reads the values of arguments, and notes each value that cannot be read.
struct BlockReader<'a> {
    block: &'a Block,
    notes: &'a mut Vec<String>,
}

impl BlockReader<'_> {
    /// None if the argument is not set. `otherwise` if it cannot be read.
    fn argument<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Argument) -> Option<T>,
        otherwise: T,
        what: impl FnOnce() -> String,
    ) -> Option<T> {
        let argument = self.block.arguments.get(name)?;
        Some(read(argument).unwrap_or_else(|| {
            let place = place(&self.block.file, argument.line());
            self.notes.push(format!("{place}: the reader of Eos cannot read {}; Terraform decides", what()));
            otherwise
        }))
    }

    fn flag(&mut self, name: &str, otherwise: bool, what: &str, meaning: &str) -> Option<bool> {
        self.argument(name, syntax::flag, otherwise, || format!("whether {what} is {name}; {meaning}"))
    }
}

fn say_unread(unread: &UnreadPart) -> String {
    let place = place(&unread.file, unread.line);
    format!(
        "{place}: the reader of Eos cannot read the construct that begins here; Terraform decides. Eos treats \
         variables and outputs that it cannot find as sensitive, and no variable as required"
    )
}

/// The file in which a `terraform` block contains one of these blocks.
fn declares(blocks: &[Block], kinds: &[&str]) -> Option<String> {
    let declares = |block: &&Block| {
        block.kind == "terraform" && block.blocks.iter().any(|nested| kinds.contains(&nested.kind.as_str()))
    };
    blocks.iter().find(declares).map(|block| block.file.clone())
}

fn has_computed_source(block: &Block) -> bool {
    let computed = |key: &&str| {
        block.arguments.get(*key).is_some_and(|argument| match argument {
            Argument::Native(piece) => syntax::literal(piece).is_none(),
            Argument::Json(Json::Text(text)) => text.contains("${"),
            Argument::Json(_) => true,
        })
    };
    block.kind == "module" && ["source", "version"].iter().any(computed)
}

/// Whether Terraform reads this file of a module by itself. `end`: `.tfvars` or `.tfvars.json`.
pub fn is_own_tfvars(name: &str, end: &str) -> bool {
    name == format!("terraform{end}") || name.ends_with(&format!(".auto{end}"))
}

/// Variables that are set by files of the module. Terraform reads these files automatically.
fn preset(
    files: &[ModuleFile],
    subdir: &str,
    unread: &mut Vec<UnreadPart>,
) -> Result<BTreeSet<String>, String> {
    let mut preset = BTreeSet::new();
    for (name, file) in document::in_folder(files, subdir) {
        let (names, lines) = if is_own_tfvars(name, ".tfvars") {
            let (body, lines) = body::read(&document::bytes(file)?);
            (body.arguments.into_keys().collect(), lines)
        } else if is_own_tfvars(name, ".tfvars.json") {
            json::names(&document::bytes(file)?)
                .map_or_else(|line| (Vec::new(), vec![line]), |names| (names, Vec::new()))
        } else {
            continue;
        };
        preset.extend(names);
        unread.extend(lines.into_iter().map(|line| UnreadPart { file: file.path.clone(), line: Some(line) }));
    }
    Ok(preset)
}
