//! An HTTP client for one Consul: keys, transactions, sessions, the catalogue, and the health of services.
//!
//! Knows Consul's HTTP interface, and classifies its answers for all callers: see [`ConsulError`]. Must not know what a
//! lock means, components, Terraform. In: a request. Out: Consul's data, or a [`ConsulError`].

mod catalog;
mod client;
mod cluster;
mod entry;
mod error;
mod health;
mod kv;
mod poll;
mod rights;
mod session;

pub use catalog::{Registration, deregister, register};
pub use client::ConsulClient;
pub use cluster::{agents, clock, leader, own_token};
pub use entry::{KvEntry, LOCK_FLAG};
pub use error::ConsulError;
pub use health::{InstanceCheck, ServiceInstance, add_missing_outputs, instances};
pub use kv::{TransactionOutcome, TransactionStep, below, delete, keys, put, read, release, transact};
pub use poll::Poll;
pub use rights::{AclQuestion, node, rights};
pub use session::{ConsulSession, SessionRenewal};
