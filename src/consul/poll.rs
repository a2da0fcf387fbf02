//! Watches one key with blocking queries: <https://developer.hashicorp.com/consul/api-docs/features/blocking>.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::ConsulClient;
use super::entry::KvEntry;
use super::error::ConsulError;
use super::kv;

/// Average time between two requests to a server that always answers at once.
const PACE: Duration = Duration::from_millis(100);
/// Requests that may follow each other without a pause.
const BURST: u32 = 5;
/// The longest wait of one request. Some network devices close connections that are silent for a minute.
const LONGEST: Duration = Duration::from_secs(30);

pub struct Poll {
    /// None: the next read does not wait.
    index: Option<u64>,
    /// The instant at which all requests so far would have been sent at that pace.
    spent: Instant,
}

impl Poll {
    pub fn new() -> Self {
        Self { index: None, spent: Instant::now() }
    }

    /// The first call returns the key at once. A later call returns when the key has changed, or when `wait` or half a
    /// minute has passed.
    pub async fn read(
        &mut self,
        client: &ConsulClient,
        key: &str,
        wait: Duration,
    ) -> Result<Option<KvEntry>, ConsulError> {
        let now = Instant::now();
        self.spent = self.spent.max(now) + PACE;
        sleep(self.spent.saturating_duration_since(now + PACE * BURST)).await;
        let before = self.index.take();
        let (entry, answered) = kv::read(client, key, before.map(|index| (index, wait.min(LONGEST)))).await?;
        self.index = next_index(before, answered);
        Ok(entry)
    }

    /// Makes the next read return at once.
    pub fn look_now(&mut self) {
        self.index = None;
    }
}

/// An index that goes backwards belongs to another history of the store: start again without an index. Zero is
/// replaced, because Consul would not wait.
fn next_index(before: Option<u64>, answered: u64) -> Option<u64> {
    match before {
        Some(before) if answered < before => None,
        _ => Some(answered.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocking_query_restarts_if_the_index_goes_backwards_and_never_uses_zero() {
        assert_eq!(next_index(None, 7), Some(7));
        assert_eq!(next_index(Some(7), 7), Some(7));
        assert_eq!(next_index(Some(7), 9), Some(9));
        assert_eq!(next_index(Some(7), 6), None);
        assert_eq!(next_index(None, 0), Some(1));
        assert_eq!(next_index(Some(1), 0), None);
    }
}
