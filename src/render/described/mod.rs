//! Describes a job that Nomad has, as the pillar or a template of the user would.
//!
//! Knows the names of Nomad's API and of its language. Must not know how the job is read, and where the texts go.
//! In: a job of Nomad's API. Out: the entry of a service, a template, and YAML.

mod entry;
mod fields;
mod names;
mod template;
mod tree;
mod yaml;

pub use entry::{entry, of_a_template};
pub use template::{in_json, verbatim};
pub use tree::tree;
pub use yaml::{document, pillar};
