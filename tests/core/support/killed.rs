//! An Eos in its own process, and the processes of a world's calls, for tests that kill them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::world::World;
use super::{Site, again};

/// Long enough for any machine: the wait ends as soon as the condition holds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Starts `orchestrate` on this site.
pub fn start(site: &Site) -> Child {
    start_doing(site, "orchestrate")
}

pub fn start_doing(site: &Site, operation: &str) -> Child {
    let mut command = command(site, operation, &json!({}));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A command that runs an operation on this site in its own process.
pub fn command(site: &Site, operation: &str, arguments: &Value) -> Command {
    let told = site.folder.path().join("told.json");
    let text =
        json!({ "infrastructure": site.infrastructure, "operation": operation, "arguments": arguments });
    std::fs::write(&told, text.to_string()).unwrap();
    let mut command = again(an_eos_that_will_be_killed);
    command.env("EOS_TEST_TOLD", told);
    command
}

/// The other half of [`command`].
#[test]
#[ignore = "the other half of tests that kill it"]
fn an_eos_that_will_be_killed() {
    let Some(told) = std::env::var_os("EOS_TEST_TOLD") else { return };
    let told = Path::new(&told);
    let mut text: Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    // In the folder of the test, which kills this process and then removes the folder.
    let folder = tempfile::tempdir_in(told.parent().unwrap()).unwrap();
    let site = Site { folder, infrastructure: text["infrastructure"].take() };
    let report = site.run(text["operation"].as_str().unwrap(), text["arguments"].clone());
    std::fs::write(told.with_file_name("report.json"), report.to_string()).unwrap();
}

/// The report of an Eos that was not killed.
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

/// Waits until a fault makes this call hang, and returns it: it has begun, the thing's file exists, and neither the
/// call nor its terraform has ended.
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

/// Sends SIGKILL, and returns when the process is gone.
pub fn kill(process: &Value) {
    signal(process, rustix::process::Signal::KILL);
    until("the end of what was killed", || is_gone(process));
}

fn signal(process: &Value, signal: rustix::process::Signal) {
    let pid = i32::try_from(process["pid"].as_i64().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

/// Whether the process is gone. A zombie whose parent does not wait is gone too.
pub fn is_gone(process: &Value) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process["pid"])).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

/// Kills Eos, terraform and its provider in the middle of a call.
pub fn kill_all(mut us: Child, call: &Value) {
    // When Eos dies, terraform gets a SIGINT. It must not act on it, so it is stopped first.
    signal(&call["terraform"], rustix::process::Signal::STOP);
    us.kill().unwrap();
    us.wait().unwrap();
    kill(&call["terraform"]);
    kill(&call["provider"]);
}
