//! Removes known secrets from text that others wrote: Terraform's messages, and values that a module did not mark.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::diff::{SENSITIVE, UNKNOWN};
use super::finder::Finder;
use super::needles::{collect, is_field, is_short};
use crate::words::Words;

/// Texts that Eos and Terraform put in place of values. They are not searched for secrets.
const MARKS: [&str; 3] = [SENSITIVE, UNKNOWN, "(sensitive value)"];

/// The secrets of one component, or of all components of a call. Clones share them. There is no Debug, because it
/// contains the secrets unmasked.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Arc<Mutex<KnownSecrets>>,
    /// The redactor of the call. It gets all secrets that are added here.
    call: Option<Arc<Mutex<KnownSecrets>>>,
}

#[derive(Default)]
struct KnownSecrets {
    needles: BTreeSet<String>,
    /// None until it is needed. Each new secret makes it invalid.
    finder: Option<Finder>,
}

impl Redactor {
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Value>) -> Self {
        let redactor = Self::default();
        redactor.add(secrets);
        redactor
    }

    /// A redactor for one component of this call. It is empty at first. All secrets added to it are added to the call's
    /// too.
    pub fn of_component(&self) -> Self {
        Self { secrets: Arc::default(), call: Some(self.secrets.clone()) }
    }

    pub fn add<'a>(&self, secrets: impl IntoIterator<Item = &'a Value>) {
        let mut needles = BTreeSet::new();
        secrets.into_iter().for_each(|secret| collect(secret, &mut needles));
        for one in self.call.iter().chain([&self.secrets]) {
            lock(one).learn(needles.clone());
        }
    }

    /// Whether a part of this secret is too short to be removed from texts.
    pub fn is_short(secret: &Value) -> bool {
        is_short(secret)
    }

    /// Redacts a text of others. Overlapping secrets are removed together, so that no part of either remains.
    pub fn text(&self, text: &str) -> String {
        let (mut redacted, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end) in self.found(text) {
            redacted.push_str(&text[at..start]);
            redacted.push_str(SENSITIVE);
            at = end;
        }
        redacted.push_str(&text[at..]);
        redacted
    }

    /// Redacts a sentence. Parts that Eos itself wrote stay.
    pub fn words(&self, words: &mut Words) {
        words.replace_others(|text| self.text(text));
    }

    /// Redacts a value of others: texts, numbers and keys.
    pub fn value(&self, value: &mut Value) {
        self.walk(value, |_| true);
    }

    /// Redacts a value that Eos built from the text of others. Its own keys stay: they are names of fields.
    pub fn gathered(&self, value: &mut Value) {
        self.walk(value, |key| !is_field(key));
    }

    fn walk(&self, value: &mut Value, of_others: fn(&str) -> bool) {
        match value {
            Value::String(text) => *text = self.text(text),
            // The whole number is replaced: its remaining digits would reveal a part of the secret.
            Value::Number(number) if !self.found(&number.to_string()).is_empty() => *value = SENSITIVE.into(),
            Value::Number(number) => {
                let plain = super::number::plain(&number.to_string());
                if plain.is_some_and(|plain| !self.found(&plain).is_empty()) {
                    *value = SENSITIVE.into();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, of_others)),
            Value::Object(map) => {
                for (key, mut inner) in std::mem::take(map) {
                    self.walk(&mut inner, of_others);
                    let key = if of_others(&key) { self.text(&key) } else { key };
                    // Two masked keys must stay two different keys.
                    let mut free = key.clone();
                    let mut count = 2;
                    while map.contains_key(&free) {
                        free = format!("{key} {count}");
                        count += 1;
                    }
                    map.insert(free, inner);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn found(&self, text: &str) -> Vec<(usize, usize)> {
        lock(&self.secrets).found(text)
    }
}

fn lock(secrets: &Mutex<KnownSecrets>) -> MutexGuard<'_, KnownSecrets> {
    secrets.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KnownSecrets {
    fn learn(&mut self, mut needles: BTreeSet<String>) {
        let before = self.needles.len();
        self.needles.append(&mut needles);
        if self.needles.len() > before {
            self.finder = None;
        }
    }

    /// The places of secrets, in order and without overlaps.
    fn found(&mut self, text: &str) -> Vec<(usize, usize)> {
        if self.needles.is_empty() {
            return Vec::new();
        }
        let (marks, needles) = (MARKS.into_iter(), self.needles.iter().map(String::as_str));
        let finder = self.finder.get_or_insert_with(|| Finder::new(marks.chain(needles)));
        let Some(matches) = finder.find(text) else { return vec![(0, text.len())] };
        let (mut marks, mut secrets) = (Vec::new(), Vec::new());
        for one in matches {
            if one.pattern < MARKS.len() { &mut marks } else { &mut secrets }.push((one.start, one.end));
        }
        let inside =
            |&(start, end): &(usize, usize)| marks.iter().any(|mark| mark.0 <= start && end <= mark.1);
        secrets.retain(|secret| !inside(secret));
        if secrets.is_empty() {
            return secrets;
        }
        let cut = |mark: &(usize, usize)| secrets.iter().any(|secret| secret.0 < mark.1 && mark.0 < secret.1);
        marks.retain(cut);
        secrets.extend(marks);
        secrets.sort_unstable();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (start, end) in secrets {
            match apart.last_mut().filter(|last| start < last.1) {
                Some(last) => last.1 = last.1.max(end),
                None => apart.push((start, end)),
            }
        }
        apart
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_masked_in_texts_keys_and_nested_values() {
        let redactor = Redactor::new([&json!({"password": "hunter2-long"}), &json!(["tok-1234"])]);
        let mut value =
            json!({"a": ["x hunter2-long y"], "tok-1234": 1, "x": {"tok-1234 a": 2, "hunter2-long a": 3}});
        redactor.value(&mut value);
        let masked = json!({"(sensitive) a": 3, "(sensitive) a 2": 2});
        assert_eq!(value, json!({"a": ["x (sensitive) y"], "(sensitive)": 1, "x": masked}));
    }

    #[test]
    fn a_number_is_masked_like_a_text_in_every_spelling() {
        for secret in ["54321", "\"54321\"", "5.4321e4", "54321.0", "\"  54321\"", "\"5.4321E+4\""] {
            let redactor = Redactor::new([&serde_json::from_str(secret).unwrap()]);
            assert_eq!(redactor.text("port 54321 is taken"), "port (sensitive) is taken", "{secret}");
            assert_eq!(redactor.text("wants 5.4321e+04 bytes"), "wants (sensitive) bytes", "{secret}");
            for number in ["54321", "54321.0", "5.4321e4", "154321", "\"x54321\""] {
                let mut value = json!({ "a": [serde_json::from_str::<Value>(number).unwrap()], "54321": 1 });
                redactor.value(&mut value);
                assert!(!value.to_string().contains("4321"), "{secret}: {number}: {value}");
            }
        }
    }

    #[test]
    fn secrets_below_four_characters_and_booleans_are_not_masked_in_texts() {
        let secrets = json!(["abc", 123, true, null, "éà1", 0.5, { "true": false }]);
        let redactor = Redactor::new([&secrets]);
        assert_eq!(redactor.text("abc 123 true null éà1 0.5"), "abc 123 true null éà1 0.5");
        assert!(Redactor::is_short(&secrets));
        for long in
            [json!("abcd"), json!(1234), json!("1e3"), json!(""), json!(true), json!({ "a": ["éà12"] })]
        {
            assert_eq!(Redactor::is_short(&long), long == json!("1e3"), "{long}");
        }
        let mut value = json!([true, false, null, 12]);
        Redactor::new([&json!(["true", "false", "null"])]).value(&mut value);
        assert_eq!(value, json!([true, false, null, 12]));
    }

    #[test]
    fn a_key_that_is_data_is_masked_and_the_name_of_a_field_is_not() {
        let redactor = Redactor::new([&json!({ "user_name": "joe-the-user", "key-0001": true })]);
        assert_eq!(redactor.text("user_name key-0001"), "user_name (sensitive)");
    }

    #[test]
    fn a_secret_of_many_lines_is_masked_line_by_line_and_in_escaped_form() {
        let redactor = Redactor::new([&json!("first line\nsecond line")]);
        assert_eq!(redactor.text("got \"second line\""), "got \"(sensitive)\"");
        assert_eq!(redactor.text(r#"got "first line\nsecond line""#), r#"got "(sensitive)""#);
    }

    #[test]
    fn secrets_that_contain_or_overlap_each_other_leave_nothing_behind() {
        let redactor = Redactor::new([&json!("abcd"), &json!("abcd-efgh"), &json!("efghij")]);
        assert_eq!(redactor.text("abcd-efgh"), SENSITIVE);
        assert_eq!(redactor.text("abcd-efghij, abcd"), "(sensitive), (sensitive)");
    }

    #[test]
    fn a_secret_is_never_masked_inside_a_mask() {
        let redactor = Redactor::new([&json!("sens"), &json!("value"), &json!("known"), &json!("tive)x")]);
        for mark in MARKS {
            assert_eq!(redactor.text(mark), mark);
        }
        assert_eq!(redactor.text("a sens (sensitive) of value"), "a (sensitive) (sensitive) of (sensitive)");
        assert_eq!(redactor.text("(sensitive)x"), SENSITIVE);
    }

    #[test]
    fn secrets_of_one_component_are_masked_in_the_whole_report_and_not_in_its_neighbour() {
        let call = Redactor::default();
        let (one, other) = (call.of_component(), call.of_component());
        one.add([&json!("hunter2")]);
        one.clone().add([&json!(54321)]);
        for knows in [&call, &one] {
            assert_eq!(knows.text("hunter2 54321"), "(sensitive) (sensitive)");
        }
        assert_eq!(other.text("hunter2 54321"), "hunter2 54321");
    }

    /// Texts and numbers that cannot be formed by the text around them.
    fn secret() -> impl Strategy<Value = Value> {
        prop_oneof![
            "[a-f\\\\\"<é\u{1b}]{4,9}".prop_map(Value::from),
            (1000..u64::MAX).prop_map(Value::from),
            (1000..i64::MAX).prop_map(|number| Value::from(-number)),
            (1000_u32..u32::MAX).prop_map(|number| serde_json::from_str(&format!("{number}.5")).unwrap()),
            (1000_u64..u64::MAX).prop_map(|number| Value::from(number.to_string())),
        ]
    }

    fn text_of(secret: &Value) -> String {
        secret.as_str().map_or_else(|| secret.to_string(), str::to_owned)
    }

    proptest! {
        #[test]
        fn no_secret_stays_in_a_text_or_a_value_at_any_position(
            secrets in prop::collection::vec(secret(), 1..5),
            around in prop::collection::vec("[ X-Z:=\\n]{0,5}", 6),
        ) {
            let redactor = Redactor::new(&secrets);
            let mut text = around[0].clone();
            for (secret, after) in secrets.iter().zip(&around[1..]) {
                text.push_str(&text_of(secret));
                text.push_str(after);
            }
            let mut value = json!({ "texts": [text], text.as_str(): { "deep": [&secrets] }, "whole": secrets });
            redactor.value(&mut value);
            let (redacted, shown) = (redactor.text(&text), value.to_string());
            for secret in &secrets {
                let found = text_of(secret);
                prop_assert!(!redacted.contains(&found), "{found} is in {redacted}");
                let json = Value::from(found).to_string();
                prop_assert!(!shown.contains(json.trim_matches('"')), "{json} is in {shown}");
            }
            prop_assert_eq!(redactor.text(&redacted), redacted);
        }

        #[test]
        fn a_text_without_a_secret_is_not_changed(text in "[g-zA-Z ]{0,40}", secrets in prop::collection::vec(secret(), 0..5)) {
            prop_assert_eq!(Redactor::new(&secrets).text(&text), text);
        }
    }
}
