//! Follows one key by blocking queries: <https://developer.hashicorp.com/consul/api-docs/features/blocking>.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::Client;
use super::entry::Entry;
use super::kv;
use super::trouble::Trouble;

/// A server that answers at once, always, is asked no more often than this.
const PACE: Duration = Duration::from_millis(100);
/// So many questions may come at once.
const BURST: u32 = 5;
/// Connections that are silent for a minute get cut on the way.
const LONGEST: Duration = Duration::from_secs(30);

pub struct Poll {
    /// None: the next read does not wait.
    index: Option<u64>,
    /// When all questions so far would have been asked, at that pace.
    spent: Instant,
}

impl Poll {
    pub fn new() -> Self {
        Self { index: None, spent: Instant::now() }
    }

    /// The key as it is, the first time; later once it changed, or `wait` or half a minute has passed.
    pub async fn read(
        &mut self,
        client: &Client,
        key: &str,
        wait: Duration,
    ) -> Result<Option<Entry>, Trouble> {
        let now = Instant::now();
        self.spent = self.spent.max(now) + PACE;
        sleep(self.spent.saturating_duration_since(now + PACE * BURST)).await;
        let before = self.index.take();
        let (entry, answered) = kv::read(client, key, before.map(|index| (index, wait.min(LONGEST)))).await?;
        self.index = next_index(before, answered);
        Ok(entry)
    }

    /// The next read answers at once.
    pub fn look_now(&mut self) {
        self.index = None;
    }
}

/// An index that goes backwards is another history's: begin anew. Zero would not wait.
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
    fn an_index_that_goes_backwards_is_begun_anew_and_is_never_zero() {
        assert_eq!(next_index(None, 7), Some(7));
        assert_eq!(next_index(Some(7), 7), Some(7));
        assert_eq!(next_index(Some(7), 9), Some(9));
        assert_eq!(next_index(Some(7), 6), None);
        assert_eq!(next_index(None, 0), Some(1));
        assert_eq!(next_index(Some(1), 0), None);
    }
}
