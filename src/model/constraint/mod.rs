//! Decides whether Terraform accepts a value for a variable. It follows the conversions of Terraform's type system
//! (cty), from a JSON value to a type constraint. So a wrong type is reported before anything runs.

mod alteration;
mod convert;
mod defaults;
mod generality;
mod mismatch;
mod types;
mod unify;
mod value;

pub use alteration::{Alteration, Change};
pub use types::{Attribute, Constraint};
use value::Typed;

impl Constraint {
    /// Whether Terraform can convert this value from a JSON tfvars file to this constraint, and what it changes then.
    ///
    /// `null` is accepted here: `nullable` and `has_default` decide whether it is allowed. The reason begins with the
    /// place inside the value, unless the whole value is wrong. It contains keys, but never another part of the value:
    /// `.ports[0].name: a number is needed, not a text`.
    ///
    /// Source: go-cty's `convert` and HCL's `typeexpr`, as Terraform 1.11 uses them.
    pub fn accepts(&self, value: &serde_json::Value) -> Result<Vec<Alteration>, String> {
        if *self == Self::Any {
            return Ok(Vec::new());
        }
        let given = defaults::fill(self, Typed::from_json(value));
        match convert::convert(given, &self.shape()) {
            Ok(arrived) => Ok(alteration::alterations(value, &arrived)),
            Err(mismatch) => Err(mismatch.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::types::plain;
    use super::*;

    fn ports() -> Constraint {
        let port = BTreeMap::from([
            ("name".to_owned(), plain(Constraint::String)),
            ("number".to_owned(), plain(Constraint::Number)),
        ]);
        let ports = Constraint::List(Box::new(Constraint::Object(port)));
        Constraint::Object(BTreeMap::from([("ports".to_owned(), plain(ports))]))
    }

    #[test]
    fn a_refusal_names_the_path_and_both_types() {
        let said = |value| ports().accepts(&value).unwrap_err();
        assert_eq!(
            said(json!({ "ports": [{ "name": "a", "number": "http" }] })),
            ".ports[0].number: must be a number, not a text"
        );
        assert_eq!(
            said(json!({ "ports": [{ "name": "a" }] })),
            ".ports[0]: the attribute 'number' is missing"
        );
        assert_eq!(said(json!([])), "must be a mapping, not a list");
    }

    #[test]
    fn a_refusal_never_contains_the_value() {
        for constraint in
            [Constraint::Number, Constraint::Bool, Constraint::Map(Box::new(Constraint::Number))]
        {
            for value in [json!("hunter2"), json!({ "key": "hunter2" }), json!(["hunter2"])] {
                assert!(!constraint.accepts(&value).unwrap_err().contains("hunter2"), "{constraint:?}");
            }
        }
    }

    #[test]
    fn a_key_that_is_not_a_word_is_quoted_in_the_path() {
        let map = Constraint::Map(Box::new(Constraint::Number));
        assert_eq!(
            map.accepts(&json!({ "a\nb": "x" })).unwrap_err(),
            "[\"a\\nb\"]: must be a number, not a text"
        );
    }

    #[test]
    fn one_different_element_is_found_in_a_long_list_of_any() {
        let list = Constraint::List(Box::new(Constraint::Any));
        let mut items = vec![json!({ "a": 1, "b": [true, "x"] }); 20_000];
        assert_eq!(list.accepts(&json!(items)), Ok(Vec::new()));
        items.push(json!([]));
        assert!(list.accepts(&json!(items)).is_err());
    }
}
