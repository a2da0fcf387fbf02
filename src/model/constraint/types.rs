//! Type constraints as Rust types, and operations on them.

use std::collections::BTreeMap;

use serde_json::Value;

/// Terraform's type constraints.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    Any,
    String,
    Number,
    Bool,
    List(Box<Constraint>),
    Set(Box<Constraint>),
    Map(Box<Constraint>),
    Tuple(Vec<Constraint>),
    Object(BTreeMap<String, Attribute>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub constraint: Constraint,
    pub optional: bool,
    /// The default of `optional(type, default)`. It influences which type the elements of `any` get.
    pub default: Option<Value>,
}

impl Constraint {
    /// The constraint without the defaults of optional attributes: a default is not part of a type.
    pub(super) fn shape(&self) -> Self {
        self.rebuilt(&|attribute| Attribute {
            constraint: attribute.constraint.shape(),
            optional: attribute.optional,
            default: None,
        })
    }

    /// The constraint without optional attributes: the type of a value has none.
    pub(super) fn exact(&self) -> Self {
        self.rebuilt(&|attribute| plain(attribute.constraint.exact()))
    }

    fn rebuilt(&self, attribute: &impl Fn(&Attribute) -> Attribute) -> Self {
        let inner = |of: &Self| Box::new(of.rebuilt(attribute));
        match self {
            Self::Any | Self::String | Self::Number | Self::Bool => self.clone(),
            Self::List(of) => Self::List(inner(of)),
            Self::Set(of) => Self::Set(inner(of)),
            Self::Map(of) => Self::Map(inner(of)),
            Self::Tuple(items) => Self::Tuple(items.iter().map(|item| item.rebuilt(attribute)).collect()),
            Self::Object(attributes) => {
                Self::Object(attributes.iter().map(|(name, of)| (name.clone(), attribute(of))).collect())
            }
        }
    }

    /// This type with each `any` replaced by the type that `by` has at the same place. Both types are of the same kind.
    pub(super) fn settled(&self, by: &Self) -> Self {
        match (self, by) {
            (_, Self::Any) => self.clone(),
            (Self::Any, _) => by.clone(),
            (Self::List(of), Self::List(by) | Self::Set(by)) => Self::List(Box::new(of.settled(by))),
            (Self::Set(of), Self::List(by) | Self::Set(by)) => Self::Set(Box::new(of.settled(by))),
            (Self::Map(of), Self::Map(by)) => Self::Map(Box::new(of.settled(by))),
            (Self::Tuple(items), Self::Tuple(by)) => {
                Self::Tuple(items.iter().zip(by).map(|(item, by)| item.settled(by)).collect())
            }
            (Self::Object(attributes), Self::Object(by)) => {
                let settled = |(name, of): (&String, &Attribute)| {
                    let by = by.get(name).map_or(&Self::Any, |one| &one.constraint);
                    (name.clone(), of.constraint.settled(by))
                };
                object(attributes.iter().map(settled).collect())
            }
            _ => self.clone(),
        }
    }

    pub(super) fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }
}

/// An attribute of a value. It is always present.
pub(super) fn plain(constraint: Constraint) -> Attribute {
    Attribute { constraint, optional: false, default: None }
}

pub(super) fn object(attributes: BTreeMap<String, Constraint>) -> Constraint {
    Constraint::Object(attributes.into_iter().map(|(k, v)| (k, plain(v))).collect())
}

/// Each type once, in the order of first appearance.
pub(super) fn distinct(types: impl IntoIterator<Item = Constraint>) -> Vec<Constraint> {
    let mut seen = Vec::new();
    for one in types {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
