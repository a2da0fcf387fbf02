//! Reads blocks of a job by their tables.

mod checks;
mod rules;
mod table;
pub(super) mod tables;

pub(super) use checks::{exposed, http_check, in_main_task};
pub(super) use rules::check;
use table::{Key, Kind, Table};

use super::files::Files;
use super::registered;
use super::values::{no_references, scalar, some_text, url_path};
use crate::model::address;
use crate::model::read::fields::{Fields, entries, mapping};
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::service::{BlockBody, JobBlock, Setting};

/// Reads these keys of a mapping. Other keys are left.
pub(super) fn body(fields: &mut Fields<'_>, keys: &'static [Key], files: &mut Files) -> BlockBody {
    let problems = fields.problems;
    let mut found = BlockBody::default();
    for key in keys {
        let Some(tree) = fields.take(key.name) else { continue };
        if !matches!(key.kind, Kind::Block(_) | Kind::Blocks(_)) {
            no_references(&tree, problems);
        }
        match &key.kind {
            Kind::Block(table) => found.blocks.extend(block(tree, table, files, problems)),
            Kind::Blocks(table) => found.blocks.extend(blocks(tree, table, files, problems)),
            Kind::Targets(kind, value) => found.blocks.extend(targets(tree, kind, value, problems)),
            Kind::Source => match files.source(&tree) {
                Ok(setting) => found.settings.push(setting),
                Err(message) => problems.add(&tree.path, message),
            },
            Kind::Map => {
                let map = mapping(tree, problems, |name, tree| free_name(name).and_then(|()| scalar(tree)));
                found.settings.push((key.nomad, Setting::Map(map)));
            }
            Kind::Lists => {
                let lists = mapping(tree, problems, |name, tree| free_name(name).and_then(|()| texts(tree)));
                found.settings.push((key.nomad, Setting::Lists(lists)));
            }
            kind => match setting(kind, &tree) {
                Ok(setting) => found.settings.push((key.nomad, setting)),
                Err(message) => problems.add(&tree.path, message),
            },
        }
    }
    found
}

pub(super) fn block(
    tree: Tree,
    table: &'static Table,
    files: &mut Files,
    problems: &Problems,
) -> Option<JobBlock> {
    let mut fields = Fields::open(tree, problems);
    for name in table.required {
        if fields.place(name).is_none() {
            problems.add(&fields.path.child(name), "is missing");
        }
    }
    let (path, known) = (fields.path.clone(), problems.count());
    let mut body = body(&mut fields, table.keys, files);
    fields.close();
    // What could not be read is not missing.
    if problems.count() == known {
        rules::block(table.kind, &body, &path, problems);
    }
    if table.kind == tables::CHECK.kind {
        checks::complete(&mut body);
    }
    Some(JobBlock { kind: table.kind, label: None, body, place: path })
}

/// A list of mappings, or one mapping.
pub(super) fn blocks(
    tree: Tree,
    table: &'static Table,
    files: &mut Files,
    problems: &Problems,
) -> Vec<JobBlock> {
    let items = match tree.kind {
        TreeKind::List(items) => items,
        _ => vec![tree],
    };
    items.into_iter().filter_map(|item| block(item, table, files, problems)).collect()
}

fn targets(tree: Tree, kind: &'static str, value: &'static str, problems: &Problems) -> Vec<JobBlock> {
    let block = |(label, tree): (String, Tree)| {
        let number = number(&tree, 0, 100).map_err(|message| problems.add(&tree.path, message)).ok()?;
        let body = BlockBody { settings: vec![(value, Setting::Number(number))], blocks: Vec::new() };
        Some(JobBlock { kind, label: Some(label), body, place: tree.path })
    };
    entries(tree, problems).into_iter().filter_map(block).collect()
}

fn setting(kind: &Kind, tree: &Tree) -> Result<Setting, String> {
    Ok(match kind {
        Kind::Flag => Setting::Flag(scalars::flag(tree)?),
        Kind::Number(least, most) => Setting::Number(number(tree, *least, *most)?),
        Kind::Time => Setting::Time(scalars::duration(tree)?),
        Kind::Limit => Setting::Time(scalars::limit(tree)?),
        Kind::Label => Setting::Text(scalars::label(tree)?),
        Kind::NamePattern => Setting::Text(registered::pattern(tree)?),
        Kind::UrlPath => Setting::Text(url_path(tree)?),
        Kind::Word(words) => match words.iter().find(|word| tree.text() == Some(word)) {
            Some(word) => Setting::Text((*word).to_owned()),
            None => return Err(format!("must be one of: {}", words.join(", "))),
        },
        Kind::Texts => Setting::Texts(texts(tree)?),
        Kind::Perms => match tree.text() {
            Some(text)
                if (3..=4).contains(&text.len()) && text.bytes().all(|one| (b'0'..b'8').contains(&one)) =>
            {
                Setting::Text(text.to_owned())
            }
            _ => return Err("must be a quoted text of 3 or 4 octal digits, such as \"0640\"".to_owned()),
        },
        Kind::Port => Setting::Text(match tree.text() {
            Some(_) => scalars::label(tree)?,
            None => address::port(&tree.to_value())?.to_string(),
        }),
        _ => Setting::Text(match &tree.kind {
            TreeKind::Leaf(serde_json::Value::String(text)) if text.is_empty() => some_text(tree)?,
            _ => scalar(tree)?,
        }),
    })
}

fn number(tree: &Tree, least: i64, most: i64) -> Result<i64, String> {
    let number = match &tree.kind {
        TreeKind::Leaf(serde_json::Value::Number(number)) => number.as_i64(),
        _ => None,
    };
    let wrong = || match most {
        table::MANY => format!("must be an integer of at least {least}"),
        _ => format!("must be an integer from {least} to {most}"),
    };
    number.filter(|number| (least..=most).contains(number)).ok_or_else(wrong)
}

/// A name that Nomad only passes on, such as that of a header.
fn free_name(name: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match !name.is_empty() && name.bytes().all(good) {
        true => Ok(()),
        false => Err("must consist of letters, digits, '-', '_' and '.'".to_owned()),
    }
}

/// A list of texts and integers. One of them counts as a list of one.
fn texts(tree: &Tree) -> Result<Vec<String>, String> {
    match &tree.kind {
        TreeKind::List(items) => items.iter().map(scalar).collect(),
        _ => scalar(tree).map(|one| vec![one]),
    }
    .map_err(|message| format!("must be a list of texts: an item {message}"))
}
