//! A request to stop, made from any thread, kept until the run ends.

use std::sync::Arc;

use tokio::sync::watch;

/// Who or what asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    User,
    Timeout,
    /// Another may write now.
    LockLost,
    /// What it works with is about to end.
    LeaseExpiring,
}

/// Shared by everything in one run; the first cause stays.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<Asked>>);

#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    cause: Option<Cause>,
    /// No more patience, whatever is lost.
    force: bool,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Asked::default())))
    }

    pub fn cancel(&self, cause: Cause) {
        self.0.send_if_modified(|asked| {
            let first = asked.cause.is_none();
            asked.cause.get_or_insert(cause);
            first
        });
    }

    /// Ends children though what they have in flight is lost.
    pub fn force(&self) {
        self.0.send_modify(|asked| asked.force = true);
    }

    pub fn cause(&self) -> Option<Cause> {
        self.0.borrow().cause
    }

    /// Resolves once somebody asked, at once if somebody has.
    pub async fn cancelled(&self) -> Cause {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(|asked| asked.cause.is_some()).await.map(|asked| asked.cause) {
            Ok(Some(cause)) => cause,
            // The sender is ours: it lives as long as we wait.
            _ => std::future::pending().await,
        }
    }

    /// Resolves once somebody lost patience.
    pub async fn forced(&self) {
        // The sender is ours: it lives as long as we wait.
        let _ = self.0.subscribe().wait_for(|asked| asked.force).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_stays() {
        let cancel = Cancel::new();
        cancel.cancel(Cause::Timeout);
        cancel.clone().cancel(Cause::User);
        assert_eq!(cancel.cause(), Some(Cause::Timeout));
    }

    #[test]
    fn a_request_from_another_thread_wakes_whoever_waits() {
        let cancel = Cancel::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let other = cancel.clone();
        let thread = std::thread::spawn(move || other.cancel(Cause::User));
        assert_eq!(runtime.block_on(cancel.cancelled()), Cause::User);
        thread.join().unwrap();
    }
}
