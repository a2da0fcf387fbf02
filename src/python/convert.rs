//! Converts Python values to JSON. Collects every problem with its path.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple,
};
use serde_json::{Map, Number, Value};

use crate::model::{PillarPath, Problem};

/// The deepest nesting. It is deeper than any pillar, and far from the end of a thread's stack.
const DEEPEST: usize = 128;

/// Converts a value. A value with a problem becomes null.
pub fn read(value: &Bound<'_, PyAny>, path: PillarPath, problems: &mut Vec<Problem>) -> Value {
    let mut reader = ValueReader { problems, around: Vec::new() };
    reader.value(value, &path)
}

struct ValueReader<'a> {
    problems: &'a mut Vec<Problem>,
    /// The addresses of the lists and mappings around the current value.
    around: Vec<usize>,
}

type Entry<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

impl ValueReader<'_> {
    fn value(&mut self, value: &Bound<'_, PyAny>, path: &PillarPath) -> Value {
        let read = if value.is_none() {
            Ok(Value::Null)
        } else if let Ok(truth) = value.cast::<PyBool>() {
            Ok(Value::Bool(truth.is_true()))
        } else if let Ok(integer) = value.cast::<PyInt>() {
            whole(integer)
        } else if let Ok(float) = value.cast::<PyFloat>() {
            fraction(float)
        } else if let Ok(text) = value.cast::<PyString>() {
            words(text).map(Value::String)
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            self.inside(value, |reader| reader.list(value, path))
        } else if let Some(entries) = entries(value) {
            self.inside(value, |reader| Ok(reader.mapping(entries, path)))
        } else {
            Err(foreign(value))
        };
        read.unwrap_or_else(|message| {
            self.problems.push(Problem::new(path, message));
            Value::Null
        })
    }

    fn inside(
        &mut self,
        value: &Bound<'_, PyAny>,
        read: impl FnOnce(&mut Self) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let address = value.as_ptr() as usize;
        if self.around.contains(&address) {
            return Err("contains itself".to_owned());
        }
        if self.around.len() >= DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST} levels"));
        }
        self.around.push(address);
        let read = read(self);
        self.around.pop();
        read
    }

    fn list(&mut self, value: &Bound<'_, PyAny>, path: &PillarPath) -> Result<Value, String> {
        let items = value.try_iter().map_err(|_| foreign(value))?;
        Ok(items
            .filter_map(Result::ok)
            .enumerate()
            .map(|(index, item)| self.value(&item, &path.child(index)))
            .collect())
    }

    fn mapping(&mut self, entries: Vec<Entry<'_>>, path: &PillarPath) -> Value {
        let mut map = Map::new();
        for (key, value) in entries {
            let key = match name(&key) {
                Ok(key) => key,
                Err(message) => {
                    self.problems.push(Problem::new(path, message));
                    continue;
                }
            };
            let pillar_path = path.child(&key);
            let value = self.value(&value, &pillar_path);
            if map.insert(key, value).is_some() {
                let twice = "is present twice, as text and as number";
                self.problems.push(Problem::new(&pillar_path, twice));
            }
        }
        Value::Object(map)
    }
}

/// The entries of a mapping. Salt's loader contexts and lazy dictionaries are mappings, but not a `dict`.
fn entries<'py>(value: &Bound<'py, PyAny>) -> Option<Vec<Entry<'py>>> {
    if let Ok(dict) = value.cast::<PyDict>() {
        return Some(dict.iter().collect());
    }
    let items = value.cast::<PyMapping>().ok()?.items().ok()?;
    items.iter().map(|item| item.extract().ok()).collect()
}

fn fraction(float: &Bound<'_, PyFloat>) -> Result<Value, String> {
    let number = Number::from_f64(float.value());
    number.map(Value::Number).ok_or_else(|| format!("{} is not a JSON number", float.value()))
}

fn whole(integer: &Bound<'_, PyInt>) -> Result<Value, String> {
    if let Ok(small) = integer.extract::<i64>() {
        return Ok(small.into());
    }
    // `str` of a subclass may return anything. Python itself refuses more than 4300 digits.
    let digits = integer
        .call_method1("__format__", ("d",))
        .and_then(|text| text.extract::<String>())
        .map_err(|_| "has too many digits for a number".to_owned())?;
    digits.parse::<Number>().map(Value::Number).map_err(|_| "is not an integer".to_owned())
}

fn words(text: &Bound<'_, PyString>) -> Result<String, String> {
    text.to_cow()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "contains half a character (a lone surrogate), which is not valid text".to_owned())
}

/// A mapping's key as text. YAML turns the key `8080:` into a number, although it was meant as text.
fn name(key: &Bound<'_, PyAny>) -> Result<String, String> {
    if let Ok(text) = key.cast::<PyString>() {
        return words(text).map_err(|message| format!("a key {message}"));
    }
    if let (false, Ok(integer)) = (key.is_instance_of::<PyBool>(), key.cast::<PyInt>().map(whole)) {
        return integer.map(|number| number.to_string());
    }
    Err(format!("the key {} is not a text: quote it", short(key)))
}

fn foreign(value: &Bound<'_, PyAny>) -> String {
    let kind = value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
        return "is bytes, not text: encode it, for example as base64".to_owned();
    }
    match kind.as_str() {
        "date" | "datetime" | "time" => {
            format!("is a {kind}, because YAML converted it: quote it")
        }
        "set" | "frozenset" => format!("is a {kind}: write a list"),
        _ => format!(
            "is of the Python type {kind}: only text, numbers, booleans, null, lists and mappings can be passed on"
        ),
    }
}

/// Shows a key, because the user must find it. Values are never shown.
fn short(key: &Bound<'_, PyAny>) -> String {
    key.repr()
        .map_or_else(|_| "(unreadable)".to_owned(), |text| text.to_string_lossy().chars().take(40).collect())
}
