//! A PostgreSQL for one test, on a loopback port: a backend whose lock belongs to a session.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::ports::free_port;

const USER: &str = "eos";
const PASSWORD: &str = "s3cret-of-postgres";

pub struct Postgres {
    port: u16,
    folder: tempfile::TempDir,
    pg_ctl: PathBuf,
    /// PostgreSQL refuses to run as root. If the test is root, it runs as this user and group.
    who: Option<(u32, u32)>,
}

impl Postgres {
    /// None, with a message, if there is no PostgreSQL on PATH or in Debian's folders.
    pub fn new() -> Option<Self> {
        let who = rustix::process::getuid().is_root().then(unprivileged);
        let (Some(initdb), Some(pg_ctl), false) = (program("initdb"), program("pg_ctl"), who == Some(None))
        else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "PostgreSQL is missing");
            eprintln!("SKIPPED, missing: PostgreSQL");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("eos-pg-").tempdir_in("/tmp").unwrap();
        let port = free_port();
        let postgres = Self { port, folder, pg_ctl, who: who.flatten() };
        let path = |name: &str| postgres.folder.path().join(name).display().to_string();
        if let Some((user, group)) = postgres.who {
            std::os::unix::fs::chown(postgres.folder.path(), Some(user), Some(group)).unwrap();
        }
        std::fs::write(path("password"), PASSWORD).unwrap();
        let password = format!("--pwfile={}", path("password"));
        let how = ["-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--locale=C"];
        postgres.run(&initdb, &[&["-D", &path("data"), "-U", USER, &password], &how[..]].concat());
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={}",
            postgres.folder.path().display()
        );
        let log = path("log");
        postgres.control(&["-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
        Some(postgres)
    }

    /// The value of `settings:backend`.
    pub fn backend(&self) -> Value {
        let address = format!("postgres://{USER}@127.0.0.1:{}/postgres?sslmode=disable", self.port);
        json!({ "type": "pg", "conn_str": address })
    }

    /// The value of `settings:terraform:env`.
    pub fn keys(&self) -> [(&'static str, &'static str); 1] {
        [("PGPASSWORD", PASSWORD)]
    }

    fn control(&self, words: &[&str]) {
        let data = self.folder.path().join("data").display().to_string();
        self.run(&self.pg_ctl, &[&["-D", &data], words].concat());
    }

    fn run(&self, program: &Path, words: &[&str]) {
        let mut command = Command::new(program);
        // Output goes to /dev/null, because the server that pg_ctl starts would keep a pipe open.
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((user, group)) = self.who {
            command.uid(user).gid(group);
        }
        assert!(command.stderr(Stdio::null()).status().unwrap().success(), "{} {words:?}", program.display());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.control(&["-m", "immediate", "-w", "stop"]);
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The ids of a user and a group that are not root's.
fn unprivileged() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let mut fields = users.lines().find_map(|line| line.strip_prefix(&format!("{name}:x:")))?.split(':');
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
