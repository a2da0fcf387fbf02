//! Handlers for SIGINT, SIGTERM and SIGHUP, which ask a run to stop while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

/// The installed handlers. Dropping it restores the previous handlers.
pub struct Signals {
    /// The number of requests to stop.
    flag: Arc<AtomicU32>,
    before: Vec<(i32, Py<PyAny>)>,
}

impl Signals {
    /// Installs the handlers. Python allows this only on the main thread; on another thread the flag is never set.
    pub fn install(py: Python<'_>) -> Self {
        let mut signals = Self { flag: Arc::default(), before: Vec::new() };
        // If a handler cannot be installed, another part of the process needs its own handler.
        let _ = signals.take_over(py);
        signals
    }

    pub fn flag(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.flag)
    }

    fn take_over(&mut self, py: Python<'_>) -> PyResult<()> {
        let module = py.import("signal")?;
        let flag = self.flag();
        let interrupt: i32 = module.getattr("SIGINT")?.extract()?;
        let raise = move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
            let number = arguments.get_item(0).and_then(|number| number.extract::<i32>());
            // Only SIGINT is counted more than once, because only a person at a terminal repeats it on purpose.
            match number.is_ok_and(|number| number == interrupt) {
                true => flag.fetch_add(1, Ordering::SeqCst),
                false => flag.fetch_max(1, Ordering::SeqCst),
            };
        };
        let handler = PyCFunction::new_closure(py, Some(c"stop"), None, raise)?;
        let ignored = module.getattr("SIG_IGN")?;
        for name in ["SIGINT", "SIGTERM", "SIGHUP"] {
            let number: i32 = module.getattr(name)?.extract()?;
            let before = module.call_method1("getsignal", (number,))?;
            // The signal is ignored on purpose (nohup), or its handler comes from C and Python could not restore it.
            if before.is_none() || before.eq(&ignored)? {
                continue;
            }
            module.call_method1("signal", (number, &handler))?;
            self.before.push((number, before.unbind()));
        }
        Ok(())
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        Python::attach(|py| {
            let Ok(module) = py.import("signal") else {
                return;
            };
            for (number, before) in self.before.drain(..) {
                // Nobody can receive an error here.
                let _ = module.call_method1("signal", (number, before));
            }
        });
    }
}
