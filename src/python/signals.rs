//! SIGINT, SIGTERM and SIGHUP ask a run to stop, while it lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

/// What a signal calls.
#[pyclass(frozen)]
struct Stop(Arc<AtomicBool>);

#[pymethods]
impl Stop {
    fn __call__(&self, _number: &Bound<'_, PyAny>, _frame: &Bound<'_, PyAny>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The handlers that were there before; Python lets only its main thread change them.
pub struct Signals {
    asked: Arc<AtomicBool>,
    before: Vec<(Py<PyAny>, Py<PyAny>)>,
}

impl Signals {
    /// Elsewhere than on the main thread nothing is installed: `cancel` works by a file.
    pub fn install(py: Python<'_>) -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        let before = Self::replace(py, &asked).unwrap_or_default();
        Self { asked, before }
    }

    fn replace(py: Python<'_>, asked: &Arc<AtomicBool>) -> PyResult<Vec<(Py<PyAny>, Py<PyAny>)>> {
        let signal = py.import("signal")?;
        let stop = Py::new(py, Stop(asked.clone()))?;
        let mut before = Vec::new();
        for name in ["SIGINT", "SIGTERM", "SIGHUP"] {
            let number = signal.getattr(name)?;
            match signal.call_method1("signal", (&number, &stop)) {
                Ok(handler) => before.push((number.unbind(), handler.unbind())),
                Err(_) => break,
            }
        }
        Ok(before)
    }

    pub fn asked(&self) -> Arc<AtomicBool> {
        self.asked.clone()
    }

    pub fn restore(self, py: Python<'_>) {
        for (number, handler) in &self.before {
            // A handler that was not Python's own cannot be put back by Python.
            if !handler.is_none(py) {
                let _ =
                    py.import("signal").and_then(|signal| signal.call_method1("signal", (number, handler)));
            }
        }
    }
}
