//! Terraform's children inherit nothing from Eos. A real terraform starts a real provisioner.

use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Site, statuses};

/// Lists its descriptors, tries to free a lock with each, and reads its own stdin, terraform's stdin, and those of the
/// processes between.
const LOOK: &str = r#"
exec 2>&1
ls -l /proc/$$/fd
for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
  [ -e /proc/$$/fd/$fd ] && eval "flock -u $fd"
done
process=$$
while :; do
  timeout 5 cat </proc/$process/fd/0
  case $(cat /proc/$process/comm) in terraform|tofu) break ;; esac
  process=$(cut -d' ' -f4 /proc/$process/stat)
done
echo "terraform is $process"
touch "$1/looked"
until [ -e "$1/go" ]; do sleep 0.05; done
"#;

const MODULE: &str = r#"
variable "seen" {
  type = string
}
variable "secret" {
  type      = string
  sensitive = true
}
resource "terraform_data" "keeps" {
  input = sha256(var.secret)
}
resource "terraform_data" "looks" {
  provisioner "local-exec" {
    command = "sh '${path.module}/look.sh' '${var.seen}' >'${var.seen}/found'"
  }
}
output "arrived" {
  value = nonsensitive(terraform_data.keeps.output)
}
"#;

fn lock(site: &Site) -> std::path::PathBuf {
    site.folder.path().join("root/staging/.eos/components/one/lock")
}

/// Runs the module with this secret. Returns the component's report, and the output of its provisioner.
fn looked(secret: &str) -> (serde_json::Value, String) {
    let mut site = Site::new();
    let folder = site.folder.path().to_owned();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("secret", secret);
    let rest = json!({
        "variables": { "seen": folder },
        "secrets": { "secret": format!("file:{}", folder.join("secret").display()) },
    });
    site.component("one", MODULE, rest);
    write("modules/one/look.sh", LOOK);
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| site.run("orchestrate", json!({})));
        until(&folder.join("looked"), || run.is_finished());
        let held = eos::lock::holder(&lock(&site)).unwrap();
        write("go", "");
        let report = run.join().unwrap();
        let held = held.unwrap_or_else(|| panic!("its provisioner freed the lock: {report:#}"));
        assert_eq!(held.run_id, report["run_id"]);
        report
    });
    assert_eq!(statuses(&report)["one"], "applied", "{report:#}");
    assert_eq!(eos::lock::holder(&lock(&site)).unwrap(), None);
    let found = std::fs::read(folder.join("found")).unwrap();
    (report["components"]["one"].clone(), String::from_utf8_lossy(&found).into_owned())
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn until(path: &Path, over: impl Fn() -> bool) {
    while !path.exists() && !over() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_provisioner_inherits_no_descriptor_and_can_neither_read_a_secret_nor_release_the_lock() {
    let (report, found) = looked("canary-of-a-secret");
    assert_eq!(report["outputs"]["arrived"], sha256("canary-of-a-secret"), "{report:#}");
    assert!(!found.contains("canary-of-a-secret"), "{found}");
    let listed = found.lines().filter(|line| line.contains(" -> "));
    // The shell reads its script from its own descriptor.
    let inherited = listed.filter(|line| !line.ends_with("/look.sh"));
    assert_eq!(inherited.count(), 3, "{found}");
    assert!(!found.contains("memfd") && !found.contains("/lock"), "{found}");
    assert!(found.contains("terraform is "), "{found}");
}

#[test]
fn a_secret_of_a_mebibyte_arrives() {
    let canary = "canary-of-a-large-secret ".repeat((1 << 20) / 25);
    let (report, found) = looked(&canary);
    assert!(!found.contains("canary"), "{}", &found[..found.len().min(2000)]);
    assert_eq!(report["outputs"]["arrived"], sha256(&canary));
}
