//! A Docker engine, and images that contain one small program, `tests/servers/container`.

mod guest;
mod namespaces;

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use namespaces::{Entered, Namespaces};

use super::server::program;
use guest::Guest;

/// The field order matters: an engine ends before its folder is removed.
pub struct Engine {
    place: Place,
    socket: PathBuf,
    folder: tempfile::TempDir,
}

enum Place {
    /// Only the tests use it.
    Own(Namespaces),
    OfOthers {
        _guest: Guest,
    },
}

impl Engine {
    /// An engine in namespaces of its own. None, with a message, if it cannot be started here.
    pub fn own() -> Option<Self> {
        program("dockerd")?;
        let folder = folder()?;
        let socket = folder.path().join("docker.sock");
        let place = Place::Own(Namespaces::start(folder.path(), &socket));
        Some(Self { place, socket, folder })
    }

    /// The engine of others at this socket. What the tests make there is removed at the end.
    pub fn of_others(socket: &Path) -> Option<Self> {
        let folder = folder()?;
        let _guest = Guest::at(socket, &mark(folder.path()));
        Some(Self { place: Place::OfOthers { _guest }, socket: socket.to_owned(), folder })
    }

    /// A folder that its containers see too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// None: it is the engine of others, in the namespaces of this machine.
    pub fn namespaces(&self) -> Option<&Namespaces> {
        match &self.place {
            Place::Own(namespaces) => Some(namespaces),
            Place::OfOthers { .. } => None,
        }
    }

    /// The name of an image of these tests.
    pub fn named(&self, image: &str) -> String {
        format!("{}/{image}", mark(self.folder()))
    }

    /// Makes an image that runs `tests/servers/container` with these words. Returns its whole name.
    pub fn image(&self, image: &str, words: &[&str]) -> String {
        let name = self.named(image);
        let made = Command::new(script("image")).arg(&self.socket).arg(&name).args(words).output().unwrap();
        assert!(made.status.success(), "{name}: {made:?}");
        name
    }

    /// The output of one command of Docker.
    pub fn docker(&self, words: &[&str]) -> String {
        let output = docker(&self.socket, words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Sockets and allocations are below this folder, so its path must be short.
fn folder() -> Option<tempfile::TempDir> {
    program("container")?;
    Some(tempfile::Builder::new().prefix("eos-").tempdir_in("/tmp").unwrap())
}

/// The first part of the names of all images of an engine. No other process uses it.
fn mark(folder: &Path) -> String {
    folder.file_name().unwrap().to_str().unwrap().to_lowercase()
}

/// Whether `tests/servers/get engine` found an engine that runs, because then it prints the path of its socket.
pub fn is_socket(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_socket())
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name)
}

fn docker(socket: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.arg(format!("--host=unix://{}", socket.display())).args(words);
    command
}
