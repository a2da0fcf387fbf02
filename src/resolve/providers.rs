//! Finds the providers that a module uses. The built-in provider needs no init.

use std::collections::BTreeSet;

use hcl::{Expression, ObjectKey};

use super::block::{Argument, Block};
use super::json::Json;
use super::lexer::TokenKind;
use super::syntax;

/// Terraform's own provider, for `terraform_data` and `terraform_remote_state`.
const BUILT_IN: &str = "terraform";
const BUILT_IN_SOURCE: &str = "terraform.io/builtin/terraform";

/// The local names, without the built-in provider under any local name.
pub fn providers(blocks: &[Block]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut built_in = BTreeSet::from([BUILT_IN.to_owned()]);
    for block in blocks {
        match block.kind.as_str() {
            "provider" => drop(found.insert(block.label().to_owned())),
            "resource" | "data" | "ephemeral" => drop(found.insert(of_resource(block))),
            // A check may contain data blocks.
            "check" => found.extend(block.blocks.iter().filter(|one| one.kind == "data").map(of_resource)),
            "terraform" => {
                let required = block.blocks.iter().filter(|nested| nested.kind == "required_providers");
                for (name, entry) in required.flat_map(|nested| &nested.arguments) {
                    let names = if is_built_in(entry) { &mut built_in } else { &mut found };
                    names.insert(name.clone());
                }
            }
            _ => {}
        }
    }
    found.difference(&built_in).cloned().collect()
}

/// The provider in `provider = aws.west`, or else the first word of the type.
fn of_resource(block: &Block) -> String {
    let word = |text: &str, end: char| text.split(end).next().unwrap_or_default().trim().to_owned();
    match block.arguments.get("provider").and_then(reference) {
        Some(named) => word(&named, '.'),
        None => word(block.label(), '_'),
    }
}

/// The text of a reference. It may be quoted.
fn reference(argument: &Argument) -> Option<String> {
    match argument {
        Argument::Json(Json::Text(text)) => Some(text.clone()),
        Argument::Json(_) => None,
        Argument::Native(piece) => syntax::literal(piece).or_else(|| {
            let first = piece.tokens().into_iter().find(|token| token.kind == TokenKind::Word)?;
            Some(String::from_utf8_lossy(&piece.text()[first.start..first.end]).into_owned())
        }),
    }
}

fn is_built_in(entry: &Argument) -> bool {
    let source = match entry {
        Argument::Json(Json::Map(entry)) => entry.iter().find_map(|(key, value)| match value {
            Json::Text(source) if key == "source" => Some(source.clone()),
            _ => None,
        }),
        Argument::Json(_) => None,
        Argument::Native(piece) => syntax::expression(piece).and_then(source),
    };
    source.is_some_and(|source| source == BUILT_IN_SOURCE)
}

fn source(entry: Expression) -> Option<String> {
    let Expression::Object(entry) = entry else { return None };
    entry.into_iter().find_map(|(key, value)| match (key, value) {
        (ObjectKey::Identifier(key), Expression::String(source)) if key.as_str() == "source" => Some(source),
        (ObjectKey::Expression(Expression::String(key)), Expression::String(source)) if key == "source" => {
            Some(source)
        }
        _ => None,
    })
}
