//! A PostgreSQL server of our own, on a loopback port.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const USER: &str = "eos";
const PASSWORD: &str = "s3cret-of-postgres";

pub struct Postgres {
    pg_ctl: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    who: Option<(u32, u32)>,
}

impl Postgres {
    /// None, visibly, where PostgreSQL is not on PATH; with `CI=true` that is a failure.
    pub fn new() -> Option<Self> {
        let (Some(initdb), Some(pg_ctl)) = (on_path("initdb"), on_path("pg_ctl")) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "PostgreSQL is missing");
            eprintln!("SKIPPED for want of PostgreSQL");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("eos-pg-").tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let who = rustix::process::getuid().is_root().then(unprivileged);
        let word = folder.path().join("word");
        std::fs::write(&word, PASSWORD).unwrap();
        for path in [folder.path(), &word].into_iter().filter(|_| who.is_some()) {
            let (user, group) = who.unwrap_or_default();
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
        let postgres = Self { pg_ctl, folder, port, who };
        let (data, pwfile) = (postgres.data(), format!("--pwfile={}", word.display()));
        let words =
            ["-U", USER, "-A", "scram-sha-256", &pwfile, "-E", "UTF8", "--no-sync", "--locale=C", "-D"];
        postgres.run(Command::new(initdb).args(words).arg(&data));
        let sockets = postgres.folder.path().display();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={sockets}"
        );
        let log = postgres.folder.path().join("log");
        postgres.run(postgres.control().arg("-l").arg(log).args(["-w", "-t", "60", "-o", &options, "start"]));
        Some(postgres)
    }

    /// For `settings:backend`; the password goes another way.
    pub fn backend(&self) -> Value {
        let port = self.port;
        json!({ "type": "pg", "conn_str": format!("postgres://{USER}@127.0.0.1:{port}/postgres?sslmode=disable") })
    }

    /// For `settings:terraform:env`, and for a terraform that is run by hand.
    pub fn keys(&self) -> [(&'static str, &'static str); 1] {
        [("PGPASSWORD", PASSWORD)]
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self) -> Command {
        let mut control = Command::new(&self.pg_ctl);
        control.arg("-D").arg(self.data());
        control
    }

    /// PostgreSQL refuses to run as root. Its words go to a file: the server would hold a pipe open.
    fn run(&self, command: &mut Command) {
        let words = self.folder.path().join("words");
        let out = std::fs::File::create(&words).unwrap();
        if let Some((user, group)) = self.who {
            command.uid(user).gid(group);
        }
        command.current_dir(self.folder.path()).env("LANG", "C.UTF-8").stdin(Stdio::null());
        let done = command.stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
        assert!(done.success(), "{}", std::fs::read_to_string(words).unwrap());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run(self.control().args(["-m", "immediate", "-w", "stop"]));
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Of `postgres`, or of `nobody`.
fn unprivileged() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let number = |at| line.split(':').nth(at)?.parse().ok();
        number(2).zip(number(3))
    };
    find("postgres").or_else(|| find("nobody")).expect("a user to run PostgreSQL as")
}
