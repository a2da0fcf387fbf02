//! Reads configuration files in both of Terraform's notations into blocks of one form.

use std::borrow::Cow;

use super::block::{Argument, Block};
use super::body::{self, NestedBlock};
use super::dialect;
use super::json_blocks;
use super::module::{Content, ModuleFile};

/// Where an unreadable part begins. The line is not always known.
#[derive(Clone, Debug)]
pub struct UnreadPart {
    pub file: String,
    pub line: Option<usize>,
}

#[derive(Debug, Default)]
pub struct Document {
    pub blocks: Vec<Block>,
    pub unread: Vec<UnreadPart>,
}

/// The blocks of all configuration files in one folder. Override files come last.
pub fn read(files: &[ModuleFile], subdir: &str) -> Result<Document, String> {
    let mut here: Vec<_> = in_folder(files, subdir).filter(|(_, file)| file.is_configuration).collect();
    here.sort_by_key(|(name, _)| (is_override(name), name.to_owned()));
    let mut document = Document::default();
    for (name, file) in here {
        let text = bytes(file)?;
        let (blocks, lines) = match name.ends_with(".json") {
            true => json_blocks::blocks(&text)
                .map_or_else(|line| (Vec::new(), vec![line]), |found| (found, Vec::new())),
            false => native(&text),
        };
        document.blocks.extend(blocks.into_iter().map(|block| Block { file: file.path.clone(), ..block }));
        let unread = lines.into_iter().map(|line| UnreadPart { file: file.path.clone(), line: Some(line) });
        document.unread.extend(unread);
    }
    Ok(document)
}

/// The files directly in a folder, with their names.
pub fn in_folder<'a>(
    files: &'a [ModuleFile],
    subdir: &'a str,
) -> impl Iterator<Item = (&'a str, &'a ModuleFile)> {
    files.iter().filter_map(move |file| {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        (folder == subdir).then_some((name, file))
    })
}

/// Whether a folder has override files.
pub fn has_overrides(files: &[ModuleFile], subdir: &str) -> bool {
    in_folder(files, subdir).any(|(name, file)| file.is_configuration && is_override(name))
}

/// `main.tf, line 3`
pub fn place(file: &str, line: Option<usize>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}, line {line}"))
}

pub fn bytes(file: &ModuleFile) -> Result<Cow<'_, [u8]>, String> {
    match &file.content {
        Content::Text(text) => Ok(Cow::Borrowed(text.as_bytes())),
        Content::File(path) => match std::fs::read(path) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(format!("{}: {error}", file.path)),
        },
    }
}

fn is_override(name: &str) -> bool {
    let stem = dialect::stem(name).unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

fn native(text: &[u8]) -> (Vec<Block>, Vec<usize>) {
    let (body, lines) = body::read(text);
    (body.blocks.into_iter().map(block).collect(), lines)
}

fn block(nested: NestedBlock) -> Block {
    let NestedBlock { kind, labels, body, piece, broken } = nested;
    let arguments = body.arguments.into_iter().map(|(name, piece)| (name, Argument::Native(piece)));
    Block {
        arguments: arguments.collect(),
        blocks: body.blocks.into_iter().map(block).collect(),
        broken,
        ..Block::new(&kind, labels, Argument::Native(piece))
    }
}
