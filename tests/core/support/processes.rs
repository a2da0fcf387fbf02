//! Processes by their pids.

use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub fn until(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !fact() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends SIGKILL, and returns when the process is dead.
pub fn kill(pid: &str) {
    kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    until("the end of what was killed", || !is_alive(pid));
}

/// Whether the process is alive. A zombie is not.
pub fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// The guardians among a process's children.
pub fn guardians_of(parent: u32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap().flatten();
    let children = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap());
    let children = children.collect::<String>();
    let named = |pid: &&str| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "eos-guardian")
    };
    children.split_whitespace().filter(named).map(str::to_owned).collect()
}

/// Kills an Eos and its guardian: nobody asks its terraform to stop.
pub fn kill_with_guardian(mut eos: Child) {
    let guardians = guardians_of(eos.id());
    assert_eq!(guardians.len(), 1);
    // The guardian is killed first, because it would act when its Eos dies.
    kill(&guardians[0]);
    eos.kill().unwrap();
    eos.wait().unwrap();
}
