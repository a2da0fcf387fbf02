//! The two notations for values that stand elsewhere.

use std::path::PathBuf;

use super::{Name, OutputRef, Reference};

/// `vault:mount/path#key`, `env:NAME`, `file:/path`, `sdb://profile/key`; anything else is a plain text.
///
/// A message never holds the text: it may be a secret that was put in the wrong place.
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
    for (prefix, what) in [("vault:", "references to Vault"), ("sdb://", "references to Salt's sdb")] {
        if text.starts_with(prefix) {
            return Err(format!("not yet: {what}; env:NAME and file:/path work"));
        }
    }
    Ok(Reference::Plain(text.to_owned()))
}

/// What can be set in any process's environment.
pub fn is_variable_name(text: &str) -> bool {
    let start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    text.bytes().next().is_some_and(start) && text.bytes().all(|byte| start(byte) || byte.is_ascii_digit())
}

/// `component.output`, and keys and indices below it: `networking.subnets.0`.
pub fn output(text: &str) -> Result<OutputRef, String> {
    let mut parts = text.split('.');
    let component = parts.next().unwrap_or_default();
    let component = Name::new(component).map_err(|reason| format!("{component:?} {reason}"))?;
    let output = parts.next().filter(|output| !output.is_empty());
    let output = output.ok_or_else(|| format!("{text:?} names no output: write component.output"))?;
    let path: Vec<_> = parts.map(str::to_owned).collect();
    match path.iter().any(String::is_empty) {
        true => Err(format!("{text:?} has an empty part")),
        false => Ok(OutputRef { component, output: output.to_owned(), path }),
    }
}
