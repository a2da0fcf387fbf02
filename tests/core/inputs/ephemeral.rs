//! The value of an ephemeral variable reaches the plan and the apply, and is kept nowhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::program;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// The value goes to a write-only attribute and to the provider itself.
const ACCOUNT: &str = r#"
variable "token" {
  type      = string
  ephemeral = true
}
variable "optional" {
  type      = string
  ephemeral = true
  default   = null
}
variable "rotation" { default = 1 }
resource "world_account" "a" {
  name                = "a"
  password_wo         = var.token
  password_wo_version = var.rotation
}
"#;

struct Bench {
    world: World,
    site: Site,
}

impl Bench {
    /// Write-only attributes are newer than ephemeral variables.
    fn new(given: Value) -> Option<Self> {
        if !program::has("1.11", "1.11") {
            return None;
        }
        let world = World::new()?;
        let mut site = Site::new();
        site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
        site.component("net", &(world.provider("net") + ACCOUNT), given);
        let bench = Self { world, site };
        Some(bench)
    }

    /// The secret is in a file, which is outside of the root.
    fn of_secret(value: &str) -> Option<Self> {
        let mut bench = Self::new(json!({}))?;
        bench.set(value);
        let reference = format!("file:{}", bench.secret().display());
        bench.site.infrastructure["components"]["net"]["secrets"] = json!({ "token": reference });
        Some(bench)
    }

    fn secret(&self) -> PathBuf {
        self.site.folder.path().join("secret")
    }

    fn set(&self, value: &str) {
        fs::write(self.secret(), value).unwrap();
    }

    fn status(&self, operation: &str, arguments: Value) -> String {
        let report = self.site.run(operation, arguments);
        assert!(!report.to_string().contains("canary"), "{report:#}");
        statuses(&report).remove("net").unwrap_or_else(|| panic!("{report:#}"))
    }

    /// The password that the provider has.
    fn password(&self) -> Value {
        let text = fs::read(self.world.path("accounts/a.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["password"].clone()
    }

    /// The files below the root that contain the text.
    fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files(&self.site.folder.path().join("root"), &mut |path| {
            let bytes = fs::read(path).unwrap();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.to_owned());
            }
        });
        found
    }
}

fn files(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        match kind.is_dir() {
            true => files(&entry.path(), each),
            false if kind.is_file() => each(&entry.path()),
            false => {}
        }
    }
}

#[test]
fn an_ephemeral_value_is_applied_and_kept_in_no_file() {
    for given in [json!({ "variables": { "token": "canary-literal" } }), json!({})] {
        let literal = given.get("variables").is_some();
        let made = if literal { Bench::new(given) } else { Bench::of_secret("canary-secret") };
        let Some(bench) = made else { return };
        assert_eq!(bench.status("orchestrate", json!({})), "applied");
        assert_eq!(bench.password(), if literal { "canary-literal" } else { "canary-secret" });
        assert_eq!(bench.status("orchestrate", json!({})), "unchanged");
        assert_eq!(bench.status("drift", json!({})), "unchanged");
        assert_eq!(bench.files_with("canary-"), Vec::<PathBuf>::new());
        assert_eq!(bench.status("destroy", json!({ "confirm": "staging" })), "destroyed");
        assert_eq!(bench.files_with("canary-"), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_saved_plan_is_applied_with_the_ephemeral_value_of_that_moment() {
    let Some(bench) = Bench::of_secret("canary-one") else { return };
    let plan = bench.site.run("plan", json!({}));
    let plan_id = plan["plan_id"].as_str().unwrap_or_else(|| panic!("{plan:#}"));
    let saved = bench.site.folder.path().join("root/staging/.eos/plans").join(plan_id).join("net.tfplan");
    let shown = Command::new("terraform")
        .args(["show", "-json"])
        .arg(&saved)
        .current_dir(bench.site.workdir("net").join("module"))
        .env("TF_DATA_DIR", bench.site.workdir("net").join(".terraform"))
        .env("TF_CLI_CONFIG_FILE", bench.world.cli_config())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success() && text.contains("world_account") && !text.contains("canary"), "{text}");
    // A token with a short life is another one by now.
    bench.set("canary-two");
    assert_eq!(bench.status("apply", json!({ "plan_id": plan_id, "environment": "staging" })), "applied");
    assert_eq!(bench.password(), "canary-two");
    assert_eq!(bench.files_with("canary-"), Vec::<PathBuf>::new());
    // A new value alone changes nothing. A new version of the write-only attribute writes it.
    bench.set("canary-three");
    assert_eq!(bench.status("orchestrate", json!({})), "unchanged");
    let mut bench = bench;
    bench.site.infrastructure["components"]["net"]["variables"] = json!({ "rotation": 2 });
    assert_eq!(bench.status("orchestrate", json!({})), "applied");
    assert_eq!(bench.password(), "canary-three");
}

#[test]
fn a_plan_is_made_again_if_an_ephemeral_value_appears_after_it() {
    let Some(mut bench) = Bench::of_secret("canary-one") else { return };
    let plan = bench.site.run("plan", json!({}));
    let plan_id = plan["plan_id"].as_str().unwrap_or_else(|| panic!("{plan:#}"));
    bench.site.infrastructure["components"]["net"]["variables"] = json!({ "optional": "canary-more" });
    let report = bench.site.run("apply", json!({ "plan_id": plan_id, "environment": "staging" }));
    let text = report.to_string();
    assert!(text.contains("the value of its variable") && !text.contains("canary"), "{report:#}");
}

#[test]
fn a_component_is_destroyed_without_an_ephemeral_value_that_is_gone() {
    let Some(mut bench) = Bench::new(json!({ "variables": { "token": "canary-literal" } })) else { return };
    assert_eq!(bench.status("orchestrate", json!({})), "applied");
    bench.site.infrastructure["components"]["net"]["variables"] = json!({});
    assert_eq!(bench.status("orchestrate", json!({})), "blocked");
    assert_eq!(bench.status("destroy", json!({ "confirm": "staging" })), "destroyed");
}
