//! Python's values and JSON's, both ways, with the path in hand.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Number, Value};

use crate::model::{PillarPath, Problem};

/// Deeper is no pillar that a person writes; a recursion would overflow.
const DEEPEST: usize = 128;

/// The value as JSON; what JSON cannot say is null, and a problem with its path.
pub fn from_python(value: &Bound<'_, PyAny>, path: &PillarPath, problems: &mut Vec<Problem>) -> Value {
    read(value, path, problems, 0)
}

fn read(value: &Bound<'_, PyAny>, path: &PillarPath, problems: &mut Vec<Problem>, depth: usize) -> Value {
    let mut refuse = |message: &str| {
        problems.push(Problem::new(path, message));
        Value::Null
    };
    if depth > DEEPEST {
        return refuse("is nested too deep");
    }
    // A boolean is an integer to Python, so it comes first.
    if value.is_none() {
        Value::Null
    } else if let Ok(flag) = value.cast::<PyBool>() {
        flag.is_true().into()
    } else if value.cast::<PyInt>().is_ok() {
        // As text, since an integer may have any size.
        let digits = value.str().map(|text| text.to_string()).unwrap_or_default();
        serde_json::from_str::<Number>(&digits)
            .map_or_else(|_| refuse("is a number that cannot be read"), Value::Number)
    } else if let Ok(float) = value.cast::<PyFloat>() {
        match Number::from_f64(float.value()) {
            Some(number) => Value::Number(number),
            None => refuse("is NaN or infinite: Terraform has no such number"),
        }
    } else if let Ok(text) = value.cast::<PyString>() {
        match text.to_str() {
            Ok(text) => text.into(),
            Err(_) => refuse("is a text with a lone surrogate: it is no Unicode text"),
        }
    // A loader's `__opts__` and `__pillar__` are mappings, not dicts.
    } else if let Ok(mapping) = value.cast::<PyMapping>() {
        map(mapping, path, problems, depth)
    } else if value.cast::<PyList>().is_ok() || value.cast::<PyTuple>().is_ok() {
        let items = value.try_iter().into_iter().flatten().flatten().enumerate();
        items.map(|(index, item)| read(&item, &path.child(index), problems, depth + 1)).collect()
    } else {
        let kind = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        refuse(&format!("is a {kind}, which JSON has not: write it as a text, in quotes"))
    }
}

fn map(
    mapping: &Bound<'_, PyMapping>,
    path: &PillarPath,
    problems: &mut Vec<Problem>,
    depth: usize,
) -> Value {
    let mut found = Map::new();
    let Ok(items) = mapping.items() else {
        problems.push(Problem::new(path, "is a mapping that cannot be read"));
        return Value::Null;
    };
    for item in items.iter() {
        let Ok((key, value)) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() else { continue };
        let is_text = key.cast::<PyString>().is_ok();
        let is_number = key.cast::<PyInt>().is_ok() && key.cast::<PyBool>().is_err();
        let text = key.str().ok().and_then(|text| text.to_str().map(str::to_owned).ok());
        match text.filter(|_| is_text || is_number) {
            // YAML makes a number of 80:, and Terraform knows texts only.
            Some(text) => {
                drop(found.insert(text.clone(), read(&value, &path.child(&text), problems, depth + 1)))
            }
            None => problems.push(Problem::new(path, "has a key that is no text: quote it")),
        }
    }
    Value::Object(found)
}

/// Integers beyond 64 bits become texts: Salt's own transports cannot carry them.
pub fn to_python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(pythonize::pythonize(py, &Plain(value))?.unbind())
}

/// A value as other serialisers know it: serde_json's numbers of any size are its own.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => serializer.serialize_i64(whole),
                (None, Some(whole)) => serializer.serialize_u64(whole),
                (None, None) => {
                    let text = number.to_string();
                    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                    match number.as_f64().filter(|_| !is_whole) {
                        Some(float) => serializer.serialize_f64(float),
                        None => serializer.serialize_str(&text),
                    }
                }
            },
            Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Object(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(key, &Plain(value))?;
                }
                out.end()
            }
            simple => simple.serialize(serializer),
        }
    }
}
