//! A Docker engine in namespaces of its own, and images that contain one small program, `tests/servers/container`.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::server::{Guard, end, program};

pub struct Engine {
    child: Child,
    guard: Guard,
    folder: tempfile::TempDir,
    /// The first process in the engine's namespaces.
    inside: String,
    network: OwnedFd,
}

impl Engine {
    /// None, with a message, if an engine cannot be started here.
    pub fn start() -> Option<Self> {
        program("dockerd")?;
        program("container")?;
        // Sockets and allocations are below this folder, so its path must be short.
        let folder = tempfile::Builder::new().prefix("eos-").tempdir_in("/tmp").unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new(script("engine"))
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let guard = Guard::over(&child);
        let deadline = Instant::now() + Duration::from_secs(60);
        let docker = |words: &[&str]| docker(folder.path(), words);
        while !docker(&["info"]).output().unwrap().status.success() {
            let ended = child.try_wait().unwrap();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
                panic!("the Docker engine is not ready, ended {ended:?}:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // Its youngest child is the first process inside.
        let id = child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let inside = children.split_whitespace().last().unwrap().to_owned();
        let network = std::fs::File::open(format!("/proc/{inside}/ns/net")).unwrap().into();
        Some(Self { child, guard, folder, inside, network })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// Moves this thread into the engine's network, with all threads and processes that it starts.
    pub fn enter(&self) -> Entered {
        let before = std::fs::File::open("/proc/thread-self/ns/net").unwrap().into();
        move_into_link_name_space(rustix::fd::AsFd::as_fd(&self.network), Some(LinkNameSpaceType::Network))
            .unwrap();
        Entered(before)
    }

    /// The command that starts a program in all namespaces of the engine, with this working directory.
    pub fn inside(&self, folder: &Path, program: &Path, words: &[String]) -> (PathBuf, Vec<String>) {
        let enter = ["--target", &self.inside, "--net", "--mount", "--pid", "--", "env", "--chdir"];
        let mut all: Vec<_> = enter.map(str::to_owned).into();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        // Nomad starts consul for the sidecars of the mesh.
        let consul = super::server::program("consul").unwrap();
        let path = format!("PATH={}:{}", text(consul.parent().unwrap()), std::env::var("PATH").unwrap());
        all.extend([text(folder), path, text(program)]);
        all.extend_from_slice(words);
        ("nsenter".into(), all)
    }

    /// Makes an image that runs `tests/servers/container` with these words.
    pub fn image(&self, name: &str, words: &[&str]) {
        let make = script("image");
        let made = Command::new(make).arg(self.socket()).arg(name).args(words).output().unwrap();
        assert!(made.status.success(), "{name}: {made:?}");
    }

    /// The output of one command of Docker.
    pub fn docker(&self, words: &[&str]) -> String {
        let output = docker(self.folder.path(), words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name)
}

fn docker(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.arg(format!("--host=unix://{}/docker.sock", folder.display())).args(words);
    command
}

/// A thread in the engine's network. It returns at the end.
pub struct Entered(OwnedFd);

impl Drop for Entered {
    fn drop(&mut self) {
        move_into_link_name_space(rustix::fd::AsFd::as_fd(&self.0), Some(LinkNameSpaceType::Network))
            .unwrap();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        end(&mut self.guard, &mut self.child);
    }
}
