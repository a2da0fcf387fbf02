//! Type constraints as types: what stays of them, how they compare, and whether one becomes another.

use std::collections::BTreeMap;

use super::unify::unify;
use crate::model::{Attribute, Constraint};

/// Whether a conversion may fail on a value (text to number) or lose something (list to set).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Safe,
    Unsafe,
}

impl Constraint {
    /// Without the defaults of optional attributes, which are no part of a type.
    pub(super) fn shape(&self) -> Self {
        self.rebuilt(&|attribute| Attribute {
            constraint: attribute.constraint.shape(),
            optional: attribute.optional,
            default: None,
        })
    }

    /// Without optional attributes, as the types of values are.
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

    /// This type with its `any` replaced by what a value of the other type, of the same kind, has there.
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

    fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }
}

/// An attribute of a value: always there.
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

/// Whether some value of the one type converts to the other.
pub(super) fn converts(from: &Constraint, to: &Constraint, mode: Mode) -> bool {
    use Constraint::*;
    let fits = |from: &Constraint, to: &Constraint| from == to || converts(from, to, mode);
    match (from, to) {
        (_, Any) => true,
        (Any, _) => mode == Mode::Unsafe,
        (Number | Bool, String) => true,
        (String, Number | Bool) => mode == Mode::Unsafe,
        (from, to) if from.is_primitive() && to.is_primitive() => from == to,
        (Object(from), Object(to)) => to.iter().all(|(name, wanted)| match from.get(name) {
            Some(given) => fits(&given.constraint, &wanted.constraint),
            None => wanted.optional,
        }),
        (Tuple(from), Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| fits(from, to))
        }
        (List(from) | Set(from), List(to)) | (Set(from), Set(to)) | (Map(from), Map(to)) => fits(from, to),
        (List(from), Set(to)) => mode == Mode::Unsafe && fits(from, to),
        (Tuple(from), List(to) | Set(to)) => {
            from.is_empty()
                || common(from, to, mode)
                    .filter(|common| sequence_may_hold(common, from))
                    .is_some_and(|to| from.iter().all(|from| fits(from, &to)))
        }
        (Object(from), Map(to)) => {
            let from: Vec<_> = from.values().map(|a| a.constraint.clone()).collect();
            from.is_empty()
                || common(&from, to, mode).is_some_and(|to| from.iter().all(|from| fits(from, &to)))
        }
        (Map(from), Object(to)) => {
            mode == Mode::Unsafe
                && to.values().all(|wanted| wanted.optional || fits(from, &wanted.constraint))
        }
        _ => false,
    }
}

/// The type that all elements take: the one asked for, or one for all of them where any will do.
fn common(from: &[Constraint], to: &Constraint, mode: Mode) -> Option<Constraint> {
    match to {
        Constraint::Any => unify(from.iter().cloned(), mode),
        known => Some(known.clone()),
    }
}

/// A list or set of undetermined type holds nothing but untyped nulls.
pub(super) fn sequence_may_hold(common: &Constraint, from: &[Constraint]) -> bool {
    *common != Constraint::Any || from.iter().all(|one| *one == Constraint::Any)
}
