//! The pillar as types that cannot be wrong.
//!
//! Knows the whole schema and how levels merge. Must not know files, Salt or Terraform's processes.
//! Through it passes: a JSON value in, a [`Blueprint`] or every [`Problem`] out.

mod blueprint;
mod component;
mod interface;
mod name;
mod path;
mod settings;

pub use blueprint::{Blueprint, Node};
pub use component::{Component, DependsOn, Input, OutputRef, Reference, Source, Template};
pub use interface::{Attribute, Constraint, Interface, Output, Variable};
pub use name::Name;
pub use path::{PillarPath, Problem};
pub use settings::{Backend, OnFailure, Policy, Settings, Terraform, Timeouts};
