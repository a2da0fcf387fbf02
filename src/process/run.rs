//! Runs a child from its start until its group is swept. To stop it, sends one SIGINT, waits, and kills it only then.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitStatus};
use tokio::time::{sleep, timeout};

use super::cancel::{Cancel, Cause};
use super::child::{self, Child};
use super::command::{Command, Limits, SWEEP};
use super::feed::StdinFeed;
use super::group;
use super::guardian::Guardian;
use super::tail::LineReader;
use crate::error::{Error, Result};

/// Time between two reads of the growing output. The child's exit is noticed at once.
const LOOK: Duration = Duration::from_millis(50);
/// Time between a forced stop and the SIGKILL.
const FORCED: Duration = Duration::from_secs(5);
/// Bytes of stderr that an error may quote. This much disk space is reserved for stderr.
const QUOTED: usize = 4096;

/// Why a child could not finish its work in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutShort {
    /// It did not exit within its grace period.
    Late,
    /// A forced stop was requested.
    Forced,
}

/// How a child ended.
#[derive(Clone, Debug)]
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// Why Eos asked the child to stop. The child may have succeeded even so.
    pub stopped: Option<Cause>,
    /// Why the child was ended before it was ready. Resources in flight may be lost.
    pub cut_short: Option<CutShort>,
    pub stderr_tail: String,
}

/// A child that was started, and its streams.
pub struct RunningChild<'a> {
    command: &'a Command<'a>,
    child: Child,
    guardian: &'a Guardian,
    feed: StdinFeed<'a>,
    tail: LineReader,
}

/// Runs the command until it exits: see [`start`] and [`RunningChild::finish`].
pub async fn run(
    command: &Command<'_>,
    limits: &Limits,
    guardian: &Guardian,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(&str),
) -> Result<Exit> {
    start(command, limits, guardian)?.finish(limits, cancel, on_line).await
}

/// Starts the command. If this fails, the program has done nothing.
pub fn start<'a>(
    command: &'a Command<'a>,
    limits: &Limits,
    guardian: &'a Guardian,
) -> Result<RunningChild<'a>> {
    let stdout = child::private(&command.stdout, command.room)?;
    let stderr = child::private(&command.stderr, QUOTED as u64)?;
    let unreadable = |error| Error::file(&command.stdout, "read", error);
    let tail = LineReader::open(&command.stdout).map_err(unreadable)?;
    let (stdin, feed) = StdinFeed::open(command.stdin).map_err(|error| child::refused(command, error))?;
    let child = Child::start(command, guardian, limits.stop_grace, (stdin, stdout, stderr))?;
    Ok(RunningChild { command, child, guardian, feed, tail })
}

impl RunningChild<'_> {
    /// Waits until it exits, and calls `on_line` with every line of its stdout.
    ///
    /// Returns only after the child is reaped and its group is swept, also if it returns an error. The lock may then be
    /// released. This future must be polled to completion: if it is dropped, nothing watches the child.
    pub async fn finish(
        self,
        limits: &Limits,
        cancel: &Cancel,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Exit> {
        let Self { command, child, guardian, mut feed, mut tail } = self;
        let unreadable = |error| Error::file(&command.stdout, "read", error);
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
        let status = status.map_err(|error| Error::file(&command.program, "wait for", error))?;
        // Discarding disk blocks can take longer than everything else here.
        let promised = command.stdout.clone();
        let _ = tokio::task::spawn_blocking(move || child::give_back(&promised)).await;
        heard.and_then(|()| tail.finish(on_line)).map_err(unreadable)?;
        Ok(exit(status, stopped, cut_short, &command.stderr))
    }
}

/// Sends one SIGINT to the child alone. Terraform passes it on, and saves resources in flight.
fn ask_to_stop(pid: Pid, limits: &Limits) -> tokio::time::Instant {
    child::signal(pid, Signal::INT);
    tokio::time::Instant::now() + limits.stop_grace
}

/// Ends the processes that remain in the child's group.
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
    Exit {
        code: status.exit_status(),
        signal: status.terminating_signal(),
        stopped,
        cut_short,
        stderr_tail: end(&text, stderr),
    }
}

/// The end of a text: whole lines, if possible from the beginning of an error. If lines are left out, names the file
/// that has them.
fn end(text: &[u8], file: &Path) -> String {
    let Some(from) = text.len().checked_sub(QUOTED).filter(|from| *from > 0) else {
        return String::from_utf8_lossy(text).trim().to_owned();
    };
    let tail = String::from_utf8_lossy(&text[from..]);
    let whole_lines = tail.split_once('\n').map_or(&*tail, |(_, rest)| rest);
    let whole_errors = whole_lines.find("\nError: ").map_or(whole_lines, |error| &whole_lines[error..]);
    format!("(the beginning is in {})\n{}", file.display(), whole_errors.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_quoted_whole() {
        assert_eq!(end(b"\nError: x\n", Path::new("/e")), "Error: x");
    }

    #[test]
    fn a_long_text_is_quoted_from_the_beginning_of_an_error_and_names_its_file() {
        let errors: String =
            (0..90).map(|number| format!("Error: number {number}\n\n{}\n\n", "w ".repeat(30))).collect();
        let quoted = end(errors.as_bytes(), Path::new("/run/init.stderr"));
        assert!(quoted.starts_with("(the beginning is in /run/init.stderr)\nError: number "), "{quoted}");
        assert!(quoted.len() < QUOTED + 100 && quoted.contains("number 89"));
        let lines = format!("{}\nlast line", "half ".repeat(QUOTED));
        assert!(end(lines.as_bytes(), Path::new("/e")).ends_with(")\nlast line"));
    }
}
