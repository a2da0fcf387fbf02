//! Terraform's verdict on a value, before Terraform sees it.
//!
//! Follows the conversions of Terraform's type system (cty) for a value from a JSON variables file.

use serde_json::Value;

use super::interface::Constraint;

impl Constraint {
    /// Whether Terraform would take this value. The message says where inside, never the value itself.
    pub fn accepts(&self, value: &Value) -> Result<(), String> {
        self.check(value, "")
    }

    fn check(&self, value: &Value, at: &str) -> Result<(), String> {
        let refuse = |needed: &str| Err(describe(at, needed, value));
        match (self, value) {
            (_, Value::Null) | (Self::Any, _) => Ok(()),
            (Self::String, Value::String(_) | Value::Number(_) | Value::Bool(_)) => Ok(()),
            (Self::String, _) => refuse("a text"),
            (Self::Number, Value::Number(_)) => Ok(()),
            (Self::Number, Value::String(text)) if is_number(text) => Ok(()),
            (Self::Number, _) => refuse("a number"),
            (Self::Bool, Value::Bool(_)) => Ok(()),
            (Self::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false" | "1" | "0") => {
                Ok(())
            }
            (Self::Bool, _) => refuse("true or false"),
            (Self::List(of) | Self::Set(of), Value::Array(items)) => {
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, item)| of.check(item, &format!("{at}[{index}]")))?;
                of.unify(items.iter(), at)
            }
            (Self::List(_) | Self::Set(_), _) => refuse("a list"),
            (Self::Map(of), Value::Object(map)) => {
                map.iter().try_for_each(|(key, item)| of.check(item, &format!("{at}.{key}")))?;
                of.unify(map.values(), at)
            }
            (Self::Map(_), _) => refuse("a mapping"),
            (Self::Tuple(of), Value::Array(items)) if of.len() == items.len() => of
                .iter()
                .zip(items)
                .enumerate()
                .try_for_each(|(index, (of, item))| of.check(item, &format!("{at}[{index}]"))),
            (Self::Tuple(of), _) => refuse(&format!("a list of exactly {}", of.len())),
            (Self::Object(attributes), Value::Object(map)) => {
                attributes.iter().try_for_each(|(name, attribute)| match map.get(name) {
                    Some(value) => attribute.constraint.check(value, &format!("{at}.{name}")),
                    None if attribute.optional => Ok(()),
                    None => Err(format!("{}the attribute {name:?} is missing", prefix(at))),
                })
            }
            (Self::Object(_), _) => refuse("a mapping"),
        }
    }

    /// The elements of a collection of `any` have to become of one type.
    fn unify<'a>(&self, items: impl Iterator<Item = &'a Value>, at: &str) -> Result<(), String> {
        if *self != Self::Any {
            return Ok(());
        }
        let kinds: std::collections::BTreeSet<_> = items.filter_map(kind).collect();
        let simple = kinds.iter().all(|kind| *kind == "simple");
        match kinds.len() <= 1 || simple {
            true => Ok(()),
            false => Err(format!("{}all elements have to be of one type", prefix(at))),
        }
    }
}

fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some("simple"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("mapping"),
    }
}

/// What cty parses as a number: decimal digits with a fraction and an exponent, a sign before it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((digits, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.is_none_or(|part| {
        let part = part.strip_prefix(['-', '+']).unwrap_or(part);
        !part.is_empty() && numeric(part)
    });
    !(whole.is_empty() && fraction.is_empty()) && numeric(whole) && numeric(fraction) && exponent
}

fn describe(at: &str, needed: &str, value: &Value) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    format!("{}{needed} is needed, not {found}", prefix(at))
}

fn prefix(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{at}: ") }
}
