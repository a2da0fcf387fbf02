//! A secret is shown nowhere, with any type and in any output of a run.

use std::path::Path;
use std::sync::Mutex;

use eos::host::Host;
use eos::view;
use serde_json::{Value, json};

use crate::support::web::Web;
use crate::support::{Site, without_salt};

const PIN: &str = "1234567890123";
/// The value that the module computes from the secret.
const MADE: &str = "2469135780246";
const KEY: &str = "key-0001-of-a-map";

const PINS: &str = r#"
variable "pin" { type = number }
variable "short" { type = string }
resource "terraform_data" "x" {
  input = { deep = [var.pin, { (tostring(var.pin)) = "port ${var.pin} is taken" }], short = var.short }
}
resource "terraform_data" "keyed" {
  for_each         = toset([tostring(var.pin)])
  triggers_replace = var.short
}
output "pin" { value = var.pin }
output "deep" { value = { (tostring(var.pin)) = [var.pin, "x${var.pin}y"] } }
output "made" {
  value     = var.pin * 2
  sensitive = true
}
output "keys" {
  value     = { (join("-", ["key", "0001", "of-a-map"])) = true }
  sensitive = true
}
"#;

const READER: &str = r#"
variable "made" { type = number }
variable "keys" { type = map(bool) }
resource "terraform_data" "r" { input = nonsensitive([var.made, "made ${var.made}", keys(var.keys)]) }
output "again" { value = nonsensitive({ (tostring(var.made)) = var.keys, whole = var.made }) }
"#;

const FAILS: &str = r#"
variable "made" { type = number }
variable "keys" { type = map(bool) }
resource "terraform_data" "f" {
  lifecycle {
    precondition {
      condition     = var.made == 1
      error_message = "No port ${nonsensitive(var.made)} for ${join(",", keys(nonsensitive(var.keys)))}."
    }
  }
}
"#;

/// The same number as the secret, in a component that never got the secret.
const NEIGHBOUR: &str = r#"
output "same" { value = 1234567890123 }
output "other" { value = 42 }
"#;

#[derive(Default)]
struct Listening {
    heard: Mutex<Vec<String>>,
}

impl Host for Listening {
    without_salt!();

    fn emit(&self, tag: &str, data: &Value) {
        self.heard.lock().unwrap().push(format!("event {tag} {data}"));
    }
    fn log(&self, level: tracing::Level, message: &str) {
        self.heard.lock().unwrap().push(format!("log {level} {message}"));
    }
}

fn assert_clean(what: &str, text: &str) {
    for secret in [PIN, MADE, KEY, "1.234567890123", "2.469135780246"] {
        assert!(!text.contains(secret), "{secret} in {what}: {text}");
    }
}

/// States, plans and Terraform's own stream may contain a secret. The neighbour's files may too, because the number is
/// not a secret there.
fn may_hold(path: &Path) -> bool {
    let path = path.to_string_lossy();
    ["tfstate", "tfplan", ".stdout", "/objects/", "/neighbour/"].iter().any(|kind| path.contains(kind))
}

fn assert_files_clean(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => assert_files_clean(&path),
            kind if kind.is_file() && !may_hold(&path) => {
                assert_clean(
                    &path.display().to_string(),
                    &String::from_utf8_lossy(&std::fs::read(&path).unwrap()),
                );
            }
            _ => {}
        }
    }
}

#[test]
fn a_number_and_a_key_that_are_secret_are_shown_by_no_operation() {
    let mut site = Site::new();
    let folder = site.folder.path().to_owned();
    std::fs::write(folder.join("pin"), PIN).unwrap();
    std::fs::write(folder.join("short"), "q7!").unwrap();
    let web = Web::always(200);
    let refer = |name: &str| format!("file:{}", folder.join(name).display());
    let hook = json!({ "webhook": { "url": web.url() } });
    let from = json!({ "made": "pins.made", "keys": "pins.keys" });
    site.component("pins", PINS, json!({
        "secrets": { "pin": refer("pin"), "short": refer("short") }, "hooks": [hook], "policy": { "protect": ["terraform_data"] },
    }));
    site.component("reader", READER, json!({ "from_outputs": from, "hooks": [hook] }));
    site.component("fails", FAILS, json!({ "from_outputs": from }));
    site.component("neighbour", NEIGHBOUR, json!({}));
    site.infrastructure["settings"]["on_failure"] = json!("continue");
    let host = Listening::default();
    let run = |operation: &str, arguments: Value| {
        let report = site.run_on(&host, operation, arguments);
        assert_clean(operation, &report.to_string());
        assert_clean(operation, &view::text(&report, false));
        report
    };

    run("orchestrate", json!({ "test": true }));
    run("plan", json!({ "components": ["pins"] }));
    let report = run("orchestrate", json!({}));
    let (pins, reader) = (&report["components"]["pins"], &report["components"]["reader"]);
    assert_eq!(pins["outputs"]["pin"], "(sensitive)", "{report:#}");
    assert_eq!(pins["outputs"]["deep"], json!({ "(sensitive)": ["(sensitive)", "x(sensitive)y"] }));
    assert_eq!(reader["outputs"]["again"]["whole"], "(sensitive)", "{report:#}");
    let said = report["components"]["fails"]["error"]["message"].as_str().unwrap();
    assert!(said.contains("No port (sensitive) for (sensitive)."), "{said}");
    assert_eq!(report["components"]["neighbour"]["outputs"], json!({ "same": "(sensitive)", "other": 42 }));
    let notes = pins["notes"].to_string();
    assert!(notes.contains("variable short") && !notes.contains("q7!"), "{notes}");
    assert!(!notes.contains("variable pin"), "{notes}");

    std::fs::write(folder.join("short"), "q8!").unwrap();
    let plan = run("orchestrate", json!({ "components": ["pins"] }));
    let plan_id = plan["plan_id"].as_str().unwrap_or_else(|| panic!("not stopped: {plan:#}"));
    run("approve", json!({ "plan_id": plan_id, "components": ["pins"] }));
    for (operation, arguments) in [
        ("outputs", json!({})),
        ("status", json!({})),
        ("history", json!({})),
        ("drift", json!({})),
        ("sync_states", json!({})),
        ("show_run", json!({ "run_id": report["run_id"] })),
        ("show", json!({ "run_id": report["run_id"], "format": "markdown" })),
        ("show", json!({ "run_id": plan_id, "format": "markdown" })),
    ] {
        run(operation, arguments);
    }
    let heard = host.heard.lock().unwrap();
    assert!(
        heard.iter().any(|line| line.starts_with("log"))
            && heard.iter().any(|line| line.starts_with("event"))
    );
    assert_clean("logs and events", &heard.join("\n"));
    assert!(!web.asked().is_empty());
    assert_clean("hooks", &web.asked().join("\n"));
    assert_files_clean(&folder.join("root"));
}

const SHOUTS: &str = r#"
resource "terraform_data" "x" {
  provisioner "local-exec" {
    command = "printf '\\033]0;pwned\\007\\033[2Jboo\\302\\233 \\342\\200\\256\\r\\nfake: 8 applied\\n    next: nothing\\n' >&2; exit 1"
  }
}
"#;

#[test]
fn the_output_of_a_provisioner_cannot_control_a_terminal_or_imitate_the_report() {
    let mut site = Site::new();
    site.component("shouts", SHOUTS, json!({}));
    let host = Listening::default();
    let report = site.run_on(&host, "orchestrate", json!({}));
    let message = report["components"]["shouts"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("pwned") && message.contains("fake: 8 applied"), "{report:#}");
    let heard = host.heard.lock().unwrap().join("\u{0}");
    for text in [message, &view::text(&report, false), &heard.replace('\u{0}', "")] {
        let obeyed = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
        assert!(!text.chars().any(obeyed), "{text:?}");
    }
    for text in [view::text(&report, false), heard] {
        let forged =
            |line: &str| ["fake:", "next: nothing"].iter().any(|one| line.trim_start().starts_with(one));
        assert!(!text.split(['\n', '\u{0}']).any(forged), "{text}");
    }
}

#[test]
fn a_backend_that_refuses_to_show_its_state_is_reported_without_colours() {
    // During init there is no state yet.
    let web = Web::new(|request| Some(if request == 1 { 204 } else { 500 }));
    let mut site = Site::new();
    let backend = json!({ "type": "http", "address": web.url(), "retry_max": 0 });
    site.component("remote", "output \"x\" { value = 1 }", json!({ "backend": backend }));
    let report = site.run("orchestrate", json!({}));
    let error = &report["components"]["remote"]["error"];
    assert_eq!(error["details"]["step"], "state pull", "{report:#}");
    assert!(!report.to_string().contains("u001b"), "{report:#}");
}
