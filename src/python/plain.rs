//! Converts JSON to Python values.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::{Number, Value};

pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(flag) => Ok(flag.into_pyobject(py)?.to_owned().into_any()),
        Value::Number(number) => to_number(py, number),
        Value::String(text) => Ok(PyString::new(py, text).into_any()),
        Value::Array(items) => {
            let items = items.iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Value::Object(map) => {
            let dict = PyDict::new(py);
            map.iter().try_for_each(|(key, value)| dict.set_item(key, to_python(py, value)?))?;
            Ok(dict.into_any())
        }
    }
}

/// An integer of any size stays an integer. Salt itself makes a text of it for its bus and its job cache, which have 64
/// bits. A number that Python cannot hold is a text with all its digits.
fn to_number<'py>(py: Python<'py>, number: &Number) -> PyResult<Bound<'py, PyAny>> {
    if let Some(small) = number.as_i64() {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    let text = number.as_str();
    let whole = !text.contains(['.', 'e', 'E']);
    if whole && let Ok(large) = py.get_type::<PyInt>().call1((text,)) {
        return Ok(large);
    }
    match number.as_f64().filter(|float| !whole && float.is_finite()) {
        Some(float) => Ok(PyFloat::new(py, float).into_any()),
        None => Ok(PyString::new(py, text).into_any()),
    }
}
