//! The core as a Python module.
//!
//! Knows pyo3. Must not know the pillar, Terraform or files.
//! In: a call of a Salt module. Out: the report, and never an exception or a panic.

mod calls;
mod convert;
mod host;
mod pillar;
mod plain;
mod signals;

/// `saltext.eos._core`. Importing it does nothing.
#[pyo3::pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::calls::{above, draw, failed, option, run, state, write_page};

    #[pymodule_init]
    fn version(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
