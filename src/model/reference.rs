//! References: notations for values that are stored elsewhere.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::vault_path::is_plain_part;
use super::{Name, VaultPath, output_path};

/// `component.output.key[0]`: an output, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputRef {
    pub component: Name,
    pub output: String,
    /// Keys and indices below the output.
    pub path: Vec<String>,
}

/// A value that is stored elsewhere, or a plain value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A plain value, in a place that accepts both values and references.
    Plain(String),
    Env(String),
    File(PathBuf),
    /// One key of the data at a path in Vault.
    Vault {
        path: VaultPath,
        key: String,
    },
    /// `sdb://profile/key`, in Salt's notation.
    Sdb(String),
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.component, self.output)?;
        output_path::write(&self.path, f)
    }
}

/// The notation of the pillar. A plain value is not shown: it may be a secret.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("(value)"),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Vault { path, key } => write!(f, "vault:{path}#{key}"),
            Self::Sdb(uri) => f.write_str(uri),
        }
    }
}

/// `env:NAME`, `file:/path`, `vault:mount/path#key` and `sdb://profile/key` are references. Any other text is a plain
/// value.
///
/// An error never contains the text: it may be a secret in the wrong place.
pub fn reference(text: &str) -> Result<Reference, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return match is_variable_name(name) {
            true => Ok(Reference::Env(name.to_owned())),
            false => Err("env: must be followed by a variable's name".to_owned()),
        };
    }
    if let Some(path) = text.strip_prefix("file:") {
        let path = PathBuf::from(path);
        return match path.is_absolute() {
            true => Ok(Reference::File(path)),
            false => Err("file: must be followed by an absolute path".to_owned()),
        };
    }
    if let Some(rest) = text.strip_prefix("vault:") {
        let whole = rest.split_once('#').filter(|(_, key)| !key.is_empty());
        let (path, key) = whole.ok_or("vault: must be followed by mount/path#key")?;
        let path = VaultPath::new(path).map_err(|reason| format!("vault: {reason}"))?;
        return match key.contains(char::is_control) {
            true => Err("vault: a key must not contain control characters".to_owned()),
            false => Ok(Reference::Vault { path, key: key.to_owned() }),
        };
    }
    if let Some(rest) = text.strip_prefix("sdb://") {
        return match rest.contains('/') && rest.split('/').all(is_plain_part) {
            true => Ok(Reference::Sdb(text.to_owned())),
            false => Err("sdb:// must be followed by profile/key, without empty parts, '..' and control \
                          characters"
                .to_owned()),
        };
    }
    Ok(Reference::Plain(text.to_owned()))
}

/// The prefixes of references.
const SCHEMES: [&str; 4] = ["env:", "file:", "vault:", "sdb://"];

/// The places in a value whose text begins like a reference, each with that prefix. The value itself counts too. An
/// incomplete reference also counts: it was meant as one.
pub fn lookalikes(value: &Value) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, place: String, found: &mut Vec<(String, &'static str)>) {
    match value {
        Value::String(text) => {
            let begins = |scheme: &&&str| text.trim_start().starts_with(**scheme);
            found.extend(SCHEMES.iter().find(begins).map(|scheme| (place, *scheme)));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| collect(item, format!("{place}[{index}]"), found));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| collect(inner, format!("{place}.{key}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether the name is valid as an environment variable of any process.
pub fn is_variable_name(text: &str) -> bool {
    let start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    text.bytes().next().is_some_and(start) && text.bytes().all(|byte| start(byte) || byte.is_ascii_digit())
}

/// Parses `component.output`, with optional keys and indices below it: `networking.subnets[0]`.
pub fn output(text: &str) -> Result<OutputRef, String> {
    let (component, rest) = text.split_once('.').unwrap_or((text, ""));
    let component = Name::new(component).map_err(|reason| format!("{component:?} {reason}"))?;
    if rest.is_empty() {
        return Err(format!("{text:?} does not name an output: write component.output"));
    }
    let (output, path) = output_path::parse(rest).map_err(|reason| format!("{text:?} {reason}"))?;
    Ok(OutputRef { component, output, path })
}
