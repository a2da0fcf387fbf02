//! Kills Eos, terraform, both, or all processes of a site.

use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Site;
use crate::support::killed::until;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    Eos,
    /// One of the running terraforms.
    Terraform,
    /// Eos and every terraform. Providers stay alive and finish their calls.
    Both,
    /// All processes, also the providers, as if the host had crashed.
    Everything,
}

impl Victim {
    pub const ALL: [Self; 4] = [Self::Eos, Self::Terraform, Self::Both, Self::Everything];

    pub fn word(self) -> &'static str {
        match self {
            Self::Eos => "Eos alone",
            Self::Terraform => "a terraform alone",
            Self::Both => "Eos and its terraforms",
            Self::Everything => "Eos, its terraforms and their providers",
        }
    }
}

/// Sends SIGKILL and returns the victim. If no terraform runs that could be killed alone, the victim is Eos.
pub fn strike(us: &mut Child, site: &Site, focus: &str, victim: Victim) -> Victim {
    let processes = processes(site);
    let terraforms = || processes.iter().filter(|one| one.program == "terraform");
    match victim {
        Victim::Terraform => {
            let folder = site.workdir(focus);
            let one = terraforms().find(|one| one.cwd.starts_with(&folder)).or_else(|| terraforms().next());
            let Some(one) = one else { return strike(us, site, focus, Victim::Eos) };
            kill(one.pid);
        }
        Victim::Eos => us.kill().unwrap(),
        Victim::Both | Victim::Everything => {
            terraforms().for_each(|one| kill(one.pid));
            us.kill().unwrap();
            if victim == Victim::Everything {
                processes.iter().for_each(|one| kill(one.pid));
            }
        }
    }
    if victim != Victim::Terraform {
        us.wait().unwrap();
    }
    victim
}

/// Kills the processes that still keep a component's lock after its Eos has died and a lock_timeout has passed. Returns
/// a description of them.
pub fn end_leftovers(site: &Site, component: &str) -> &'static str {
    let folder = site.workdir(component);
    let left: Vec<_> = processes(site).into_iter().filter(|one| one.cwd.starts_with(&folder)).collect();
    left.iter().for_each(|one| kill(one.pid));
    match left.iter().any(|one| one.program == "terraform") {
        // If terraform 1.11 is interrupted while it closes its providers, it may wait for itself forever.
        true => "a terraform still ran",
        false if left.is_empty() => "it was over by then",
        false => "a provider outlived its terraform",
    }
}

/// Waits until no terraform runs and no provider has a call in progress.
pub fn until_calm(site: &Site, world: &crate::support::world::World) {
    until("the end of every terraform", || !processes(site).iter().any(|one| one.program == "terraform"));
    until("the end of every call", || {
        let calls = world.operations();
        let ended = |start: &serde_json::Value| {
            calls.iter().any(|call| call["event"] == "end" && call["operation"] == start["operation"])
        };
        let mut starts = calls.iter().filter(|call| call["event"] == "start");
        starts.all(|start| ended(start) || crate::support::killed::is_gone(&start["provider"]))
    });
}

struct Process {
    pid: i32,
    program: String,
    cwd: PathBuf,
}

/// The terraforms and providers that run in this site's folders.
fn processes(site: &Site) -> Vec<Process> {
    let root = site.folder.path().join("root");
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(process).filter(|one| one.cwd.starts_with(&root)).collect()
}

fn process(pid: i32) -> Option<Process> {
    let folder = format!("/proc/{pid}");
    let cwd = std::fs::read_link(format!("{folder}/cwd")).ok()?;
    let words = std::fs::read(format!("{folder}/cmdline")).ok()?;
    let first = words.split(|byte| *byte == 0).next()?;
    let program = Path::new(std::str::from_utf8(first).ok()?).file_name()?.to_str()?.to_owned();
    program.starts_with("terraform").then_some(Process { pid, program, cwd })
}

fn kill(pid: i32) {
    // The process may have exited just now.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}
