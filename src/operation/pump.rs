//! Two threads: a run on its own, and the caller's, which alone may talk to the host.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::signal::{LogLayer, Signal, Teller};
use crate::host::Host;
use crate::process::{Cancel, Cause};
use crate::view::progress::Progress;

/// How soon a signal, a cancel file or a redraw is noticed.
const TICK: Duration = Duration::from_millis(100);

/// Runs `work` on a thread of its own until it ends; every terraform is that thread's child.
///
/// A first request to stop sets `cancel`; the run then ends by itself, with what it has saved.
pub fn drive<T: Send>(
    host: &dyn Host,
    progress: &mut Progress,
    cancel: &Cancel,
    cancel_file: &Path,
    teller: Teller,
    receiver: Receiver<Signal>,
    work: impl FnOnce(Teller) -> T + Send,
) -> T {
    std::thread::scope(|scope| {
        let run = scope.spawn(move || {
            let subscriber = tracing_subscriber::registry().with(LogLayer::new(&teller));
            tracing::subscriber::with_default(subscriber, || work(teller))
        });
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Signal::Progress(update)) => progress.update(update),
                Ok(Signal::Event { tag, data }) => host.emit(&tag, &data),
                Ok(Signal::Log { level, message }) => host.log(level, &message),
                Err(RecvTimeoutError::Timeout) => progress.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let asked = host.tick() || cancel_file.exists();
            if asked && cancel.cause().is_none() {
                cancel.cancel(Cause::User);
                progress
                    .note("stopping: asked terraform to finish what is in flight; nothing more is started");
            }
        }
        progress.finish();
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
