//! The namespaces of an engine of its own, and who works in them.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{docker, script};
use crate::support::server::{Guard, end, program};

pub struct Namespaces {
    child: Child,
    guard: Guard,
    /// The first process inside.
    inside: String,
    network: OwnedFd,
}

impl Namespaces {
    /// Returns when the engine answers.
    pub(super) fn start(folder: &Path, socket: &Path) -> Self {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut child = Command::new(script("engine"))
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let guard = Guard::over(&child);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !docker(socket, &["info"]).output().unwrap().status.success() {
            let ended = child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(folder.join("log")).unwrap();
                panic!("the Docker engine is not ready, ended {ended:?}:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // Its youngest child is the first process inside.
        let id = child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let inside = children.split_whitespace().last().unwrap().to_owned();
        let network = std::fs::File::open(format!("/proc/{inside}/ns/net")).unwrap().into();
        Self { child, guard, inside, network }
    }

    /// Moves this thread into the network, with all threads and processes that it starts.
    pub fn enter(&self) -> Entered {
        let before = std::fs::File::open("/proc/thread-self/ns/net").unwrap().into();
        move_into(&self.network);
        Entered(before)
    }

    /// The command that starts a program in all namespaces, with this working directory.
    pub fn inside(&self, folder: &Path, program: &Path, words: &[String]) -> (PathBuf, Vec<String>) {
        let enter = ["--target", &self.inside, "--net", "--mount", "--pid", "--", "env", "--chdir"];
        let mut all: Vec<_> = enter.map(str::to_owned).into();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        // Nomad starts consul for the sidecars of the mesh.
        let consul = self::program("consul").unwrap();
        let path = format!("PATH={}:{}", text(consul.parent().unwrap()), std::env::var("PATH").unwrap());
        all.extend([text(folder), path, text(program)]);
        all.extend_from_slice(words);
        ("nsenter".into(), all)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        end(&mut self.guard, &mut self.child);
    }
}

/// A thread in the network of an engine. It returns at the end.
pub struct Entered(OwnedFd);

impl Drop for Entered {
    fn drop(&mut self) {
        move_into(&self.0);
    }
}

fn move_into(network: &OwnedFd) {
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
}
