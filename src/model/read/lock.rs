//! Reads `infrastructure:settings:lock`.

use std::time::Duration;

use super::fields::Fields;
use super::problems::Problems;
use super::scalars::prefix;
use super::server::{CONSUL, ServerAccess};
use super::tree::Tree;
use super::{scalars, server};
use crate::model::lock::{ConsulLock, LockSettings};
use crate::model::{Reference, hint};

/// Consul refuses other values, in seconds. Source: `session_ttl_min` and
/// <https://developer.hashicorp.com/consul/api-docs/session>.
const TTL: [u64; 2] = [10, 86_400];
const LONGEST_LOCK_DELAY: u64 = 60;
const OF_CONSUL: [&str; 6] = ["address", "lock_delay", "prefix", "tls", "token", "ttl"];

pub(super) fn lock(tree: Tree, problems: &Problems) -> LockSettings {
    let mut fields = Fields::open(tree, problems);
    let pillar_path = fields.place("type").unwrap_or_else(|| fields.path.clone());
    let lock = match fields.read("type", scalars::text).as_deref() {
        None | Some("file") => {
            for tree in OF_CONSUL.into_iter().filter_map(|key| fields.take(key)) {
                problems.add(&tree.path, "is only for a lock of the type consul");
            }
            LockSettings::File
        }
        Some("consul") => LockSettings::Consul(Box::new(consul(&mut fields))),
        Some(other) => {
            let hint = hint(other, ["file", "consul"].into_iter());
            problems.add(&pillar_path, format!("unknown type of lock {other:?}; {hint}"));
            // Without a valid type, the other keys cannot be checked.
            return LockSettings::File;
        }
    };
    fields.close();
    lock
}

fn consul(fields: &mut Fields<'_>) -> ConsulLock {
    let pillar_path = fields.path.child("token");
    let ServerAccess { address, token, tls } = server::access(fields, CONSUL);
    if matches!(token, Some(Reference::Vault { .. } | Reference::Sdb(_))) {
        // Queries also ask for locks, and they open no Vault session.
        fields.problems.add(
            &pillar_path,
            "must be env:NAME or file:/path: locks are acquired before Vault and sdb are read",
        );
    }
    ConsulLock {
        token,
        ttl: fields.read("ttl", ttl).unwrap_or(Duration::from_secs(30)),
        lock_delay: fields.read("lock_delay", lock_delay).unwrap_or(Duration::from_secs(15)),
        prefix: fields.read("prefix", prefix).unwrap_or_else(|| "terraform".to_owned()),
        tls,
        address,
    }
}

fn ttl(tree: &Tree) -> Result<Duration, String> {
    let [least, most] = TTL;
    match scalars::duration(tree)? {
        ttl if (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&ttl) => Ok(ttl),
        _ => Err(format!("must be from {least} s to {most} s: Consul refuses other values")),
    }
}

fn lock_delay(tree: &Tree) -> Result<Duration, String> {
    match scalars::duration(tree)? {
        delay if delay <= Duration::from_secs(LONGEST_LOCK_DELAY) => Ok(delay),
        _ => Err(format!("must be at most {LONGEST_LOCK_DELAY} s: Consul refuses more")),
    }
}
