//! What people see: drawn from the report and from progress, so that a pipe and a page can show the same.
//!
//! Knows words, widths and colours. Must not know how things came about.
//! Through it passes: a report or an update in, text out.

mod attribute;
mod changes;
mod components;
mod drift;
mod failures;
pub mod progress;
mod quote;
pub mod returns;
mod runs;
mod snapshots;
mod style;
mod text;
mod units;
mod width;

pub use attribute::short;
pub use text::text;
