//! What Terraform changes in a value that it accepts. Compares the value with the result of its conversion.

use serde_json::Value;

use super::mismatch::{index, key};
use super::value::Typed;
use crate::model::hint;
use crate::model::unquoted::Unquoted;

/// One place in an accepted value that does not arrive as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Alteration {
    /// Inside the value, such as `.ports[0]`. Empty for the whole value.
    pub place: String,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The value becomes a text.
    ToText(Unquoted),
    /// The object type does not have this attribute, so it is dropped.
    UnknownAttribute { name: String, hint: String },
}

impl Alteration {
    /// Why the value is refused. None if it is accepted all the same.
    pub fn refusal(&self, shows_value: bool) -> Option<String> {
        let said = match &self.change {
            Change::ToText(unquoted) => unquoted.refusal(shows_value)?,
            Change::UnknownAttribute { name, hint } => {
                format!("the type has no attribute {name:?}; {hint}")
            }
        };
        Some(if self.place.is_empty() { said } else { format!("{}: {said}", self.place) })
    }
}

/// All differences between a value and what its conversion made of it.
pub(super) fn alterations(given: &Value, arrived: &Typed) -> Vec<Alteration> {
    let mut found = Vec::new();
    compare(given, arrived, "", &mut found);
    found
}

fn compare(given: &Value, arrived: &Typed, place: &str, found: &mut Vec<Alteration>) {
    match (given, arrived) {
        (given, Typed::Text(_)) => {
            let change = Unquoted::of(given).map(Change::ToText);
            found.extend(change.map(|change| Alteration { place: place.to_owned(), change }));
        }
        (Value::Array(given), Typed::Tuple(items) | Typed::List(_, items) | Typed::Set(_, items)) => {
            for (at, (given, arrived)) in given.iter().zip(items).enumerate() {
                compare(given, arrived, &format!("{place}{}", index(at)), found);
            }
        }
        (Value::Object(given), Typed::Object(entries) | Typed::Map(_, entries)) => {
            for (name, given) in given {
                match entries.get(name) {
                    Some(arrived) => compare(given, arrived, &format!("{place}{}", key(name)), found),
                    None => {
                        let hint = hint(name, entries.keys().map(String::as_str));
                        let change = Change::UnknownAttribute { name: name.clone(), hint };
                        found.push(Alteration { place: place.to_owned(), change });
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::{Attribute, Constraint};

    /// A constraint with a value that arrives unchanged.
    fn fitting() -> impl Strategy<Value = (Constraint, Value)> {
        let leaf = prop_oneof![
            "\\PC{0,6}".prop_map(|text| (Constraint::String, json!(text))),
            any::<i64>().prop_map(|number| (Constraint::Number, json!(number))),
            (-1e9..1e9).prop_map(|number: f64| (Constraint::Number, json!(number))),
            any::<bool>().prop_map(|flag| (Constraint::Bool, json!(flag))),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let named = prop::collection::btree_map("[a-z.\" ]{1,4}", inner.clone(), 1..4);
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|items| {
                    let (types, values): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                    (Constraint::Tuple(types), values.into())
                }),
                (inner.clone(), 1_usize..4).prop_map(|((of, value), many)| {
                    (Constraint::List(Box::new(of)), vec![value; many].into())
                }),
                (inner, "[a-z.\" ]{1,4}").prop_map(|((of, value), name)| {
                    (Constraint::Map(Box::new(of)), json!({ name: value }))
                }),
                (named, any::<bool>()).prop_map(|(entries, optional)| {
                    let attribute = |constraint| Attribute { constraint, optional, default: None };
                    let of = |(name, (of, _)): (&String, &(Constraint, Value))| {
                        (name.clone(), attribute(of.clone()))
                    };
                    let types = entries.iter().map(of).collect();
                    let values = entries.into_iter().map(|(name, (_, value))| (name, value)).collect();
                    (Constraint::Object(types), Value::Object(values))
                }),
            ]
        })
    }

    /// Makes every text a boolean, and adds an attribute to every object type's value. Returns how many there are.
    fn spoil(constraint: &Constraint, value: &mut Value) -> usize {
        match (constraint, value) {
            (Constraint::String, text) => {
                *text = json!(true);
                1
            }
            (Constraint::List(of), Value::Array(items)) => items.iter_mut().map(|one| spoil(of, one)).sum(),
            (Constraint::Tuple(of), Value::Array(items)) => {
                of.iter().zip(items).map(|(of, one)| spoil(of, one)).sum()
            }
            (Constraint::Map(of), Value::Object(map)) => map.values_mut().map(|one| spoil(of, one)).sum(),
            (Constraint::Object(of), Value::Object(map)) => {
                let below: usize = map.iter_mut().map(|(name, one)| spoil(&of[name].constraint, one)).sum();
                map.insert("unknown_attribute".to_owned(), json!(1));
                below + 1
            }
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn what_fits_arrives_unchanged_and_every_spoilt_place_is_found(
            (constraint, value) in fitting()
        ) {
            prop_assert_eq!(constraint.accepts(&value), Ok(Vec::new()));
            let mut spoilt = value;
            let many = spoil(&constraint, &mut spoilt);
            let found = constraint.accepts(&spoilt).unwrap();
            prop_assert_eq!(found.len(), many, "{:?}", found);
            prop_assert!(found.iter().all(|one| one.refusal(false).is_some()));
        }
    }

    fn refusals(constraint: &Constraint, value: Value) -> Vec<String> {
        constraint.accepts(&value).unwrap().iter().filter_map(|one| one.refusal(true)).collect()
    }

    #[test]
    fn a_boolean_and_a_fraction_are_refused_for_a_text_with_their_place() {
        let texts = Constraint::List(Box::new(Constraint::Map(Box::new(Constraint::String))));
        assert_eq!(
            refusals(&texts, json!([{ "a": "x" }, { "b": true, "c": 1.3, "d": 755, "e": null }])),
            [
                "[1].b: is the boolean true, but a text is needed: quote it. YAML reads yes, no, on and off as \
                 booleans",
                "[1].c: is the number 1.3, but a text is needed: quote it. YAML drops zeros at the end: 1.30 \
                 becomes 1.3",
            ]
        );
        assert_eq!(refusals(&Constraint::String, json!(1.0)).len(), 1);
        assert_eq!(refusals(&Constraint::String, json!(1e30)).len(), 1);
    }

    #[test]
    fn elements_of_any_type_are_refused_if_they_become_texts_beside_a_text() {
        let any = Constraint::List(Box::new(Constraint::Any));
        assert_eq!(refusals(&any, json!([1.3, 2.5])), Vec::<String>::new());
        assert_eq!(refusals(&any, json!([1.3, "x"])).len(), 1);
        assert_eq!(refusals(&Constraint::Any, json!([1.3, "x"])), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_attribute_names_the_nearest_one() {
        let plain = |constraint| Attribute { constraint, optional: true, default: None };
        let tags = Constraint::Map(Box::new(Constraint::String));
        let object = Constraint::Object(BTreeMap::from([("tags".to_owned(), plain(tags))]));
        let list = Constraint::List(Box::new(object));
        assert_eq!(
            refusals(&list, json!([{ "tgas": { "a": "b" } }])),
            ["[0]: the type has no attribute \"tgas\"; did you mean \"tags\"?"]
        );
    }

    #[test]
    fn a_sensitive_value_is_not_shown() {
        for value in [json!(17.25), json!(true)] {
            let altered = Constraint::String.accepts(&value).unwrap();
            let message = altered[0].refusal(false).unwrap();
            assert!(message.contains("quote it") && !message.contains("17.25"), "{message}");
            assert!(!message.contains("true"), "{message}");
        }
    }
}
