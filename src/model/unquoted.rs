//! A value in place of a text: somebody did not quote it, and YAML read something else.

use serde_json::{Number, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Unquoted {
    /// YAML has already read `yes` as true.
    Bool(bool),
    /// A number with a fraction or an exponent. YAML has already read `1.30` as 1.3.
    Fraction(Number),
    /// Salt has already read `0755` as 755.
    Integer,
}

impl Unquoted {
    /// None if the value is neither a boolean nor a number.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Number(number) => Some(match number.as_str().contains(['.', 'e', 'E']) {
                true => Self::Fraction(number.clone()),
                false => Self::Integer,
            }),
            _ => None,
        }
    }

    /// Why it is refused. None for an integer: its usual text is what most people mean.
    pub fn refusal(&self, shows_value: bool) -> Option<String> {
        let (what, why) = match self {
            Self::Integer => return None,
            Self::Bool(flag) if shows_value => (format!("the boolean {flag}"), BOOL),
            Self::Bool(_) => ("a boolean".to_owned(), BOOL),
            Self::Fraction(number) if shows_value => (format!("the number {number}"), FRACTION),
            Self::Fraction(_) => ("a number".to_owned(), FRACTION),
        };
        Some(format!("is {what}, but a text is needed: quote it. YAML {why}"))
    }
}

const BOOL: &str = "reads yes, no, on and off as booleans";
const FRACTION: &str = "drops zeros at the end: 1.30 becomes 1.3";
