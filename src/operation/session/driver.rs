//! Two threads: one for the run, and the caller's, which alone may talk to the host.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use futures_util::FutureExt;
use tracing_subscriber::layer::SubscriberExt;

use super::channel::{HostChannel, HostMessage, LogLayer};
use super::interrupts::InterruptCount;
use super::{JournalHandle, Session};
use crate::command_line;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::Host;
use crate::journal::Journal;
use crate::model::Name;
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::runtime::runtime;
use crate::process::Cancel;
use crate::view::progress::ProgressDisplay;
use crate::workdir::Layout;

/// The longest delay until a signal, a cancel file or a redraw is noticed.
const TICK: Duration = Duration::from_millis(100);

/// Opens a session on its own thread, and runs `work` in it. Every terraform is a child of that thread.
///
/// A first request to stop sets the session's `cancel`. The run then ends by itself, and saves its results.
pub fn in_session<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    prepared: Prepared,
    journal_handle: JournalHandle,
    shown: &BTreeSet<Name>,
    work: impl AsyncFnOnce(&Session) -> Result<T> + Send,
) -> Result<T> {
    in_run(call, builder, prepared, journal_handle, shown, &mut never, work)
}

/// The same for a run, which begins once `work` says so: `begin` then makes its journal, on the caller's thread.
pub fn in_run<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    prepared: Prepared,
    journal_handle: JournalHandle,
    shown: &BTreeSet<Name>,
    begin: Begin<'_>,
    work: impl AsyncFnOnce(&Session) -> Result<T> + Send,
) -> Result<T> {
    let blueprint = &prepared.blueprint;
    let cancel_file = Layout::of(blueprint)?.run(&builder.run_id).join("cancel");
    let parallelism = blueprint.settings.parallelism.get();
    let mut progress = (call.progress)(blueprint.environment.as_str(), shown, parallelism);
    let (channel, receiver) = channel(builder, &blueprint.environment);
    let cancel = Cancel::new();
    let (run_cancel, identity) = (cancel.clone(), call.request.identity.clone());
    let stop = StopRequests { file: &cancel_file, interrupts: InterruptCount::default(), cancel: &cancel };
    let caller = Caller { host: call.host, progress: &mut progress, begin };
    drive(caller, stop, channel, receiver, move |channel| {
        runtime()?.block_on(async move {
            let session =
                Session::open(builder, prepared, journal_handle, run_cancel, channel, identity).await?;
            let tool = &session.call.tool;
            builder.runs_with(tool.product.key(), tool.version.to_string());
            let outcome = AssertUnwindSafe(work(&session)).catch_unwind().await;
            // All terraforms and rollbacks have ended at this point, also after an error.
            builder.leaves(session.call.secrets.close().await);
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

/// Runs `work` on its own thread without a session, so also where a session could not open. It can talk to the host, and
/// learns of a request to stop.
pub fn with_host<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    environment: &Name,
    work: impl AsyncFnOnce(HostChannel, Cancel) -> T + Send,
) -> Result<T> {
    beside(call, builder, environment, InterruptCount::default(), work)
}

/// The same for work after a run: the requests that stopped the run do not stop this.
pub fn after_run<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    environment: &Name,
    work: impl AsyncFnOnce(HostChannel, Cancel) -> T + Send,
) -> Result<T> {
    beside(call, builder, environment, InterruptCount::after(call.host.tick()), work)
}

fn beside<T: Send>(
    call: &Call<'_>,
    builder: &ReportBuilder,
    environment: &Name,
    interrupts: InterruptCount,
    work: impl AsyncFnOnce(HostChannel, Cancel) -> T + Send,
) -> Result<T> {
    let mut progress = (call.progress)(environment.as_str(), &BTreeSet::new(), 1);
    let (channel, receiver) = channel(builder, environment);
    let cancel = Cancel::new();
    let asked = cancel.clone();
    // No file asks such work to stop.
    let stop = StopRequests { file: Path::new(""), interrupts, cancel: &cancel };
    let caller = Caller { host: call.host, progress: &mut progress, begin: &mut never };
    drive(caller, stop, channel, receiver, move |channel| Ok(runtime()?.block_on(work(channel, asked))))
}

/// Where requests to stop come from, and what they set.
struct StopRequests<'a> {
    file: &'a Path,
    interrupts: InterruptCount,
    cancel: &'a Cancel,
}

fn channel(builder: &ReportBuilder, environment: &Name) -> (HostChannel, Receiver<HostMessage>) {
    let (sender, receiver) = mpsc::channel();
    let channel = HostChannel {
        sender,
        environment: environment.clone(),
        run_id: builder.run_id.clone(),
        secrets: builder.secrets.clone(),
        muted: Arc::default(),
    };
    (channel, receiver)
}

/// What the caller's thread does for the run.
struct Caller<'a> {
    host: &'a dyn Host,
    progress: &'a mut ProgressDisplay,
    begin: Begin<'a>,
}

/// Makes the journal of a run.
type Begin<'a> = &'a mut dyn FnMut() -> Result<Journal>;

/// A question never begins as a run.
fn never() -> Result<Journal> {
    let message = "this call is no run, so it has no journal";
    Err(Error::new(Layer::Host, Phase::Preparation, Code::Internal, message, ""))
}

fn drive<T: Send>(
    caller: Caller<'_>,
    mut stop: StopRequests<'_>,
    channel: HostChannel,
    receiver: Receiver<HostMessage>,
    work: impl FnOnce(HostChannel) -> T + Send,
) -> T {
    let Caller { host, progress, begin } = caller;
    std::thread::scope(|scope| {
        let command_line = command_line::current();
        let run = scope.spawn(move || {
            let subscriber = tracing_subscriber::registry().with(LogLayer::new(&channel));
            tracing::subscriber::with_default(subscriber, || command_line.during(|| work(channel)))
        });
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(HostMessage::Progress(update)) => progress.update(update),
                Ok(HostMessage::Note(text)) => progress.note(&text),
                Ok(HostMessage::Event { tag, data }) => host.emit(&tag, &data),
                Ok(HostMessage::Ask(question)) => question.put(host),
                Ok(HostMessage::Begin(answer)) => drop(answer.send(begin())),
                Ok(HostMessage::Log { level, message, repeated: false }) => host.log(level, &message),
                Ok(HostMessage::Log { level, message, repeated: true }) => host.log_repeated(level, &message),
                Err(RecvTimeoutError::Timeout) => progress.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let asked = host.tick().max(stop.file.exists().into());
            stop.interrupts.count(asked, stop.cancel, progress);
        }
        progress.finish();
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
