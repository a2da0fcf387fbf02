//! What Terraform will certainly refuse in a module, and what only Terraform can judge.
//!
//! Nothing needs this but a question about the module: a run lets Terraform decide.

use std::collections::BTreeSet;

use super::block::{Argument, Block};
use super::document::{self, Document, UnreadPart, place};
use super::json_blocks;
use super::module::{Module, ModuleFile};
use super::{children, syntax, undeclared};

#[derive(Debug, Default)]
pub struct Examination {
    /// What Terraform will refuse, one sentence each.
    pub faults: Vec<String>,
    /// What was not understood, one sentence each. Terraform may accept it.
    pub unchecked: Vec<String>,
}

/// Examines the module and the child modules in its own files.
pub fn examine(module: &Module) -> Result<Examination, String> {
    syntax::with_room(|| {
        let (mut examination, mut seen, mut open) =
            (Examination::default(), BTreeSet::new(), vec![module.subdir.clone()]);
        while let Some(folder) = open.pop() {
            if seen.insert(folder.clone()) {
                let document = document::read(&module.files, &folder)?;
                examination.add(&module.files, &folder, &document)?;
                open.extend(children::inside(&module.files, &folder, &document));
            }
        }
        Ok(examination)
    })?
}

impl Examination {
    fn add(&mut self, files: &[ModuleFile], folder: &str, document: &Document) -> Result<(), String> {
        for unread in &document.unread {
            let place = place(&unread.file, unread.line);
            match is_surely_wrong(files, unread)? {
                true => self.faults.push(format!("{place}: what begins here is not valid syntax")),
                false => self.unchecked.push(format!("{place}: Eos cannot read what begins here")),
            }
        }
        document.blocks.iter().for_each(|block| self.unparsed(block, block));
        // An override file can replace any argument, and an unread part can declare any name.
        if document.unread.is_empty() && !document::has_overrides(files, folder) {
            self.faults.extend(undeclared::undeclared(&document.blocks));
        }
        Ok(())
    }

    /// The arguments of a block that hcl-rs does not parse.
    fn unparsed(&mut self, block: &Block, top: &Block) {
        for (name, argument) in &block.arguments {
            let Argument::Native(piece) = argument else { continue };
            if !block.broken && syntax::expression(piece).is_none() {
                let place = place(&top.file, Some(piece.line));
                self.unchecked.push(format!("{place}: Eos cannot read the argument {name}"));
            }
        }
        block.blocks.iter().for_each(|nested| self.unparsed(nested, top));
    }
}

/// Whether a second parser agrees that the file is not valid.
fn is_surely_wrong(files: &[ModuleFile], unread: &UnreadPart) -> Result<bool, String> {
    let Some(file) = files.iter().find(|file| file.path == unread.file) else { return Ok(false) };
    let bytes = document::bytes(file)?;
    if file.path.ends_with(".json") {
        return Ok(json_blocks::is_surely_wrong(&bytes));
    }
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    Ok(hcl::parse(&text).is_err())
}
