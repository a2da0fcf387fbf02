//! An Eos in a process of its own, and the processes that a world's calls name: to be killed.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::world::World;
use super::{Site, again};

/// Long enough for any machine; what is waited for is a fact.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Starts `orchestrate` on this site.
pub fn start(site: &Site) -> Child {
    start_doing(site, "orchestrate")
}

pub fn start_doing(site: &Site, operation: &str) -> Child {
    let told = site.folder.path().join("told.json");
    std::fs::write(&told, site.infrastructure.to_string()).unwrap();
    again(an_eos_that_will_be_killed)
        .env("EOS_TEST_TOLD", told)
        .env("EOS_TEST_OPERATION", operation)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The other half of [`start_doing`].
#[test]
#[ignore = "the other half of tests that kill it"]
fn an_eos_that_will_be_killed() {
    let Some(told) = std::env::var_os("EOS_TEST_TOLD") else { return };
    let (told, operation) = (Path::new(&told), std::env::var("EOS_TEST_OPERATION").unwrap());
    let infrastructure = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    // Inside the folder of whoever kills us, and removes it.
    let folder = tempfile::tempdir_in(told.parent().unwrap()).unwrap();
    let report = Site { folder, infrastructure }.run(&operation, json!({}));
    std::fs::write(told.with_file_name("report.json"), report.to_string()).unwrap();
}

/// What an Eos that lived to its end reported.
pub fn report(site: &Site) -> Value {
    serde_json::from_slice(&std::fs::read(site.folder.path().join("report.json")).unwrap()).unwrap()
}

pub fn until(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The call that a fault made hang: it began, the thing's file is there, and neither it nor its terraform has ended.
pub fn until_hangs(world: &World, kind: &str, name: &str) -> Value {
    let of = |event: &'static str| {
        let calls = world.operations().into_iter();
        calls.rev().find(|call| call["event"] == event && call["kind"] == kind && call["name"] == name)
    };
    until(&format!("{kind} of {name} hangs"), || {
        of("start").is_some_and(|start| {
            let took_effect = kind != "create" || world.things().contains_key(start["id"].as_str().unwrap());
            took_effect
                && !is_gone(&start["terraform"])
                && of("end").is_none_or(|end| end["at"].as_i64() < start["at"].as_i64())
        })
    });
    of("start").unwrap()
}

/// SIGKILL; returns once nothing of it runs.
pub fn kill(process: &Value) {
    signal(process, rustix::process::Signal::KILL);
    until("the end of what was killed", || is_gone(process));
}

fn signal(process: &Value, signal: rustix::process::Signal) {
    let pid = i32::try_from(process["pid"].as_i64().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

/// A zombie whose parent does not wait is gone too.
pub fn is_gone(process: &Value) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process["pid"])).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

/// Us, terraform and its provider, in the middle of a call.
pub fn kill_all(mut us: Child, call: &Value) {
    // Our end is a SIGINT to terraform, which must not come to act on it.
    signal(&call["terraform"], rustix::process::Signal::STOP);
    us.kill().unwrap();
    us.wait().unwrap();
    kill(&call["terraform"]);
    kill(&call["provider"]);
}
