//! Claims about child processes, with real ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eos::error::Code;
use eos::process::{Cancel, Cause, Command, CutShort, Exit, Guardian, Limits, run};
use secrecy::SecretString;

use crate::support::processes::{guardians_of, is_alive, kill, until};
use crate::support::{again, alone, ends_well};

fn shell(folder: &Path, script: &str) -> Command<'static> {
    Command {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: folder.to_owned(),
        env: BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap_or_default())]),
        stdout: folder.join("stdout"),
        stderr: folder.join("stderr"),
        room: 0,
        stdin: None,
        lock: None,
    }
}

const LONG: Limits = Limits { timeout: Duration::from_secs(60), stop_grace: Duration::from_secs(60) };

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn end(command: &Command, limits: &Limits, cancel: &Cancel, on_line: &mut dyn FnMut(&str)) -> Exit {
    let runtime = runtime();
    runtime.block_on(run(command, limits, &Guardian::start().unwrap(), cancel, on_line)).unwrap()
}

#[test]
fn every_line_is_received_in_private_files_and_the_child_has_the_umask_of_its_caller() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut lines = Vec::new();
    let script = "echo one; sleep 0.2; printf 'two\\nthree'; echo oops >&2; touch made; exit 3";
    let exit =
        end(&shell(folder.path(), script), &LONG, &Cancel::new(), &mut |line| lines.push(line.to_owned()));
    assert_eq!(lines, ["one", "two", "three"]);
    assert_eq!((exit.code, exit.stderr_tail.as_str(), exit.stopped), (Some(3), "oops", None));
    let mode = |file: &str| folder.path().join(file).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("stdout"), mode("stderr")], [0o600, 0o600]);
    std::fs::write(folder.path().join("ours"), "").unwrap();
    assert_eq!(mode("made"), mode("ours"));
}

#[test]
fn a_cancel_is_one_sigint_and_the_child_may_end_well() {
    let folder = tempfile::tempdir().unwrap();
    let script = "n=0; trap 'n=$((n+1)); echo int $n' INT; echo up; \
                  while [ $n -eq 0 ]; do sleep 0.05; done; sleep 0.4; echo end $n; exit 0";
    let cancel = Cancel::new();
    let mut lines = Vec::new();
    let asked = cancel.clone();
    let exit = end(&shell(folder.path(), script), &LONG, &cancel, &mut |line| {
        if line == "up" {
            asked.cancel(Cause::User);
        }
        lines.push(line.to_owned());
    });
    assert_eq!(lines, ["up", "int 1", "end 1"]);
    assert_eq!((exit.code, exit.stopped, exit.cut_short), (Some(0), Some(Cause::User), None));
}

#[test]
#[ignore = "the other half of the test below"]
#[expect(unsafe_code, reason = "a signal's disposition")]
fn a_process_that_ignores_sigint() {
    // SAFETY: `nohup` and a script's `&` do the same. This process runs no other test.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    let asked = cancel.clone();
    let exit = end(&shell(folder.path(), "echo up; exec sleep 600"), &LONG, &cancel, &mut |_| {
        asked.cancel(Cause::User)
    });
    assert_eq!((exit.signal, exit.cut_short), (Some(2), None));
}

#[test]
fn a_child_can_be_stopped_although_eos_was_started_to_ignore_sigint() {
    ends_well(a_process_that_ignores_sigint);
}

#[test]
fn a_child_that_ignores_sigint_is_killed_after_its_grace() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { timeout: Duration::from_millis(300), stop_grace: Duration::from_millis(300) };
    let exit = end(
        &shell(folder.path(), "trap '' INT; while :; do sleep 0.1; done"),
        &limits,
        &Cancel::new(),
        &mut |_| {},
    );
    assert_eq!(
        (exit.signal, exit.stopped, exit.cut_short),
        (Some(9), Some(Cause::Timeout), Some(CutShort::Late))
    );
}

#[test]
fn a_forced_stop_sends_a_second_sigint_and_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let script = "n=0; trap 'n=$((n+1)); echo int $n' INT; echo up; \
                  while [ $n -lt 2 ]; do sleep 0.05; done; exit 7";
    let cancel = Cancel::new();
    let mut lines = Vec::new();
    let asked = cancel.clone();
    let exit = end(&shell(folder.path(), script), &LONG, &cancel, &mut |line| {
        match line {
            "up" => asked.cancel(Cause::User),
            "int 1" => asked.force(),
            _ => {}
        }
        lines.push(line.to_owned());
    });
    assert_eq!(lines, ["up", "int 1", "int 2"]);
    assert_eq!((exit.code, exit.cut_short), (Some(7), Some(CutShort::Forced)));
}

#[test]
fn remaining_processes_of_a_child_are_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut left = String::new();
    let began = Instant::now();
    end(&shell(folder.path(), "sleep 600 & echo $!"), &LONG, &Cancel::new(), &mut |line| {
        left = line.to_owned()
    });
    assert!(began.elapsed() < Duration::from_secs(30));
    // A zombie counts as dead too.
    let state = std::fs::read_to_string(format!("/proc/{left}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn the_child_inherits_no_variable_and_no_descriptor_except_its_streams() {
    let folder = tempfile::tempdir().unwrap();
    let secret = SecretString::from("given");
    let mut command = shell(folder.path(), "ls /proc/$$/fd; env | grep -c CARGO || true");
    command.stdin = Some(&secret);
    let mut lines = Vec::new();
    end(&command, &LONG, &Cancel::new(), &mut |line| lines.push(line.to_owned()));
    assert_eq!(lines, ["0", "1", "2", "0"]);
}

#[test]
fn a_text_of_any_size_arrives_and_can_be_read_once() {
    let folder = tempfile::tempdir().unwrap();
    // The capacity of a pipe is 64 KiB.
    for size in [0, 1, 65_536, 65_537, 1 << 20, 5 << 20] {
        let text = SecretString::from("x".repeat(size));
        // Reads as terraform does: by the name of the file, not by its descriptor.
        let script = "wc -c </proc/self/fd/0; wc -c; cat /proc/self/fd/0";
        let command = Command { stdin: Some(&text), ..shell(folder.path(), script) };
        let mut lines = Vec::new();
        end(&command, &LONG, &Cancel::new(), &mut |line| lines.push(line.to_owned()));
        assert_eq!(lines[0].parse(), Ok(size));
        assert_eq!(lines[1..], ["0"], "{size}");
    }
}

#[test]
fn a_child_that_never_reads_its_stdin_does_not_block_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    let text = SecretString::from("x".repeat(1 << 20));
    // In the second script, a process that is not swept inherits the end of the pipe.
    for script in [
        "exit 3",
        "exec 3<&0; setsid sh -c 'touch up; exec sleep 300' & echo $! >left
                        until [ -e up ]; do sleep 0.01; done; exit 3",
    ] {
        let command = Command { stdin: Some(&text), ..shell(folder.path(), script) };
        let began = Instant::now();
        assert_eq!(end(&command, &LONG, &Cancel::new(), &mut |_| {}).code, Some(3));
        assert!(began.elapsed() < Duration::from_secs(30), "{script}");
    }
    let left = std::fs::read_to_string(folder.path().join("left")).unwrap();
    kill(left.trim());
    let command = Command { stdin: Some(&text), ..shell(folder.path(), "exec sleep 300") };
    let cancel = Cancel::new();
    cancel.cancel(Cause::User);
    assert_eq!(end(&command, &LONG, &cancel, &mut |_| {}).signal, Some(2));
}

#[test]
#[ignore = "one part of the test below"]
#[expect(unsafe_code, reason = "a signal's disposition")]
fn a_process_that_sigpipe_would_end() {
    // SAFETY: this process has no other thread that writes to a pipe.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let folder = tempfile::tempdir().unwrap();
    let text = SecretString::from("x".repeat(1 << 20));
    // It reads a part, so that the parent writes once more before it sees that the child is gone.
    let script = "head -c 100000 >read; exec 0<&-; sleep 0.3; exit 5";
    let command = Command { stdin: Some(&text), ..shell(folder.path(), script) };
    assert_eq!(end(&command, &LONG, &Cancel::new(), &mut |_| {}).code, Some(5));
}

#[test]
fn a_child_that_stops_reading_does_not_end_its_parent_by_sigpipe() {
    ends_well(a_process_that_sigpipe_would_end);
}

#[test]
fn a_program_that_is_missing_or_not_executable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain"), "text").unwrap();
    let (runtime, guardian) = (runtime(), Guardian::start().unwrap());
    for (program, code) in [("absent", Code::TerraformMissing), ("plain", Code::TerraformNotExecutable)] {
        let command = Command { program: folder.path().join(program), ..shell(folder.path(), "") };
        let error =
            runtime.block_on(run(&command, &LONG, &guardian, &Cancel::new(), &mut |_| {})).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(program), "{error}");
    }
}

#[test]
fn a_missing_folder_is_named_and_not_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let command = Command { cwd: folder.path().join("gone"), ..shell(folder.path(), "true") };
    let (runtime, guardian) = (runtime(), Guardian::start().unwrap());
    let error = runtime.block_on(run(&command, &LONG, &guardian, &Cancel::new(), &mut |_| {})).unwrap_err();
    assert_eq!(error.code, Code::File, "{error}");
    assert!(error.message.contains("gone"), "{error}");
}

#[test]
fn an_unreadable_stream_is_reported_only_after_the_child_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    // This file can be opened, but no byte of it can be read, because nothing is mapped at address 0.
    let command =
        Command { stdout: "/proc/self/mem".into(), ..shell(folder.path(), "sleep 0.5; touch ended") };
    let (runtime, guardian) = (runtime(), Guardian::start().unwrap());
    let error = runtime.block_on(run(&command, &LONG, &guardian, &Cancel::new(), &mut |_| {})).unwrap_err();
    assert!(error.message.contains("/proc/self/mem"), "{error}");
    assert!(folder.path().join("ended").exists());
}

#[test]
fn a_line_of_64_mib_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let script = "head -c 67108864 /dev/zero | tr '\\0' x; echo; echo end";
    let mut lengths = Vec::new();
    end(&shell(folder.path(), script), &LONG, &Cancel::new(), &mut |line| lengths.push(line.len()));
    assert_eq!(lengths, [64 << 20, 3]);
}

#[test]
fn the_child_leads_its_own_session_and_no_signal_is_blocked_or_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo $$; cut -d' ' -f6 /proc/$$/stat; grep -E 'Sig(Blk|Ign)' /proc/$$/status | cut -f2";
    let mut lines = Vec::new();
    end(&shell(folder.path(), script), &LONG, &Cancel::new(), &mut |line| lines.push(line.to_owned()));
    assert_eq!(lines[0], lines[1]);
    let signals = [2, 3].map(|line| u64::from_str_radix(&lines[line], 16).unwrap());
    // Rust programs, this one too, ignore SIGPIPE. Programs in the background of a script ignore SIGINT.
    // Signals from 32 on belong to the C library.
    assert_eq!(signals.map(|set| set & 0x7fff_ffff), [0, 0]);
}

static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

#[test]
#[ignore = "one part of the test below"]
#[expect(unsafe_code, reason = "a signal handler")]
fn a_child_that_counts_interrupts() {
    extern "C" fn count(_: i32) {
        INTERRUPTS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler only counts.
    unsafe { libc::signal(libc::SIGINT, count as *const () as libc::sighandler_t) };
    std::fs::write("up", "").unwrap();
    // It never sleeps: otherwise a second signal could arrive while the first is still pending, and both would count as
    // one.
    while INTERRUPTS.load(Ordering::Relaxed) == 0 {
        std::hint::spin_loop();
    }
    std::fs::write("interrupted", "").unwrap();
    while !Path::new("enough").exists() {
        std::hint::spin_loop();
    }
    std::fs::write("counted", INTERRUPTS.load(Ordering::Relaxed).to_string()).unwrap();
}

#[test]
#[ignore = "another part of it"]
fn a_parent_that_will_be_killed() {
    let Some(folder) = std::env::var_os("EOS_TEST_FOLDER") else {
        return;
    };
    for _ in 0..THREADS {
        std::thread::spawn(|| std::thread::sleep(LONG.timeout));
    }
    let command = Command {
        program: std::env::current_exe().unwrap(),
        args: alone(a_child_that_counts_interrupts).map(Into::into).into(),
        ..shell(Path::new(&folder), "")
    };
    end(&command, &LONG, &Cancel::new(), &mut |_| {});
}

/// Threads that can inherit a child from each other while the parent dies.
const THREADS: usize = 32;

#[test]
fn a_child_whose_parent_with_many_threads_is_killed_gets_one_sigint() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = again(a_parent_that_will_be_killed)
        .env("EOS_TEST_FOLDER", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the child", || folder.path().join("up").exists());
    let guardians = guardians_of(parent.id());
    assert_eq!(guardians.len(), 1);
    parent.kill().unwrap();
    parent.wait().unwrap();
    // All threads of the parent are gone. Only the guardian remains, and it has sent its signal.
    until("the signal", || folder.path().join("interrupted").exists());
    std::fs::write(folder.path().join("enough"), "").unwrap();
    let counted = || std::fs::read_to_string(folder.path().join("counted")).unwrap_or_default();
    until("the count", || !counted().is_empty());
    assert_eq!(counted(), "1");
    until("the guardian's end", || !is_alive(&guardians[0]));
}

#[test]
#[ignore = "one part of the two tests below"]
fn a_parent_of_a_shell_that_will_be_killed() {
    let folder = std::env::var_os("EOS_TEST_FOLDER").expect("the tests below set it");
    let script = std::env::var("EOS_TEST_SCRIPT").expect("and this");
    let limits = Limits { stop_grace: Duration::from_secs(1), ..LONG };
    end(&shell(Path::new(&folder), &script), &limits, &Cancel::new(), &mut |_| {});
}

/// Runs a script, kills its parent when the file `up` exists, and returns when the guardian is gone too.
fn orphaned(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = again(a_parent_of_a_shell_that_will_be_killed)
        .env("EOS_TEST_FOLDER", folder.path())
        .env("EOS_TEST_SCRIPT", script)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the child", || folder.path().join("up").exists());
    let guardians = guardians_of(parent.id());
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the guardian's end", || !is_alive(&guardians[0]));
    folder
}

#[test]
fn an_orphaned_child_is_killed_after_its_grace_with_all_its_processes() {
    let folder = orphaned("trap '' INT; sleep 300 & echo $$ $! >pids; touch up; while :; do wait; done");
    let pids = std::fs::read_to_string(folder.path().join("pids")).unwrap();
    for pid in pids.split_whitespace() {
        until("its end", || !is_alive(pid));
    }
}

#[test]
fn remaining_processes_of_an_orphaned_child_are_ended() {
    // Like a provider that ignores the signal that its terraform gets.
    let script = "(trap '' INT; exec sleep 300) & echo $! >left; trap 'touch asked; exit 0' INT; touch up; \
                  while :; do sleep 0.05; done";
    let folder = orphaned(script);
    assert!(folder.path().join("asked").exists());
    let left = std::fs::read_to_string(folder.path().join("left")).unwrap();
    until("its end", || !is_alive(left.trim()));
}

#[test]
fn a_guardian_ends_with_its_call_and_keeps_no_descriptor_of_it_open() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let guardian = Guardian::start().unwrap();
    let pid = guardian_of_this_thread();
    // The end of the pipe shows that no copy of its other end exists.
    drop(writer);
    assert_eq!(std::io::Read::read(&mut reader, &mut [0]).unwrap(), 0);
    drop(guardian);
    assert!(!is_alive(&pid));
}

#[test]
fn nothing_starts_if_the_guardian_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let guardian = Guardian::start().unwrap();
    let pid = guardian_of_this_thread();
    kill(&pid);
    let command = shell(folder.path(), "touch started");
    let error = runtime().block_on(run(&command, &LONG, &guardian, &Cancel::new(), &mut |_| {})).unwrap_err();
    assert_eq!(error.code, Code::Runtime, "{error}");
    assert!(!folder.path().join("started").exists());
}

/// The pid of this thread's only child. Other tests have their own threads.
fn guardian_of_this_thread() -> String {
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    children.split_whitespace().next().unwrap().to_owned()
}
