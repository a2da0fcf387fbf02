//! An HTTP client for one Consul: keys, transactions, sessions, the catalogue, and the health of services.
//!
//! Knows Consul's HTTP interface, and classifies its answers for all callers: see [`Trouble`]. Must not know what a
//! lock means, components, Terraform. In: a request. Out: Consul's data, or a [`Trouble`].

mod catalog;
mod client;
mod entry;
mod health;
mod kv;
mod poll;
mod session;
mod trouble;

pub use catalog::{Registration, deregister, register};
pub use client::Client;
pub use entry::{Entry, LOCK_FLAG};
pub use health::{Check, Instance, instances};
pub use kv::{Op, Outcome, below, delete, keys, put, read, release, transact};
pub use poll::Poll;
pub use session::{Renewal, Session};
pub use trouble::Trouble;
