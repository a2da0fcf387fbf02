//! Reads the blocks of a file in the JSON notation.

use super::block::{Argument, Block};
use super::json::Json;

/// The blocks of a file. The error is the line at which the file stops being valid JSON.
pub fn blocks(text: &[u8]) -> Result<Vec<Block>, usize> {
    let document: Json = serde_json::from_slice(text).map_err(|error| error.line())?;
    let parts = match document {
        Json::List(parts) => parts,
        one => vec![one],
    };
    let mut blocks = Vec::new();
    for part in parts {
        let Json::Map(part) = part else { return Err(1) };
        for (kind, value) in part {
            open(&kind, labels(&kind), &value, &[], &mut blocks);
        }
    }
    Ok(blocks)
}

/// Whether a file is certainly no JSON, also for Terraform, which accepts some texts that serde_json refuses.
pub fn is_surely_wrong(text: &[u8]) -> bool {
    const WRONG: [&str; 7] = [
        "expected `:`",
        "expected `,` or `]`",
        "expected `,` or `}`",
        "expected value",
        "key must be a string",
        "trailing characters",
        "trailing comma",
    ];
    serde_json::from_slice::<Json>(text).is_err_and(|error| {
        let said = error.to_string();
        error.is_eof() || WRONG.iter().any(|wrong| said.starts_with(wrong))
    })
}

/// The number of labels of each kind of block. In JSON, the labels are keys.
fn labels(kind: &str) -> usize {
    match kind {
        "resource" | "data" | "ephemeral" => 2,
        "variable" | "output" | "provider" | "module" | "backend" | "check" => 1,
        _ => 0,
    }
}

fn open(kind: &str, labels: usize, value: &Json, found: &[String], blocks: &mut Vec<Block>) {
    match value {
        Json::List(items) => items.iter().for_each(|item| open(kind, labels, item, found, blocks)),
        Json::Map(map) if found.len() < labels => {
            for (label, value) in map {
                open(kind, labels, value, &[found, std::slice::from_ref(label)].concat(), blocks);
            }
        }
        Json::Map(map) => {
            let mut block = Block::new(kind, found.to_vec(), Argument::Json(value.clone()));
            for (key, value) in map {
                match key.as_str() {
                    "backend" | "cloud" | "encryption" | "required_providers" | "data" => {
                        open(key, self::labels(key), value, &[], &mut block.blocks);
                    }
                    _ => drop(block.arguments.insert(key.clone(), Argument::Json(value.clone()))),
                }
            }
            blocks.push(block);
        }
        _ => {}
    }
}
