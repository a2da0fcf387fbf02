//! Keys and transactions: <https://developer.hashicorp.com/consul/api-docs/txn>.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::ConsulClient;
use super::entry::{self, KvEntry, LOCK_FLAG};
use super::error::ConsulError;
use crate::http::HttpAnswer;

/// The index of an answer. Only an answer from Consul has this header.
const INDEX: &str = "X-Consul-Index";

/// One step of a transaction. Consul runs all steps or none.
#[derive(Clone, Copy)]
pub enum TransactionStep<'a> {
    /// Fails unless this session holds the key.
    CheckSession {
        key: &'a str,
        session: &'a str,
    },
    /// Fails if a client has written to the key since this index.
    CheckIndex {
        key: &'a str,
        index: u64,
    },
    CheckAbsent {
        key: &'a str,
    },
    Lock {
        key: &'a str,
        session: &'a str,
        value: &'a [u8],
    },
    Set {
        key: &'a str,
        value: &'a [u8],
        flags: u64,
    },
    /// Deletes the key. A key that does not exist is not an error.
    Delete {
        key: &'a str,
    },
}

impl TransactionStep<'_> {
    fn json(self) -> Value {
        let kv = match self {
            Self::CheckSession { key, session } => {
                json!({ "Verb": "check-session", "Key": key, "Session": session })
            }
            Self::CheckIndex { key, index } => json!({ "Verb": "check-index", "Key": key, "Index": index }),
            Self::CheckAbsent { key } => json!({ "Verb": "check-not-exists", "Key": key }),
            Self::Lock { key, session, value } => json!({
                "Verb": "lock", "Key": key, "Session": session, "Flags": LOCK_FLAG, "Value": entry::encode(value),
            }),
            Self::Delete { key } => json!({ "Verb": "delete", "Key": key }),
            Self::Set { key, value, flags } => {
                json!({ "Verb": "set", "Key": key, "Flags": flags, "Value": entry::encode(value) })
            }
        };
        json!({ "KV": kv })
    }
}

#[derive(Debug, PartialEq)]
pub enum TransactionOutcome {
    /// The `ModifyIndex` that the last step with a result returned.
    Done(u64),
    /// Nothing was done. This is the number of the step that failed.
    Conflict(usize),
}

pub async fn transact(
    client: &ConsulClient,
    ops: &[TransactionStep<'_>],
) -> Result<TransactionOutcome, ConsulError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Transacted {
        results: Option<Vec<Value>>,
        errors: Option<Vec<Failure>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Failure {
        op_index: usize,
        what: String,
    }
    let body = Value::Array(ops.iter().map(|op| op.json()).collect()).to_string().into_bytes();
    // Consul treats a transaction without a write as a read, and a read needs `consistent` to be current.
    let reply = client.put("txn?consistent", body).await?;
    let answer: Transacted = client.parse(&reply)?;
    let failures = answer.errors.unwrap_or_default();
    // Consul reports this as a conflict, but waiting would not help.
    if let Some(denied) = failures.iter().find(|failure| failure.what.contains("ermission denied")) {
        return Err(ConsulError::Denied(denied.what.clone()));
    }
    let conflict = failures.first().map(|failure| failure.op_index);
    // A deletion has no result.
    let done =
        answer.results.unwrap_or_default().last().and_then(|result| result["KV"]["ModifyIndex"].as_u64());
    match (reply.status, conflict, done) {
        (409, Some(step), _) => Ok(TransactionOutcome::Conflict(step)),
        (200, None, Some(index)) => Ok(TransactionOutcome::Done(index)),
        _ => Err(client.not_consul(&reply)),
    }
}

/// Returns the key as the leader has it, and the index for the next wait. With `from`, waits up to that duration for a
/// change after that index.
pub async fn read(
    client: &ConsulClient,
    key: &str,
    from: Option<(u64, Duration)>,
) -> Result<(Option<KvEntry>, u64), ConsulError> {
    let path = format!("kv/{key}?consistent");
    let reply = match from {
        None => client.get(&path).await?,
        Some((index, wait)) => {
            // For zero, Consul would use its own default of minutes.
            let wait = wait.max(Duration::from_millis(1));
            client.wait(&format!("{path}&index={index}&wait={}ms", wait.as_millis()), wait).await?
        }
    };
    let index = reply.number(INDEX).ok_or_else(|| client.not_consul(&reply))?;
    Ok((found(client, &reply)?.into_iter().next(), index))
}

/// Returns all keys below a prefix, with their values.
pub async fn below(client: &ConsulClient, prefix: &str) -> Result<Vec<KvEntry>, ConsulError> {
    let reply = client.get(&format!("kv/{prefix}?recurse&consistent")).await?;
    reply.number(INDEX).ok_or_else(|| client.not_consul(&reply))?;
    found(client, &reply)
}

/// Returns the names of all keys below a prefix.
pub async fn keys(client: &ConsulClient, prefix: &str) -> Result<Vec<String>, ConsulError> {
    let reply = client.get(&format!("kv/{prefix}?keys&consistent")).await?;
    reply.number(INDEX).ok_or_else(|| client.not_consul(&reply))?;
    match reply.status {
        404 => Ok(Vec::new()),
        _ => client.parse(&reply),
    }
}

/// Writes a key without regard to locks.
pub async fn put(client: &ConsulClient, key: &str, value: Vec<u8>) -> Result<(), ConsulError> {
    let reply = client.put(&format!("kv/{key}"), value).await?;
    client.confirm(&reply)
}

/// Removes a key. A key that does not exist is not an error.
pub async fn delete(client: &ConsulClient, key: &str) -> Result<(), ConsulError> {
    let reply = client.delete(&format!("kv/{key}")).await?;
    client.confirm(&reply)
}

/// Releases a key; false if this session did not hold it.
pub async fn release(
    client: &ConsulClient,
    key: &str,
    session: &str,
    value: Vec<u8>,
) -> Result<bool, ConsulError> {
    let reply = client.put(&format!("kv/{key}?release={session}&flags={LOCK_FLAG}"), value).await?;
    client.parse(&reply)
}

fn found(client: &ConsulClient, reply: &HttpAnswer) -> Result<Vec<KvEntry>, ConsulError> {
    match reply.status {
        404 => Ok(Vec::new()),
        _ => entry::entries(&reply.body).map_err(|_| client.not_consul(reply)),
    }
}
