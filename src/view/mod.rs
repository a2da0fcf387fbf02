//! Draws reports and progress as text. A pipe and a page can show the same text.
//!
//! This room knows words, widths and colours. It must not know how results came about.
//! In: a report or an update. Out: text.

mod attribute;
mod changes;
mod components;
mod drift;
mod failures;
mod layers;
pub mod progress;
mod quote;
pub mod returns;
mod runs;
mod snapshots;
mod style;
mod text;
mod units;
mod warnings;
mod width;

pub use attribute::short;
pub use text::text;
