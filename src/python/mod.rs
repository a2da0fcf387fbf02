//! The skin: Python in, JSON through, Python out.
//!
//! Knows pyo3 and what shape Salt wants a state's return in. Must not know the pillar, Terraform or files.
//! Through it passes: a call of a Salt module in, the report out. Nothing else leaves, no exception and no panic.

pub mod returns;

#[cfg(feature = "python")]
mod calls;
#[cfg(feature = "python")]
mod convert;
#[cfg(feature = "python")]
mod guard;
#[cfg(feature = "python")]
mod host;
#[cfg(feature = "python")]
mod plain;
#[cfg(feature = "python")]
mod signals;

/// `saltext.eos._core`. Importing it does nothing.
#[cfg(feature = "python")]
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
