//! Configuration files, in both of Terraform's notations, as one kind of blocks.

use std::collections::BTreeMap;

use hcl::Expression;
use serde_json::Value;

use super::{Content, ModuleFile, syntax};

/// A block: `kind "label" { name = expression, nested {} }`.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub kind: String,
    pub labels: Vec<String>,
    pub attributes: BTreeMap<String, Expression>,
    pub blocks: Vec<Block>,
    /// The file that it stands in.
    pub file: String,
}

impl Block {
    pub fn label(&self) -> &str {
        self.labels.first().map_or("", String::as_str)
    }
}

/// The blocks of all `.tf` and `.tf.json` files of one folder; override files come last.
pub fn read(files: &[ModuleFile], subdir: &str) -> Result<Vec<Block>, String> {
    let mut here: Vec<_> = in_folder(files, subdir).filter(|(name, _)| is_configuration(name)).collect();
    here.sort_by_key(|(name, _)| (is_override(name), name.to_owned()));
    let mut blocks = Vec::new();
    for (name, file) in here {
        let text = text(file)?;
        let found = match name.ends_with(".json") {
            true => json(&text),
            false => hcl(&text),
        };
        let found = found.map_err(|reason| format!("{}: {reason}", file.path))?;
        blocks.extend(found.into_iter().map(|block| Block { file: file.path.clone(), ..block }));
    }
    Ok(blocks)
}

/// The files directly in a folder, by their names.
pub fn in_folder<'a>(
    files: &'a [ModuleFile],
    subdir: &'a str,
) -> impl Iterator<Item = (&'a str, &'a ModuleFile)> {
    files.iter().filter_map(move |file| {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        (folder == subdir).then_some((name, file))
    })
}

pub fn text(file: &ModuleFile) -> Result<String, String> {
    let bytes = match &file.content {
        Content::Text(text) => return Ok(text.clone()),
        Content::File(path) => std::fs::read(path).map_err(|error| format!("{}: {error}", file.path))?,
    };
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", file.path))
}

/// Terraform, too, leaves hidden files alone.
pub fn is_configuration(name: &str) -> bool {
    !name.starts_with('.') && (name.ends_with(".tf") || name.ends_with(".tf.json"))
}

fn is_override(name: &str) -> bool {
    let stem = name.strip_suffix(".tf.json").or_else(|| name.strip_suffix(".tf")).unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

fn hcl(text: &str) -> Result<Vec<Block>, String> {
    Ok(syntax::body(text)?.into_blocks().map(block).collect())
}

fn block(block: hcl::Block) -> Block {
    let mut found = Block {
        kind: block.identifier.to_string(),
        labels: block.labels.into_iter().map(|label| label.as_str().to_owned()).collect(),
        ..Block::default()
    };
    for structure in block.body {
        match structure {
            hcl::Structure::Attribute(attribute) => {
                found.attributes.insert(attribute.key.to_string(), attribute.expr);
            }
            hcl::Structure::Block(nested) => found.blocks.push(self::block(nested)),
        }
    }
    found
}

/// How many labels a block of each kind has; in JSON they are keys.
fn labels(kind: &str) -> usize {
    match kind {
        "resource" | "data" | "ephemeral" => 2,
        "variable" | "output" | "provider" | "module" | "backend" | "check" => 1,
        _ => 0,
    }
}

fn json(text: &str) -> Result<Vec<Block>, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("a syntax error: {error}"))?;
    let parts = match document {
        Value::Array(parts) => parts,
        one => vec![one],
    };
    let mut blocks = Vec::new();
    for part in parts {
        let Value::Object(part) = part else {
            return Err("is no JSON object, and no list of them".to_owned());
        };
        for (kind, value) in part {
            open(&kind, labels(&kind), &value, Vec::new(), &mut blocks);
        }
    }
    Ok(blocks)
}

fn open(kind: &str, labels: usize, value: &Value, found: Vec<String>, blocks: &mut Vec<Block>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| open(kind, labels, item, found.clone(), blocks)),
        Value::Object(map) if found.len() < labels => {
            for (label, value) in map {
                open(kind, labels, value, [found.as_slice(), std::slice::from_ref(label)].concat(), blocks);
            }
        }
        Value::Object(map) => {
            let mut block = Block { kind: kind.to_owned(), labels: found, ..Block::default() };
            for (key, value) in map {
                match key.as_str() {
                    "backend" | "cloud" | "required_providers" | "data" => {
                        open(key, self::labels(key), value, Vec::new(), &mut block.blocks);
                    }
                    _ => drop(block.attributes.insert(key.clone(), expression(value))),
                }
            }
            blocks.push(block);
        }
        _ => {}
    }
}

fn expression(value: &Value) -> Expression {
    match value {
        Value::Null => Expression::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number.as_f64().map_or(Expression::Null, Into::into),
        Value::String(text) => Expression::String(text.clone()),
        Value::Array(items) => Expression::Array(items.iter().map(expression).collect()),
        Value::Object(map) => Expression::Object(
            map.iter()
                .map(|(key, value)| (hcl::ObjectKey::Expression(key.as_str().into()), expression(value)))
                .collect(),
        ),
    }
}
