//! The core as a Python module: Python in, JSON through, Python out.
//!
//! Knows pyo3. Must not know the pillar, Terraform or files.
//! Through it passes: a call of a Salt module in, the report out. Nothing else leaves, no exception and no panic.

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
    use super::calls::{draw, failed, run, state};

    #[pymodule_init]
    fn version(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
