//! Learns the shape of the pillar from the reader itself, by questions: in an accepted pillar, one value after the other
//! is replaced. What the reader still accepts there belongs to the shape.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::place::{Path, below, get, is_accepted, is_at, problems, renamed, with, without};
use super::samples::{INTEGERS, NONSENSE, TEXTS, listed, variations, words};
use super::shape::{Integers, Shape};

/// More than this is no limit that the reader sets.
const HUGE: i64 = 1_000_000_000;

/// The shape of everything below `infrastructure`. Each example is a pillar that the reader accepts.
pub fn learn(examples: &[Value]) -> Shape {
    let refused: Vec<_> = examples.iter().flat_map(problems).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let mut shape = Shape::default();
    for example in examples {
        Question { pillar: example, path: &[] }.ask(&mut shape, false);
    }
    // One reader reads such keys at all of these places.
    let service = ["services".to_owned(), "*".to_owned()];
    let above = shape.at(&service).clone();
    shape.at(&below(&below(&service, "tasks"), "*")).complete(&above);
    shape.at(&below(&service, "registrations")).complete(&above);
    let levels: [&Path; 4] = [
        &["settings".to_owned()],
        &["components".to_owned(), "*".to_owned()],
        &service,
        &["nomad_service".to_owned(), "config".to_owned()],
    ];
    for pair in levels.windows(2) {
        let above = shape.at(pair[0]).clone();
        shape.at(pair[1]).complete(&above);
    }
    shape
}

/// A question about one place of an accepted pillar.
#[derive(Clone, Copy)]
struct Question<'a> {
    pillar: &'a Value,
    path: &'a Path,
}

impl Question<'_> {
    /// Adds to the shape what the reader accepts at this place. `is_item`: whether the place is in a list, where no
    /// other level can add a key.
    fn ask(self, shape: &mut Shape, is_item: bool) {
        let value = get(self.pillar, self.path);
        let kind = match value {
            Value::Array(_) => "[]".to_owned(),
            Value::Object(_) => "{}".to_owned(),
            scalar => scalar.to_string(),
        };
        let is_new = shape.asked.insert(kind);
        shape.any |= is_new && self.accepts_anything();
        if shape.any {
            return;
        }
        if is_new {
            self.scalars(shape);
        }
        if is_new || value.is_array() {
            self.list(value, shape, is_item);
        }
        if is_new || value.is_object() {
            self.mapping(value, shape, is_item);
        }
    }

    fn accepts(self, value: Value) -> bool {
        is_accepted(&with(self.pillar, self.path, value))
    }

    fn accepts_anything(self) -> bool {
        let strange =
            [json!(-1.5), json!([NONSENSE, [null]]), json!({ NONSENSE: [{}] }), json!(true), json!("")];
        strange.into_iter().all(|value| self.accepts(value))
    }

    fn scalars(self, shape: &mut Shape) {
        shape.null |= self.accepts(Value::Null);
        shape.booleans.extend([true, false].into_iter().filter(|flag| self.accepts((*flag).into())));
        shape.fractions |= self.accepts(json!(1.5));
        if let Some(known) = INTEGERS.into_iter().find(|number| self.accepts((*number).into())) {
            shape.integers = Some(self.limits(known, shape.integers));
        }
        if !shape.text {
            self.texts(shape);
        }
    }

    fn limits(self, known: i64, before: Option<Integers>) -> Integers {
        let is_in = |number: i64| self.accepts(number.into());
        let low = if is_in(-1) { -HUGE } else { -1 };
        let least = (!is_in(low)).then(|| border(known, low, is_in));
        let most = (!is_in(HUGE)).then(|| border(known, HUGE, is_in));
        let Some(before) = before else { return Integers { least, most } };
        Integers {
            least: before.least.zip(least).map(|(one, other)| one.min(other)),
            most: before.most.zip(most).map(|(one, other)| one.max(other)),
        }
    }

    fn texts(self, shape: &mut Shape) {
        let refused = problems(&with(self.pillar, self.path, NONSENSE.into()));
        if refused.is_empty() {
            shape.text = true;
            return;
        }
        let named: BTreeSet<String> = refused.iter().flat_map(|problem| words(&problem.message)).collect();
        let own = get(self.pillar, self.path).as_str().map(str::to_owned);
        let samples = TEXTS.into_iter().map(str::to_owned);
        for text in own.into_iter().chain(samples).chain(named.iter().cloned()) {
            if shape.words.contains(&text) || !self.accepts(text.as_str().into()) {
                continue;
            }
            // A name that this pillar itself chooses is no word of the reader.
            let here = with(self.pillar, self.path, text.as_str().into());
            let is_name = is_accepted(&renamed(&here, &text, NONSENSE));
            // A word that the reader names may differ from another one a little.
            let mut others = variations(&text).into_iter().filter(|other| !named.contains(other));
            if is_name || others.any(|other| self.accepts(other.into())) {
                shape.text = true;
                return;
            }
            shape.words.insert(text);
        }
    }

    fn list(self, value: &Value, shape: &mut Shape, is_item: bool) {
        let Value::Array(items) = value else {
            // A single value may count as a list of one.
            let (is_list, may_be_empty) = (self.accepts(json!([value])), self.accepts(json!([])));
            if !value.is_null() && (is_list || may_be_empty) {
                let list = shape.list.get_or_insert_default();
                list.or_single |= is_list;
                list.may_be_empty |= may_be_empty;
            }
            return;
        };
        let list = shape.list.get_or_insert_default();
        list.may_be_empty |= items.is_empty() || self.accepts(json!([]));
        for (index, item) in items.iter().enumerate() {
            if !item.is_array() && self.accepts(item.clone()) {
                shape.list.get_or_insert_default().or_single = true;
                let pillar = with(self.pillar, self.path, item.clone());
                Question { pillar: &pillar, path: self.path }.ask(shape, is_item);
            } else {
                let items = shape.list.get_or_insert_default().items.get_or_insert_default();
                Question { pillar: self.pillar, path: &below(self.path, index) }.ask(items, true);
            }
        }
    }

    fn mapping(self, value: &Value, shape: &mut Shape, is_item: bool) {
        let Value::Object(map) = value else {
            return self.other_mapping(shape);
        };
        let mapping = shape.mapping.get_or_insert_default();
        let strange = below(self.path, NONSENSE);
        let said = problems(&with(self.pillar, &strange, Value::Null));
        let keys = said.iter().find(|one| is_at(one, &strange)).and_then(|one| listed(&one.message));
        let refused_whole = said.iter().any(|one| is_at(one, self.path));
        let keys = match keys {
            None if refused_whole && map.len() == 1 => {
                mapping.is_one_of = true;
                self.kinds(map.values().next().unwrap())
            }
            keys => keys,
        };
        for key in keys.iter().flatten() {
            mapping.keys.entry(key.clone()).or_default();
        }
        let takes_anything = keys.is_none() && Question { path: &strange, ..self }.accepts_anything();
        for key in map.keys() {
            let path = below(self.path, key);
            let place = Question { path: &path, ..self };
            // Beside keys that may have any value, the reader may know a single one.
            let is_of_reader = keys.is_some() || (takes_anything && !place.accepts_anything());
            let inner = match is_of_reader {
                true => mapping.keys.entry(key.clone()).or_default(),
                false => mapping.entries.get_or_insert_default(),
            };
            place.ask(inner, is_item);
            // Another level may set the key, so null counts as absent.
            inner.null |= keys.is_some() && !is_item && !inner.any;
        }
        if is_item && keys.is_some() && !mapping.is_one_of {
            let needed = |key: &&String| {
                let path = below(self.path, key);
                // A problem at another place is about keys that depend on each other.
                problems(&without(self.pillar, &path)).iter().any(|one| is_at(one, &path))
            };
            let needed = map.keys().filter(needed).cloned().collect();
            mapping.required = Some(match mapping.required.take() {
                Some(before) => before.intersection(&needed).cloned().collect(),
                None => needed,
            });
        }
    }

    /// The keys of a mapping that takes exactly one of them.
    fn kinds(self, inner: &Value) -> Option<Vec<String>> {
        let strange = below(self.path, NONSENSE);
        let said = problems(&with(self.pillar, self.path, json!({ NONSENSE: inner })));
        said.iter().find(|one| is_at(one, &strange)).and_then(|one| listed(&one.message))
    }

    /// A mapping that is accepted in place of another value.
    fn other_mapping(self, shape: &mut Shape) {
        let strange = below(self.path, NONSENSE);
        let said = problems(&with(self.pillar, self.path, json!({ NONSENSE: null })));
        let keys = said.iter().find(|one| is_at(one, &strange)).and_then(|one| listed(&one.message));
        if keys.is_some() || self.accepts(json!({})) {
            let mapping = shape.mapping.get_or_insert_default();
            for key in keys.into_iter().flatten() {
                mapping.keys.entry(key).or_default();
            }
        }
    }
}

/// The last number that is accepted, on the way from an accepted number to a refused one.
fn border(mut accepted: i64, mut refused: i64, is_in: impl Fn(i64) -> bool) -> i64 {
    while accepted.abs_diff(refused) > 1 {
        let middle = accepted.midpoint(refused);
        if is_in(middle) { accepted = middle } else { refused = middle }
    }
    accepted
}
