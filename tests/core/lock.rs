//! Claims about the file lock, with real processes. Each takes the lock of a folder of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use eos::error::Result;
use eos::lock::Holder;
use eos::lock::file::{Guard, acquire};
use eos::process::{Cancel, Guardian, Limits};

fn take(path: &Path, timeout_ms: u64) -> Result<Guard> {
    let holder =
        Holder { run_id: "01RUN".into(), jid: "2026".into(), operation: "test".into(), ..Holder::here() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(acquire(path, &holder, Duration::from_millis(timeout_ms), &Cancel::new()))
}

/// This test binary once more, as a process that takes the lock and starts a child that inherits it.
fn holder_process(lock: &Path) -> (std::process::Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "held_by_another_process", "--nocapture", "--ignored"])
        .env("EOS_TEST_LOCK", lock)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let sleeper =
        lines.map_while(|line| line.ok()).find_map(|line| line.strip_prefix("sleeper ").map(str::to_owned));
    (child, sleeper.expect("the holder says which child it started"))
}

#[test]
#[ignore = "the other half of the tests below"]
fn held_by_another_process() {
    let Some(lock) = std::env::var_os("EOS_TEST_LOCK") else {
        return;
    };
    let lock = Path::new(&lock);
    let guard = take(lock, 0).unwrap();
    let folder = lock.parent().unwrap();
    let command = eos::process::Command {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), "trap '' INT; echo sleeper $$; exec sleep 300".into()],
        cwd: folder.into(),
        env: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        stdout: folder.join("out"),
        stderr: folder.join("err"),
        room: 0,
        inherit: vec![(guard.fd().as_raw_fd(), 9)],
    };
    let limits = Limits { timeout: Duration::from_secs(300), stop_grace: Duration::from_secs(300) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime
        .block_on(eos::process::run(
            &command,
            &limits,
            &Guardian::start().unwrap(),
            &Cancel::new(),
            &mut |line| println!("{line}"),
        ))
        .unwrap();
}

/// A second descriptor; CLOEXEC, or the children of tests beside this one would have it too.
fn inheritable(guard: &Guard) -> std::os::fd::OwnedFd {
    guard.fd().try_clone_to_owned().unwrap()
}

fn kill(pid: &str) {
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_dead_holder_whose_terraform_lives_keeps_the_lock_and_the_text_is_called_stale() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let (mut holder, sleeper) = holder_process(&lock);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let error = take(&lock, 300).unwrap_err();
    assert_eq!(error.code, "locked");
    assert!(error.message.contains("stale") && error.message.contains("fuser"), "{error}");
    kill(&sleeper);
    take(&lock, 5_000).unwrap();
}

#[test]
fn a_held_lock_is_refused_and_names_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let error = take(&lock, 200).unwrap_err();
    let here = Holder::here();
    for part in ["01RUN", "2026", &here.boot_id, &here.host, &here.pid.to_string()] {
        assert!(error.message.contains(part), "{part}: {error}");
    }
    assert!(!error.message.contains("stale"), "{error}");
    guard.release();
    take(&lock, 0).unwrap();
}

#[test]
fn left_over_text_is_no_obstacle_and_the_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    std::fs::write(&lock, "left over {").unwrap();
    take(&lock, 0).unwrap().release();
    assert!(std::fs::read_to_string(&lock).unwrap().contains("01RUN"));
    assert_eq!(eos::lock::holder(&lock).unwrap(), None);
}

#[test]
fn an_explicit_release_frees_the_lock_though_a_child_inherited_it() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let inherited = inheritable(&guard);
    let mut child = Command::new("sleep").arg("300").stdin(Stdio::from(inherited)).spawn().unwrap();
    guard.release();
    take(&lock, 0).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_guard_that_is_dropped_leaves_the_lock_to_whoever_inherited_it() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let inherited = inheritable(&guard);
    let mut child = Command::new("sleep").arg("300").stdin(Stdio::from(inherited)).spawn().unwrap();
    drop(guard);
    assert_eq!(take(&lock, 0).unwrap_err().code, "locked");
    child.kill().unwrap();
    child.wait().unwrap();
    take(&lock, 0).unwrap();
}

#[test]
fn text_that_cannot_be_read_does_not_hide_that_the_lock_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let _guard = take(&lock, 0).unwrap();
    std::fs::write(&lock, "half {").unwrap();
    let error = take(&lock, 0).unwrap_err();
    assert_eq!(error.code, "locked");
    assert!(error.message.contains("does not tell"), "{error}");
}

#[test]
fn waiting_for_a_lock_ends_when_somebody_asks_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let _guard = take(&lock, 0).unwrap();
    let cancel = Cancel::new();
    cancel.cancel(eos::process::Cause::User);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error =
        runtime.block_on(acquire(&lock, &Holder::here(), Duration::from_secs(600), &cancel)).unwrap_err();
    assert_eq!(error.code, "cancelled");
}
