//! Changes of a state that a person requests: import, move and remove. Terraform has a block for each.

use std::fmt;

/// An address of a resource, of one of its instances, or of a module: `module.m["k"].type.name[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceAddress(String);

impl ResourceAddress {
    /// Accepts only text that can be nothing but an address, because it becomes part of a configuration.
    pub fn new(text: &str) -> Result<Self, String> {
        let refuse =
            || "must be an address, such as aws_instance.web[0] or module.net.aws_vpc.this".to_owned();
        let steps = steps(text).ok_or_else(refuse)?;
        let mut names = steps.iter().map(|(name, _)| *name).peekable();
        while names.next_if_eq(&"module").is_some() {
            names.next().ok_or_else(refuse)?;
        }
        let rest: Vec<_> = names.collect();
        let indexed = |name: &str| steps.iter().any(|(step, index)| *step == name && index.is_some());
        match rest[..] {
            ["data", ..] => Err("is a data source, which a state does not manage".to_owned()),
            [] if !indexed("module") => Ok(Self(text.to_owned())),
            // Only the last name, the name of the resource, may have an index.
            [kind, _] if !indexed("module") && !indexed(kind) => Ok(Self(text.to_owned())),
            _ => Err(refuse()),
        }
    }

    /// Whether this is the address of a resource, not of a module.
    pub fn is_resource(&self) -> bool {
        let steps = steps(&self.0).unwrap_or_default();
        steps.len().checked_sub(2).is_some_and(|at| steps[at].0 != "module")
    }

    /// Whether this is one instance among several, or a resource inside such an instance of a module.
    pub fn has_index(&self) -> bool {
        steps(&self.0).unwrap_or_default().iter().any(|(_, index)| index.is_some())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits an address at dots. Each name comes with the index in brackets after it.
fn steps(text: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !is_name(name) {
            return None;
        }
        let (index, after) = match after.strip_prefix('[') {
            Some(after) => {
                let end = index_end(after)?;
                (Some(&after[..end]), after[end..].strip_prefix(']')?)
            }
            None => (None, after),
        };
        steps.push((name, index));
        rest = match after {
            "" => return Some(steps),
            more => more.strip_prefix('.')?,
        };
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Where an index ends. An index is a number, or a quoted text without template syntax and without escapes.
fn index_end(text: &str) -> Option<usize> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(']')?;
        return (end > 0 && text[..end].bytes().all(|byte| byte.is_ascii_digit())).then_some(end);
    };
    let end = quoted.find('"')?;
    let key = &quoted[..end];
    let plain = !key.contains(['\\', '\n', '\r']) && !key.contains("${") && !key.contains("%{");
    (plain && !key.chars().any(char::is_control)).then_some(end + 2)
}

/// One change of a state that no configuration implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateEdit {
    /// Import the existing resource with this id of its provider.
    Import { address: ResourceAddress, id: String },
    /// Keep the object under another address.
    Move { from: ResourceAddress, to: ResourceAddress },
    /// Remove the object from the state. Destroy it only if `destroy` is set.
    Remove { address: ResourceAddress, destroy: bool },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_accepted_as_addresses() {
        let good = [
            "a.b",
            "aws_instance.web[0]",
            r#"t.n["k y"]"#,
            "module.net",
            r#"module.net["eu"].aws_vpc.this"#,
            "module.a.module.b.t.n[12]",
        ];
        for text in good {
            assert_eq!(ResourceAddress::new(text).map(|one| one.to_string()), Ok(text.to_owned()));
        }
        let bad = [
            "",
            "a",
            "a.b.c",
            "a..b",
            ".a.b",
            "a.b.",
            "a[0].b",
            "a.b[",
            "a.b[x]",
            "a.b[-1]",
            "a.b[0]x",
            "module",
            "module[0].m",
            "data.a.b",
            "module.m.data.a.b",
            "a.b\n}",
            "a.b # c",
            r#"a.b["${x}"]"#,
            r#"a.b["x\"]"#,
            "a.b[\"x\ny\"]",
            "a.b } removed { from = c.d",
            "module.m.a",
            "1a.b",
            "a.b[]",
            r#"a.b["k]"#,
        ];
        for text in bad {
            assert!(ResourceAddress::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_module_is_not_a_resource_and_an_index_is_found_anywhere() {
        let of =
            |text: &str| ResourceAddress::new(text).map(|one| (one.is_resource(), one.has_index())).unwrap();
        assert_eq!(of("a.b"), (true, false));
        assert_eq!(of("module.m"), (false, false));
        assert_eq!(of("module.m[0]"), (false, true));
        assert_eq!(of("module.m.a.b"), (true, false));
        assert_eq!(of("module.m[0].a.b"), (true, true));
        assert_eq!(of("a.b[0]"), (true, true));
    }
}
