//! Frees a lock by force.

use super::entry::{Entry, LOCK_FLAG};
use super::kv::{self, Op, Outcome};
use super::{Consul, payload, session};
use crate::error::{Error, Layer, Phase, Result};
use crate::lock::Holder;

impl Consul {
    /// Frees the lock of `by`'s component if the session `id` still holds it, and tells whose it was.
    ///
    /// What the key holds names `by` from then on: a holder that lives after all sees that it lost the lock,
    /// and does not take it again. The key stays, and Consul gives it to nobody until the lock-delay is over.
    pub async fn unlock(&self, by: &Holder, id: &str) -> Result<Holder> {
        let key = self.key(&by.environment, &by.component, "lock");
        let (client, explain) = (&self.client, |trouble| self.explain(&trouble));
        let (entry, _) = kv::read(client, &key, None).await.map_err(explain)?;
        let entry = match entry {
            Some(entry) if entry.is_lock() && entry.session.as_deref() == Some(id) => entry,
            other => return Err(refused(&key, id, other.as_ref())),
        };
        let holder = entry.holder();
        let info = format!("freed by force from {holder}");
        let ops = [
            Op::CheckSession { key: &key, session: id },
            Op::CheckIndex { key: &key, index: entry.modify_index },
            Op::Set { key: &key, value: &payload::write(by, id, &key, &info), flags: LOCK_FLAG },
        ];
        if let Outcome::Conflict(_) = kv::transact(client, &ops).await.map_err(explain)? {
            let (entry, _) = kv::read(client, &key, None).await.map_err(explain)?;
            return Err(refused(&key, id, entry.as_ref()));
        }
        session::destroy(client, id).await.map_err(explain)?;
        tracing::warn!("the lock {key} was freed by force, session {id}: {holder}");
        Ok(holder)
    }
}

fn refused(key: &str, id: &str, entry: Option<&Entry>) -> Error {
    let session = entry.and_then(|entry| entry.session.as_ref());
    let now = match (entry, session) {
        (Some(entry), _) if !entry.is_lock() => "what stands there is no lock of ours".to_owned(),
        (Some(entry), Some(session)) => format!("it is held by {}, id {session}", entry.holder()),
        _ => "nobody holds it".to_owned(),
    };
    let message = format!("{key} is not held under the id {id:?}: {now}");
    let remedy = "infrastructure.locks shows who holds what; only what it shows can be freed";
    Error::new(Layer::Host, Phase::Preparation, "not_that_lock", message, remedy)
        .with(serde_json::json!({ "lock": key, "id": session, "holder": entry.map(Entry::holder) }))
}
