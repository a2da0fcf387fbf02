//! Two threads: one for the run, and the caller's, which alone may talk to the host.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use futures_util::FutureExt;
use tracing_subscriber::layer::SubscriberExt;

use super::channel::{LogLayer, Signal, Teller};
use super::interrupts::Stopping;
use super::{Memory, Session};
use crate::error::Result;
use crate::host::Host;
use crate::model::Name;
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::request::answer::Opening;
use crate::operation::request::call::Call;
use crate::operation::runtime::runtime;
use crate::process::Cancel;
use crate::view::progress::Progress;
use crate::workdir::Layout;

/// The longest delay until a signal, a cancel file or a redraw is noticed.
const TICK: Duration = Duration::from_millis(100);

/// Opens a session on its own thread, and runs `work` in it. Every terraform is a child of that thread.
///
/// A first request to stop sets the session's `cancel`. The run then ends by itself, and saves its results.
pub fn in_session<T: Send>(
    call: &Call<'_>,
    opening: &Opening,
    prepared: Prepared,
    memory: Memory,
    shown: &BTreeSet<Name>,
    work: impl AsyncFnOnce(&Session) -> Result<T> + Send,
) -> Result<T> {
    let blueprint = &prepared.blueprint;
    let cancel_file = Layout::of(blueprint)?.run(&opening.run_id).join("cancel");
    let parallelism = blueprint.settings.parallelism.get();
    let mut progress = (call.progress)(blueprint.environment.as_str(), shown, parallelism);
    let (sender, receiver) = mpsc::channel();
    let teller = Teller {
        sender,
        environment: blueprint.environment.clone(),
        run_id: opening.run_id.clone(),
        secrets: opening.secrets.clone(),
    };
    let cancel = Cancel::new();
    let (run_cancel, identity) = (cancel.clone(), call.request.identity.clone());
    drive(call.host, &mut progress, &cancel, &cancel_file, teller, receiver, move |teller| {
        runtime()?.block_on(async move {
            let session = Session::open(opening, prepared, memory, run_cancel, teller, identity).await?;
            let outcome = AssertUnwindSafe(work(&session)).catch_unwind().await;
            // All terraforms and rollbacks have ended at this point, also after an error.
            opening.leaves(session.call.secrets.close().await);
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

fn drive<T: Send>(
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
        let mut stopping = Stopping::default();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Signal::Progress(update)) => progress.update(update),
                Ok(Signal::Note(text)) => progress.note(&text),
                Ok(Signal::Event { tag, data }) => host.emit(&tag, &data),
                Ok(Signal::Ask(question)) => question.put(host),
                Ok(Signal::Log { level, message }) => host.log(level, &message),
                Err(RecvTimeoutError::Timeout) => progress.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let asked = host.tick().max(cancel_file.exists().into());
            stopping.hear(asked, cancel, progress);
        }
        progress.finish();
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
