//! The `terraform` on PATH: which program it is, and what it has. `make matrix-versions` puts others there.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

pub struct Program {
    /// Without links, so that its name says whether it is OpenTofu.
    pub path: PathBuf,
    pub is_tofu: bool,
    pub version: String,
}

impl Program {
    pub fn at(path: PathBuf) -> Self {
        let mut asked = Command::new(&path);
        let asked = asked.args(["version", "-json"]).env("TF_CLI_CONFIG_FILE", "/dev/null");
        let output = asked.env("CHECKPOINT_DISABLE", "1").stdin(Stdio::null()).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let version = said["terraform_version"].as_str().unwrap().to_owned();
        Self { path, is_tofu: said.get("terraform_outdated").is_none(), version }
    }

    /// Whether it is of this version or a newer one, such as `1.7`. No version is `never`.
    fn is_since(&self, terraform: &str, opentofu: &str) -> bool {
        let numbers =
            |text: &str| text.split('.').take(2).map(|one| one.parse().ok()).collect::<Option<Vec<u64>>>();
        let first = numbers(if self.is_tofu { opentofu } else { terraform });
        first.is_some_and(|first| numbers(&self.version).unwrap() >= first)
    }
}

/// The program that tests use if they name no other.
pub fn used() -> &'static Program {
    static USED: OnceLock<Program> = OnceLock::new();
    USED.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found =
            std::env::split_paths(&path).map(|folder| folder.join("terraform")).find(|one| one.is_file());
        Program::at(found.expect("terraform is on PATH").canonicalize().unwrap())
    })
}

/// Whether the program has what a test is about: since these versions of Terraform and of OpenTofu. If not, says so.
pub fn has(terraform: &str, opentofu: &str) -> bool {
    let is_since = used().is_since(terraform, opentofu);
    if !is_since {
        lacks(used());
    }
    is_since
}

/// The test harness captures a test's output. This line bypasses it.
fn lacks(program: &Program) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let name = if program.is_tofu { "OpenTofu" } else { "Terraform" };
    let line = format!("NOT IN {name} {}: {test}\n", program.version);
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// A pinned OpenTofu, or the one on PATH. None, with a message, if it cannot be built; with `CI=true` this is a failure.
pub fn opentofu() -> Option<Program> {
    const NAME: &str = "tofu-1.10.10";
    if used().is_tofu {
        return Some(Program::at(used().path.clone()));
    }
    let path = super::server::got("tests/versions/get", NAME)?;
    Some(Program::at(path))
}
