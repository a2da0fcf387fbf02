//! Reads a type constraint from a `type` argument.

use std::collections::BTreeMap;

use hcl::{Expression, ObjectKey};

use super::block::Argument;
use super::json::Json;
use super::syntax;
use crate::model::{Attribute, Constraint};

/// None if the constraint cannot be read. A word that is not a type becomes `any`: Terraform will refuse it.
pub fn constraint(argument: &Argument) -> Option<Constraint> {
    match argument {
        Argument::Native(piece) => match syntax::word(piece) {
            Some(word) => Some(named(&word)),
            None => Some(of(&syntax::expression(piece)?)),
        },
        Argument::Json(Json::Text(text)) => Some(of(&syntax::parse(text)?)),
        Argument::Json(_) => None,
    }
}

fn of(expression: &Expression) -> Constraint {
    match expression {
        // The notation of Terraform 0.11: "list(string)", "map".
        Expression::String(text) => syntax::parse(text)
            .filter(|parsed| !matches!(parsed, Expression::String(_)))
            .map_or(Constraint::Any, |parsed| of(&parsed)),
        Expression::Variable(word) => named(word.as_str()),
        Expression::Parenthesis(inner) => of(inner),
        Expression::FuncCall(call) => match (call.name.name.as_str(), call.args.as_slice()) {
            ("list", [of]) => Constraint::List(Box::new(self::of(of))),
            ("set", [of]) => Constraint::Set(Box::new(self::of(of))),
            ("map", [of]) => Constraint::Map(Box::new(self::of(of))),
            ("tuple", [Expression::Array(of)]) => Constraint::Tuple(of.iter().map(self::of).collect()),
            ("object", [Expression::Object(attributes)]) => Constraint::Object(object(attributes)),
            _ => Constraint::Any,
        },
        _ => Constraint::Any,
    }
}

fn named(word: &str) -> Constraint {
    match word {
        "string" => Constraint::String,
        "number" => Constraint::Number,
        "bool" => Constraint::Bool,
        "list" => Constraint::List(Box::new(Constraint::Any)),
        "set" => Constraint::Set(Box::new(Constraint::Any)),
        "map" => Constraint::Map(Box::new(Constraint::Any)),
        _ => Constraint::Any,
    }
}

fn object(attributes: &hcl::Object<ObjectKey, Expression>) -> BTreeMap<String, Attribute> {
    attributes
        .iter()
        .map(|(key, value)| {
            let name = match key {
                ObjectKey::Expression(Expression::String(name)) => name.clone(),
                other => other.to_string(),
            };
            let attribute = match value {
                Expression::FuncCall(call) if call.name.name.as_str() == "optional" => Attribute {
                    constraint: call.args.first().map_or(Constraint::Any, of),
                    optional: true,
                    default: call.args.get(1).and_then(syntax::constant),
                },
                other => Attribute { constraint: of(other), optional: false, default: None },
            };
            (name, attribute)
        })
        .collect()
}
