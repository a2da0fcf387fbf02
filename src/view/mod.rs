//! Draws reports and progress as text. A pipe and a page can show the same text.
//!
//! This room knows words, widths and colours. It must not know how results came about.
//! In: a report or an update. Out: text.

mod affected;
mod alike;
pub mod announcement;
mod attribute;
mod changes;
mod components;
mod diff;
mod doctor;
mod drift;
mod failures;
mod history;
mod job_values;
mod layers;
mod locks;
mod markdown;
mod order;
mod page;
mod pillar_entry;
pub mod progress;
mod quote;
mod reasons;
pub mod returns;
mod shown_run;
mod snapshots;
mod statuses;
mod style;
mod terminal;
mod text;
mod units;
mod warnings;
mod why;
mod width;
mod wrap;

pub use attribute::short;
pub use markdown::{markdown, markdown_of_diff};
pub use page::page;
pub use terminal::broken;
pub use text::text;
