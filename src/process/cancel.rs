//! A request to stop. Any thread can make it; it is kept until the run ends.

use std::sync::Arc;

use tokio::sync::watch;

/// The reason of a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    User,
    Timeout,
    /// Another process may write now.
    LockLost,
    /// A lease of a secret that the run uses is about to end.
    LeaseExpiring,
}

/// Shared by all parts of one run. The first cause is kept.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<StopRequest>>);

#[derive(Clone, Copy, Debug, Default)]
struct StopRequest {
    cause: Option<Cause>,
    /// End at once, even if resources in flight are lost.
    force: bool,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(StopRequest::default())))
    }

    pub fn cancel(&self, cause: Cause) {
        self.0.send_if_modified(|asked| {
            let first = asked.cause.is_none();
            asked.cause.get_or_insert(cause);
            first
        });
    }

    /// Ends children at once. Resources in flight may be lost.
    pub fn force(&self) {
        self.0.send_modify(|asked| asked.force = true);
    }

    pub fn cause(&self) -> Option<Cause> {
        self.0.borrow().cause
    }

    /// Resolves when a stop is requested; at once if it already is.
    pub async fn cancelled(&self) -> Cause {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(|asked| asked.cause.is_some()).await.map(|asked| asked.cause) {
            Ok(Some(cause)) => cause,
            // `self` owns the sender, so the sender lives as long as this waits.
            _ => std::future::pending().await,
        }
    }

    /// Resolves when a forced stop is requested.
    pub async fn forced(&self) {
        // `self` owns the sender, so the sender lives as long as this waits.
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
    fn a_request_from_another_thread_wakes_a_waiting_thread() {
        let cancel = Cancel::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let other = cancel.clone();
        let thread = std::thread::spawn(move || other.cancel(Cause::User));
        assert_eq!(runtime.block_on(cancel.cancelled()), Cause::User);
        thread.join().unwrap();
    }
}
