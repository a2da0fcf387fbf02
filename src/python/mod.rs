//! The skin: extract, detach, call, convert. Nothing of the core knows that it exists.

mod call;
mod convert;
mod host;
mod signals;

use pyo3::pymodule;

/// The native half of `saltext.eos`. Importing it does nothing.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::call::{draw, run, state};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
