//! Takes known secrets out of what others wrote: Terraform's messages, values a module forgot to mark.

use serde_json::Value;

use super::diff::SENSITIVE;
use super::forms::forms;

/// Shorter texts stand in too many innocent places to be taken out.
const SHORTEST: usize = 4;

/// Knows the secrets of one component. No Debug: it holds them in clear.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret within a secret leaves nothing behind.
    needles: Vec<String>,
}

impl Redactor {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut redactor = Self::default();
        redactor.add(secrets);
        redactor
    }

    pub fn add<'a>(&mut self, secrets: impl IntoIterator<Item = &'a Value>) {
        secrets.into_iter().for_each(|secret| collect(secret, &mut self.needles));
        self.needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.needles.dedup();
    }

    pub fn text(&self, text: &str) -> String {
        self.needles.iter().fold(text.to_owned(), |text, needle| match text.contains(needle.as_str()) {
            true => text.replace(needle.as_str(), SENSITIVE),
            false => text,
        })
    }

    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(map) => {
                let entries = std::mem::take(map);
                for (key, mut inner) in entries {
                    self.value(&mut inner);
                    map.insert(self.text(&key), inner);
                }
            }
            _ => {}
        }
    }
}

fn collect(value: &Value, needles: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            // A message may show one line of many.
            let lines = text.lines().map(str::trim).filter(|_| text.contains('\n'));
            let all = std::iter::once(text.as_str()).chain(lines).filter(|text| text.len() >= SHORTEST);
            needles.extend(all.flat_map(forms));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, needles)),
        Value::Object(map) => map.values().for_each(|inner| collect(inner, needles)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_taken_out_of_texts_keys_and_nested_values() {
        let redactor = Redactor::new([&json!({"password": "hunter2-long"}), &json!(["tok-1234"])]);
        let mut value = json!({"a": ["x hunter2-long y"], "tok-1234": 1});
        redactor.value(&mut value);
        assert_eq!(value, json!({"a": ["x (sensitive) y"], "(sensitive)": 1}));
    }

    #[test]
    fn a_secret_of_many_lines_is_taken_out_line_by_line_and_escaped() {
        let redactor = Redactor::new([&json!("first line\nsecond line")]);
        assert_eq!(redactor.text("got \"second line\""), "got \"(sensitive)\"");
        assert_eq!(redactor.text(r#"got "first line\nsecond line""#), r#"got "(sensitive)""#);
    }

    #[test]
    fn a_secret_that_contains_another_leaves_nothing_behind() {
        let redactor = Redactor::new([&json!("abcd"), &json!("abcd-efgh")]);
        assert_eq!(redactor.text("abcd-efgh"), "(sensitive)");
    }
}
