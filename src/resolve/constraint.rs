//! A type constraint, from the expression that a `type` argument is.

use std::collections::BTreeMap;

use hcl::Expression;

use super::syntax;
use crate::model::{Attribute, Constraint};

/// What we cannot read is `any`: Terraform will judge.
pub fn constraint(expression: &Expression) -> Constraint {
    match expression {
        // JSON, and the notation of Terraform 0.11: "list(string)", "map".
        Expression::String(text) => match text.as_str() {
            "list" => Constraint::List(Box::new(Constraint::Any)),
            "map" => Constraint::Map(Box::new(Constraint::Any)),
            text => syntax::expression(text)
                .filter(|parsed| !matches!(parsed, Expression::String(_)))
                .map_or(Constraint::Any, |parsed| constraint(&parsed)),
        },
        Expression::Variable(word) => match word.as_str() {
            "string" => Constraint::String,
            "number" => Constraint::Number,
            "bool" => Constraint::Bool,
            "list" => Constraint::List(Box::new(Constraint::Any)),
            "set" => Constraint::Set(Box::new(Constraint::Any)),
            "map" => Constraint::Map(Box::new(Constraint::Any)),
            _ => Constraint::Any,
        },
        Expression::Parenthesis(inner) => constraint(inner),
        Expression::FuncCall(call) => match (call.name.name.as_str(), call.args.as_slice()) {
            ("list", [of]) => Constraint::List(Box::new(constraint(of))),
            ("set", [of]) => Constraint::Set(Box::new(constraint(of))),
            ("map", [of]) => Constraint::Map(Box::new(constraint(of))),
            ("tuple", [Expression::Array(of)]) => Constraint::Tuple(of.iter().map(constraint).collect()),
            ("object", [Expression::Object(attributes)]) => Constraint::Object(object(attributes)),
            _ => Constraint::Any,
        },
        _ => Constraint::Any,
    }
}

fn object(attributes: &hcl::Object<hcl::ObjectKey, Expression>) -> BTreeMap<String, Attribute> {
    attributes
        .iter()
        .map(|(key, value)| {
            let name = key.to_string().trim_matches('"').to_owned();
            let attribute = match value {
                Expression::FuncCall(call) if call.name.name.as_str() == "optional" => Attribute {
                    constraint: call.args.first().map_or(Constraint::Any, constraint),
                    optional: true,
                    default: call.args.get(1).and_then(syntax::constant),
                },
                other => Attribute { constraint: constraint(other), optional: false, default: None },
            };
            (name, attribute)
        })
        .collect()
}
