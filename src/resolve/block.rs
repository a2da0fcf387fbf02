//! The parts of a configuration, in both of Terraform's notations.

use std::collections::BTreeMap;

use super::body::SourcePiece;
use super::json::Json;

/// A block: `kind "label" { name = value, nested {} }`.
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: String,
    pub labels: Vec<String>,
    pub arguments: BTreeMap<String, Argument>,
    pub blocks: Vec<Block>,
    /// Everything inside the block.
    pub content: Argument,
    /// The file that contains the block.
    pub file: String,
    /// A part of the block could not be read.
    pub broken: bool,
}

impl Block {
    pub fn new(kind: &str, labels: Vec<String>, content: Argument) -> Self {
        let (arguments, blocks) = (BTreeMap::new(), Vec::new());
        Self { kind: kind.to_owned(), labels, arguments, blocks, content, file: String::new(), broken: false }
    }

    pub fn label(&self) -> &str {
        self.labels.first().map_or("", String::as_str)
    }
}

/// The value of an argument, not evaluated.
#[derive(Clone, Debug)]
pub enum Argument {
    Native(SourcePiece),
    Json(Json),
}

impl Argument {
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Native(piece) => Some(piece.line),
            Self::Json(_) => None,
        }
    }
}
