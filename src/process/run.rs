//! From start to swept: one SIGINT to stop it, patience, and only then force.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitStatus};
use tokio::time::{sleep, timeout};

use super::cancel::{Cancel, Cause};
use super::child::{self, Child};
use super::command::{Command, Limits, SWEEP};
use super::feed::Feed;
use super::group;
use super::guardian::Guardian;
use super::tail::Tail;
use crate::error::{Error, Result};

/// How often the growing output is looked at; the end of the child is noticed at once.
const LOOK: Duration = Duration::from_millis(50);
/// How long a child has that was told a second time to end, before it is killed.
const FORCED: Duration = Duration::from_secs(5);
/// How much of stderr an error may quote, and is sure to find room on the disk.
const QUOTED: usize = 4096;

/// Why a child could not finish what it had in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutShort {
    /// It did not end within its grace.
    Late,
    /// Somebody would not wait.
    Forced,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// Why we asked it to stop; it may have ended well even so.
    pub stopped: Option<Cause>,
    /// It was not left the time it wanted: what was in flight may be lost.
    pub cut_short: Option<CutShort>,
    pub stderr_tail: String,
}

/// Runs the command to its end; `on_line` hears every line of its stdout.
///
/// Returns, with an error too, only once the child is reaped and its group swept: its lock may then be released.
/// Must be polled to completion: dropping this future leaves the child unwatched.
pub async fn run(
    command: &Command<'_>,
    limits: &Limits,
    guardian: &Guardian,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(&str),
) -> Result<Exit> {
    let stdout = child::private(&command.stdout, command.room)?;
    let stderr = child::private(&command.stderr, QUOTED as u64)?;
    let unreadable = |error| Error::file(&command.stdout, "read", &error);
    let mut tail = Tail::open(&command.stdout).map_err(unreadable)?;
    let (stdin, mut feed) = Feed::open(command.stdin).map_err(|error| child::refused(command, &error))?;
    let child = Child::start(command, guardian, limits.stop_grace, (stdin, stdout, stderr))?;
    let mut stopped = None;
    let mut cut_short = None;
    let mut heard = Ok(());
    let mut deadline = tokio::time::Instant::now() + limits.timeout;
    let status = loop {
        tokio::select! {
            biased;
            status = child.wait() => break status,
            cause = cancel.cancelled(), if stopped.is_none() => {
                stopped = Some(cause);
                deadline = ask_to_stop(child.pid, limits);
            }
            () = cancel.forced(), if cut_short.is_none() => {
                stopped.get_or_insert(Cause::User);
                cut_short = Some(CutShort::Forced);
                ask_to_stop(child.pid, limits);
                deadline = tokio::time::Instant::now() + FORCED;
            }
            () = tokio::time::sleep_until(deadline) => {
                if stopped.is_none() {
                    stopped = Some(Cause::Timeout);
                    deadline = ask_to_stop(child.pid, limits);
                } else {
                    cut_short.get_or_insert(CutShort::Late);
                    child::signal_group(child.pid, Signal::KILL);
                    deadline += SWEEP;
                }
            }
            () = feed.finish(), if !feed.is_over() => {}
            () = sleep(LOOK), if heard.is_ok() => heard = tail.read(on_line),
        }
    };
    drop(feed);
    sweep(child.pid).await;
    guardian.forget(child.pid);
    let status = status.map_err(|error| Error::file(&command.program, "wait for", &error))?;
    // Discarding blocks of a disk can take longer than all else here.
    let promised = command.stdout.clone();
    let _ = tokio::task::spawn_blocking(move || child::give_back(&promised)).await;
    heard.and_then(|()| tail.finish(on_line)).map_err(unreadable)?;
    Ok(exit(status, stopped, cut_short, &command.stderr))
}

/// One SIGINT, to the child alone: terraform passes it on, and saves what is in flight.
fn ask_to_stop(pid: Pid, limits: &Limits) -> tokio::time::Instant {
    child::signal(pid, Signal::INT);
    tokio::time::Instant::now() + limits.stop_grace
}

/// Ends what the child left in its process group.
async fn sweep(pid: Pid) {
    if !child::signal_group(pid, Signal::TERM) {
        return;
    }
    let gone = async {
        while group::lives(pid) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    if timeout(SWEEP, gone).await.is_err() {
        child::signal_group(pid, Signal::KILL);
    }
}

fn exit(status: WaitStatus, stopped: Option<Cause>, cut_short: Option<CutShort>, stderr: &Path) -> Exit {
    let text = std::fs::read(stderr).unwrap_or_default();
    let tail = &text[text.len().saturating_sub(QUOTED)..];
    Exit {
        code: status.exit_status(),
        signal: status.terminating_signal(),
        stopped,
        cut_short,
        stderr_tail: String::from_utf8_lossy(tail).trim().to_owned(),
    }
}
