//! Frees a lock by force.

use super::payload;
use super::service::ConsulLocks;
use crate::command_line::command;
use crate::consul::{ConsulSession, KvEntry, LOCK_FLAG, TransactionOutcome, TransactionStep, read, transact};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::holder::Holder;
use crate::words::words;

impl ConsulLocks {
    /// Frees the lock of `by`'s component if the session `id` still holds it, and returns the former holder.
    ///
    /// The key's value then names `by`. If the former holder is still alive, it sees that it lost the lock and does not
    /// acquire it again. The key remains, and Consul gives it to nobody until the lock-delay is over.
    pub async fn unlock(&self, by: &Holder, id: &str) -> Result<Holder> {
        let key = self.key(&by.environment, &by.component, "lock");
        let client = &self.client;
        let now = async || read(client, &key, None).await;
        let (entry, _) = self.ask(now).await?;
        let entry = match entry {
            Some(entry) if entry.is_lock() && entry.session.as_deref() == Some(id) => entry,
            other => return Err(refused(&key, id, other.as_ref())),
        };
        let holder = payload::read(&entry.value);
        let info = format!("lock taken from {holder} by force");
        let ops = [
            TransactionStep::CheckSession { key: &key, session: id },
            TransactionStep::CheckIndex { key: &key, index: entry.modify_index },
            TransactionStep::Set { key: &key, value: &payload::write(by, id, &key, &info), flags: LOCK_FLAG },
        ];
        let freed = transact(client, &ops).await.map_err(|error| self.explain(&error))?;
        if let TransactionOutcome::Conflict(_) = freed {
            let (entry, _) = self.ask(now).await?;
            return Err(refused(&key, id, entry.as_ref()));
        }
        self.ask(async || ConsulSession::destroy(client, id).await).await?;
        tracing::warn!("the lock {key} was released by force, session {id}: {holder}");
        Ok(holder)
    }
}

fn refused(key: &str, id: &str, entry: Option<&KvEntry>) -> Error {
    let session = entry.and_then(|entry| entry.session.as_ref());
    let now = match (entry, session) {
        (Some(entry), _) if !entry.is_lock() => "the key there is not a lock of Eos".to_owned(),
        (Some(entry), Some(session)) => {
            format!("it is held by {}, id {session}", payload::read(&entry.value))
        }
        _ => "nobody holds it".to_owned(),
    };
    let message = format!("{key} is not held under the id {id:?}: {now}");
    let remedy =
        words![command("locks").here(), " shows all locks and their holders; only those can be released"];
    Error::new(Layer::Host, Phase::Preparation, Code::NotThatLock, message, remedy)
        .with(serde_json::json!({ "lock": key, "id": session, "holder": entry.map(|entry| payload::read(&entry.value)) }))
}
