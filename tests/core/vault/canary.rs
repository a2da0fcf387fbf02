//! A secret from Vault is only in files that may contain it, in no message, and on no command line.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use eos::host::{Host, MinionReturn, SaltJob, StartedJob};
use eos::operation::{Call, CallerIdentity, Request, run};
use eos::view::progress::ProgressDisplay;
use serde_json::{Value, json};

use super::bench::{Bench, statuses};
use crate::support::web::Web;

const SECRETS: [&str; 5] = [
    "hunter2-a-variable",
    "hunter2-in-the-environment",
    "hunter2-of-the-cloud",
    "hunter2-of-a-webhook",
    "hunter2-of-sdb-for-a-webhook",
];

/// A host that records all messages.
#[derive(Default)]
struct Listener(Mutex<Vec<String>>);

impl Host for Listener {
    fn fetch(&self, _: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        Err("there is no Salt in this test".to_owned())
    }
    fn render(&self, _: &Path) -> Result<String, String> {
        Err("there is no Salt in this test".to_owned())
    }
    fn start_sdb(&self, uri: &str, _: Duration) -> Result<String, String> {
        Ok(uri.to_owned())
    }
    fn poll_sdb(&self, uri: &str) -> Result<Option<String>, String> {
        match uri {
            "sdb://safe/net/token" => Ok(Some(SECRETS[2].to_owned())),
            "sdb://safe/net/hook" => Ok(Some(SECRETS[4].to_owned())),
            _ => Err("there is no such key".to_owned()),
        }
    }
    fn emit(&self, tag: &str, data: &Value) {
        self.0.lock().unwrap().push(format!("{tag} {data}"));
    }
    fn log(&self, level: tracing::Level, message: &str) {
        self.0.lock().unwrap().push(format!("{level} {message}"));
    }
    fn tick(&self) -> u32 {
        // Checks the command lines of all running processes too.
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            if let Ok(text) = std::fs::read(entry.path().join("cmdline")) {
                let text = String::from_utf8_lossy(&text);
                if SECRETS.iter().any(|secret| text.contains(secret)) {
                    self.0.lock().unwrap().push(format!("a command line: {text}"));
                }
            }
        }
        0
    }
    fn start(&self, _: &SaltJob) -> Result<StartedJob, String> {
        Err("there is no Salt in this test".to_owned())
    }
    fn poll(&self, _: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        Err("there is no Salt in this test".to_owned())
    }
    fn stop(&self, _: &str) {}
}

fn orchestrate(bench: &Bench, listener: &Listener) -> Value {
    let request = Request {
        operation: "orchestrate".to_owned(),
        arguments: [("environment".to_owned(), json!("staging"))].into_iter().collect(),
        surplus: 0,
        infrastructure: bench.site.infrastructure.clone(),
        problems: Vec::new(),
        identity: CallerIdentity::default(),
    };
    let report = run(Call { request, host: listener, progress: quiet });
    listener.0.lock().unwrap().push(report.to_string());
    report
}

fn quiet(environment: &str, components: &BTreeSet<eos::model::Name>, parallel: usize) -> ProgressDisplay {
    ProgressDisplay::new(environment, components, parallel)
}

/// Files that may contain secrets: a state and its copies, a plan, and the raw output of terraform.
fn may_hold(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    let in_objects = path.components().any(|part| part.as_os_str() == "objects");
    let is_state = name.contains(".tfstate") || in_objects;
    is_state || name.contains("tfplan") || name.ends_with(".stdout") || name.ends_with(".stderr")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn a_vault_secret_is_nowhere_after_a_run_a_failure_and_a_rollback() {
    let Some(bench) = Bench::new("canary") else { return };
    let mut bench = bench.with(json!({}));
    bench.put("net", json!({ "variable": SECRETS[0], "environment": SECRETS[1], "hook": SECRETS[3] }));
    bench.settings("on_failure", json!("rollback"));
    let env = json!({ "MINE": bench.secret("net#environment"), "SAFE": "sdb://safe/net/token" });
    bench.settings("terraform", json!({ "env": env }));
    let web = Web::always(200);
    let headers = json!({ "Authorization": bench.secret("net#hook"), "X-Safe": "sdb://safe/net/hook" });
    let hook = json!({ "webhook": { "url": web.url(), "headers": headers } });
    let given = bench.secret("net#variable");
    let rest = |round: u64| {
        json!({
            "secrets": { "given": given }, "variables": { "round": round },
            "rollback": { "needs_approval_for": [] }, "hooks": [hook],
        })
    };
    // The script prints its secrets. Terraform has its output, and the message of a failure repeats it.
    let tells = "echo \"$FROM $MINE $SAFE\"; echo \"$FROM $MINE $SAFE\" >&2";
    let listener = Listener::default();
    bench.shell("net", tells, rest(1));
    let before = bench.tokens();
    assert_eq!(statuses(&orchestrate(&bench, &listener))["net"], "applied");
    let heard = web.asked().concat();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(SECRETS[3]) && head.contains(SECRETS[4]), "{head}");
    assert!(!SECRETS.iter().any(|secret| body.contains(secret)), "{body}");
    bench.shell("net", &format!("{tells}; exit 3"), rest(2));
    let report = orchestrate(&bench, &listener);
    assert_eq!(statuses(&report)["net"], "rolled_back", "{report:#}");
    bench.until_as_before(&before);

    let told = listener.0.into_inner().unwrap();
    assert!(told.len() > 10, "it was told little: {told:?}");
    let leaks: Vec<_> =
        told.iter().filter(|line| SECRETS.iter().any(|secret| line.contains(secret))).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");

    let mut found = Vec::new();
    files(&bench.site.folder.path().join("root"), &mut found);
    let mut held = 0;
    for path in found {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let holds = SECRETS.iter().any(|secret| text.contains(secret));
        assert!(!holds || may_hold(&path), "{} holds a secret", path.display());
        if holds {
            held += 1;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
    }
    assert!(held > 0, "a state holds the variable: what is searched for is there");
}
