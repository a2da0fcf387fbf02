//! Claims about the file lock, with real processes. Each test takes the lock of its own folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use eos::error::{Code, Result};
use eos::lock::file::{FileLockGuard, acquire};
use eos::lock::{Holder, LockService};
use eos::process::{Cancel, Guardian, Limits, ProcessIdentity};
use eos::view;

use serde_json::{Value, json};

use crate::support::listener::Listener;
use crate::support::processes::{is_alive, kill, kill_with_guardian, until};
use crate::support::{Site, again, killed};

fn take(path: &Path, timeout_ms: u64) -> Result<FileLockGuard> {
    let holder =
        Holder { run_id: "01RUN".into(), jid: "2026".into(), operation: "test".into(), ..Holder::here() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(acquire(path, &holder, Duration::from_millis(timeout_ms), &Cancel::new()))
}

/// Starts this test binary again, as a process that takes the lock and starts a child under it. Returns also the
/// child's pid, which the child prints when it runs.
fn holder_process(lock: &Path, script: &str) -> (std::process::Child, String) {
    let mut child = again(held_by_another_process)
        .arg("--nocapture")
        .env("EOS_TEST_LOCK", lock)
        .env("EOS_TEST_SCRIPT", script)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let started =
        lines.map_while(|line| line.ok()).find_map(|line| line.strip_prefix("started ").map(str::to_owned));
    (child, started.expect("the holder says which child it started"))
}

/// A child that ignores SIGINT.
const DEAF: &str = "trap '' INT; echo started $$; exec sleep 300";

#[test]
#[ignore = "the other half of the tests below"]
fn held_by_another_process() {
    let Some(lock) = std::env::var_os("EOS_TEST_LOCK") else {
        return;
    };
    let lock = Path::new(&lock);
    let guard = take(lock, 0).unwrap();
    let script = std::env::var_os("EOS_TEST_SCRIPT").unwrap();
    under(&guard, lock.parent().unwrap(), script, &mut |line| println!("{line}"));
}

/// Runs a shell while the lock is held.
fn under(guard: &FileLockGuard, folder: &Path, script: impl Into<OsString>, on_line: &mut dyn FnMut(&str)) {
    let command = eos::process::Command {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: folder.into(),
        env: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())]),
        stdout: folder.join("out"),
        stderr: folder.join("err"),
        room: 0,
        stdin: None,
        lock: Some(guard.of_terraform()),
    };
    let limits = Limits { timeout: Duration::from_secs(300), stop_grace: Duration::from_secs(300) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (guardian, cancel) = (Guardian::start().unwrap(), Cancel::new());
    runtime.block_on(eos::process::run(&command, &limits, &guardian, &cancel, on_line)).unwrap();
}

/// A second descriptor of the lock, like that of the guardian.
fn second(guard: &FileLockGuard) -> std::os::fd::OwnedFd {
    guard.of_terraform().file.try_clone_to_owned().unwrap()
}

#[test]
fn a_dead_holder_with_a_living_terraform_keeps_the_lock_and_its_text_is_reported_as_old() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let (mut holder, started) = holder_process(&lock, DEAF);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let error = take(&lock, 300).unwrap_err();
    assert_eq!(error.code, Code::Locked);
    assert!(error.message.contains("this information is old") && error.message.contains("fuser"), "{error}");
    assert!(error.message.contains(&format!("terraform, process {started}")), "{error}");
    kill(&started);
    take(&lock, 5_000).unwrap();
}

#[test]
fn a_terraform_that_survives_eos_and_guardian_keeps_the_lock_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let (holder, started) = holder_process(&lock, DEAF);
    kill_with_guardian(holder);
    for _ in 0..2 {
        let error = take(&lock, 100).unwrap_err();
        assert_eq!(error.code, Code::Locked);
        assert!(error.remedy.contains(&format!("kill -INT {started}")), "{error}");
        assert_eq!(error.details["holder"]["terraform"]["pid"].to_string(), started);
        assert_eq!(eos::lock::holder(&lock).unwrap().unwrap().run_id, "01RUN");
    }
    kill(&started);
    assert_eq!(eos::lock::holder(&lock).unwrap(), None);
    take(&lock, 0).unwrap();
}

#[test]
fn a_lock_text_of_an_earlier_process_or_boot_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let here = ProcessIdentity::here();
    let names = |terraform: &ProcessIdentity| {
        let holder = Holder { pid: 1, terraform: Some(terraform.clone()), ..Holder::here() };
        std::fs::write(&lock, serde_json::to_string(&holder).unwrap()).unwrap();
    };
    names(&here);
    assert_eq!(take(&lock, 0).unwrap_err().code, Code::Locked);
    for other in [
        ProcessIdentity { start_time: here.start_time + 1, ..here.clone() },
        ProcessIdentity { boot_id: "another".into(), ..here.clone() },
        ProcessIdentity { pid: i32::MAX as u32, ..here.clone() },
    ] {
        names(&other);
        assert_eq!(eos::lock::holder(&lock).unwrap(), None);
        // Dropped, it could live on in a process that another test is just starting.
        take(&lock, 0).unwrap().release();
    }
}

#[test]
fn a_starting_child_is_named_in_the_lock_text_and_inherits_no_descriptor_of_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let mut text = String::new();
    let script = "cat lock; echo; cut -d' ' -f22 /proc/$$/stat >start; echo $$ >pid; ls -l /proc/$$/fd >fds; \
                  for fd in 0 1 2 3 4 5 6 7 8 9; do eval \"flock -u $fd\"; done";
    under(&guard, folder.path(), script, &mut |line| text += line);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap().trim().to_owned();
    let holder: Holder = serde_json::from_str(&text).unwrap();
    let terraform = holder.terraform.unwrap();
    assert_eq!((terraform.pid.to_string(), terraform.start_time.to_string()), (read("pid"), read("start")));
    assert_eq!((holder.run_id.as_str(), terraform.boot_id), ("01RUN", holder.boot_id));
    assert!(!read("fds").contains("lock"), "{}", read("fds"));
    assert_eq!(take(&lock, 0).unwrap_err().code, Code::Locked, "the child could not free it");
    guard.release();
    take(&lock, 0).unwrap();
}

#[test]
fn a_lock_is_kept_until_terraforms_processes_have_ended_also_if_eos_dies() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    // The sweep takes two seconds, because the process ignores SIGTERM.
    let script = "(trap '' INT TERM; exec sleep 300) & echo $! >left; echo started $$; \
                  until [ -e go ]; do sleep 0.02; done";
    let (mut holder, started) = holder_process(&lock, script);
    std::fs::write(folder.path().join("go"), "").unwrap();
    until("its end", || !is_alive(&started));
    let left = std::fs::read_to_string(folder.path().join("left")).unwrap().trim().to_owned();
    holder.kill().unwrap();
    holder.wait().unwrap();
    take(&lock, 60_000).unwrap();
    assert!(!is_alive(&left), "it could still write");
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
    assert!(!error.message.contains("this information is old"), "{error}");
    guard.release();
    take(&lock, 0).unwrap();
}

#[test]
fn an_old_lock_text_does_not_block_and_the_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    std::fs::write(&lock, "left over {").unwrap();
    take(&lock, 0).unwrap().release();
    assert!(std::fs::read_to_string(&lock).unwrap().contains("01RUN"));
    assert_eq!(eos::lock::holder(&lock).unwrap(), None);
}

#[test]
fn an_explicit_release_works_although_another_process_has_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let inherited = second(&guard);
    let mut child = Command::new("sleep").arg("300").stdin(Stdio::from(inherited)).spawn().unwrap();
    guard.release();
    take(&lock, 0).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_dropped_guard_leaves_the_lock_to_the_process_that_has_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let guard = take(&lock, 0).unwrap();
    let inherited = second(&guard);
    let mut child = Command::new("sleep").arg("300").stdin(Stdio::from(inherited)).spawn().unwrap();
    drop(guard);
    assert_eq!(take(&lock, 0).unwrap_err().code, Code::Locked);
    child.kill().unwrap();
    child.wait().unwrap();
    take(&lock, 0).unwrap();
}

#[test]
fn an_unreadable_lock_text_does_not_hide_that_the_lock_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let _guard = take(&lock, 0).unwrap();
    std::fs::write(&lock, "half {").unwrap();
    let error = take(&lock, 0).unwrap_err();
    assert_eq!(error.code, Code::Locked);
    assert!(error.message.contains("an unknown process"), "{error}");
}

#[test]
fn a_request_to_stop_ends_waiting_for_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let _guard = take(&lock, 0).unwrap();
    let cancel = Cancel::new();
    cancel.cancel(eos::process::Cause::User);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error =
        runtime.block_on(acquire(&lock, &Holder::here(), Duration::from_secs(600), &cancel)).unwrap_err();
    assert_eq!(error.code, Code::Cancelled);
}

/// The events of a run that say for whom it waits.
fn waits_told(bus: &Listener) -> Vec<(String, Value)> {
    bus.events().into_iter().filter(|(tag, _)| tag.ends_with("/waiting_for_lock")).collect()
}

#[test]
fn a_run_that_waits_for_a_lock_says_for_whom_and_since_when() {
    let mut site = Site::new();
    site.component("c", "resource \"terraform_data\" \"x\" {}\n", json!({}));
    site.infrastructure["settings"]["lock_timeout"] = json!(20);
    let path = site.folder.path().join("root/staging/.eos/components/c/lock");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    for folder in path.ancestors().skip(1).take(5) {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let holder = Holder {
        run_id: "01OTHER".into(),
        operation: "orchestrate".into(),
        user: "ann".into(),
        ..Holder::here()
    };
    let bus = Listener::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cancel = Cancel::new();
    let guard = runtime.block_on(LockService::File.acquire(&path, &holder, Duration::ZERO, &cancel)).unwrap();
    let report = std::thread::scope(|scope| {
        let waits = scope.spawn(|| site.run_on(&bus, "orchestrate", json!({})));
        killed::until("the event", || !waits_told(&bus).is_empty());
        runtime.block_on(guard.release()).unwrap();
        waits.join().unwrap()
    });
    assert_eq!(report["result"], true, "{report:#}");
    let waiting = waits_told(&bus);
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let (tag, data) = &waiting[0];
    assert_eq!(tag, "eos/staging/c/waiting_for_lock");
    assert_eq!((&data["holder"]["user"], &data["holder"]["since"]), (&json!("ann"), &json!(holder.since)));
    assert_eq!(data["run_id"], report["run_id"]);
}

#[test]
fn unlock_of_a_free_lock_file_says_that_nobody_holds_it_and_what_unlock_is_for() {
    let mut site = Site::new();
    site.component("store", "resource \"terraform_data\" \"x\" {}\n", json!({}));
    let unlock = |component: &str| {
        let refused = site.run("unlock", json!({ "component": component, "id": "6c8f2b1e" }));
        assert_eq!(refused["error"]["code"], "lock_is_a_file", "{refused:#}");
        view::text(&refused, false)
    };
    let text = unlock("store");
    let words =
        ["no lock of \"store\" is held in staging", "for locks in Consul", "nothing is locked in staging"];
    assert!(words.iter().all(|word| text.contains(word)) && !text.contains("processes hold"), "{text}");
    let near = unlock("stroe");
    assert!(near.contains("did you mean \"store\"?"), "{near}");
}
