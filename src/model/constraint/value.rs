//! Values with the types that Terraform gives them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::types::{Constraint, object};

/// A value with its type. JSON yields only untyped nulls, primitives, tuples and objects.
#[derive(Clone, Debug)]
pub(super) enum Typed<'a> {
    Null(Constraint),
    Bool(bool),
    /// The text of the number as it was written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Tuple(Vec<Typed<'a>>),
    Object(BTreeMap<String, Typed<'a>>),
    List(Constraint, Vec<Typed<'a>>),
    Set(Constraint, Vec<Typed<'a>>),
    Map(Constraint, BTreeMap<String, Typed<'a>>),
}

impl<'a> Typed<'a> {
    pub fn from_json(value: &'a serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null(Constraint::Any),
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.as_str().into()),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::Tuple(items.iter().map(Self::from_json).collect()),
            Value::Object(entries) => Self::Object(
                entries.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect(),
            ),
        }
    }

    pub fn kind(&self) -> Constraint {
        match self {
            Self::Null(of) => of.clone(),
            Self::Bool(_) => Constraint::Bool,
            Self::Number(_) => Constraint::Number,
            Self::Text(_) => Constraint::String,
            Self::Tuple(items) => Constraint::Tuple(items.iter().map(Self::kind).collect()),
            Self::Object(entries) => {
                object(entries.iter().map(|(key, value)| (key.clone(), value.kind())).collect())
            }
            Self::List(of, _) => Constraint::List(Box::new(of.clone())),
            Self::Set(of, _) => Constraint::Set(Box::new(of.clone())),
            Self::Map(of, _) => Constraint::Map(Box::new(of.clone())),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// What messages call a value of this type.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null(_) => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Tuple(_) | Self::List(..) | Self::Set(..) => "a list",
            Self::Object(_) | Self::Map(..) => "a mapping",
        }
    }
}
