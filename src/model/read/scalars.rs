//! Reads single values of the pillar. Each error message is written to follow the path.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::tree::{Tree, TreeKind};
use crate::model::reference::reference;
use crate::model::{Price, Reference};

pub(super) fn text(tree: &Tree) -> Result<String, String> {
    tree.text().map(str::to_owned).ok_or_else(|| "must be a text".to_owned())
}

pub(super) fn flag(tree: &Tree) -> Result<bool, String> {
    match tree.kind {
        TreeKind::Leaf(Value::Bool(flag)) => Ok(flag),
        _ => Err("must be true or false".to_owned()),
    }
}

pub(super) fn count(tree: &Tree) -> Result<u64, String> {
    match &tree.kind {
        TreeKind::Leaf(Value::Number(number)) => number.as_u64(),
        _ => None,
    }
    .ok_or_else(|| "must be an integer, not negative".to_owned())
}

pub(super) fn positive(tree: &Tree) -> Result<std::num::NonZeroUsize, String> {
    let number = count(tree).ok().and_then(|number| std::num::NonZeroUsize::new(number as usize));
    number.ok_or_else(|| "must be a positive integer".to_owned())
}

/// An amount of money for a month.
pub(super) fn price(tree: &Tree) -> Result<Price, String> {
    match &tree.kind {
        TreeKind::Leaf(Value::Number(number)) => Price::parse(&number.to_string()),
        _ => None,
    }
    .ok_or_else(|| "must be a number, not negative, with at most 6 decimals, such as 4.5".to_owned())
}

/// A longer duration may overflow when it is added to a point in time.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Seconds, or a text such as `500ms`, `5m`, `1h30m`. At most a year.
pub(super) fn duration(tree: &Tree) -> Result<Duration, String> {
    let read = match &tree.kind {
        TreeKind::Leaf(Value::Number(number)) => number.as_u64().map(Duration::from_secs),
        TreeKind::Leaf(Value::String(text)) => humantime::parse_duration(text).ok(),
        _ => None,
    };
    match read {
        Some(long) if long > LONGEST => Err("must be at most one year".to_owned()),
        Some(duration) => Ok(duration),
        None => {
            Err("must be a duration: a number of seconds, or a text such as \"500ms\", \"5m\", \"1h30m\""
                .to_owned())
        }
    }
}

/// A duration greater than zero.
pub(super) fn limit(tree: &Tree) -> Result<Duration, String> {
    match duration(tree)? {
        Duration::ZERO => Err("must be more than zero".to_owned()),
        some => Ok(some),
    }
}

/// A list of texts. A single text counts as a list of one.
pub(super) fn texts(tree: &Tree) -> Result<Vec<String>, String> {
    match &tree.kind {
        TreeKind::List(items) => {
            items.iter().map(text).collect::<Result<_, _>>().map_err(|_| "must be a list of texts".to_owned())
        }
        _ => text(tree).map(|one| vec![one]).map_err(|_| "must be a list of texts".to_owned()),
    }
}

pub(super) fn absolute(tree: &Tree) -> Result<PathBuf, String> {
    match text(tree)? {
        text if text.contains('\0') => Err("must not contain a NUL".to_owned()),
        text if text.starts_with('/') => Ok(text.into()),
        text if begins_with_a_home(&text) => Err(NO_HOME.to_owned()),
        _ => Err("must be an absolute path".to_owned()),
    }
}

/// The run may have another user, and so another home, than the person who wrote the path.
pub(super) const NO_HOME: &str =
    "must be an absolute path: ~ is not replaced by a home folder, so write that folder in full";

pub(super) fn begins_with_a_home(path: &str) -> bool {
    path.starts_with('~')
}

/// A name in Nomad: a region, a namespace or a datacenter.
pub(super) fn label(tree: &Tree) -> Result<String, String> {
    let text = text(tree)?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    match (1..=128).contains(&text.len()) && text.bytes().all(good) {
        true => Ok(text),
        false => Err("must be up to 128 letters, digits, '-', '_' and '.'".to_owned()),
    }
}

pub(super) fn token(tree: &Tree) -> Result<Reference, String> {
    match reference(&text(tree)?)? {
        Reference::Plain(_) => {
            Err("must be a reference, env:NAME or file:/path, not the token itself".to_owned())
        }
        reference => Ok(reference),
    }
}

pub(super) fn prefix(tree: &Tree) -> Result<String, String> {
    let text = text(tree)?;
    let good = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && ![".", ".."].contains(&part)
    };
    match text.split('/').all(good) {
        true => Ok(text),
        false => {
            Err("must be names of letters, digits, '.', '_' and '-', separated by single slashes".to_owned())
        }
    }
}
