//! Runs whose file operations are recorded.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::disk::{Disk, tree};
use super::trace::{Operation, operations};
use crate::support::{Site, killed, statuses};

/// Terraform needs some time between both resources, so that Eos copies the state in between.
const MAIN: &str = r#"
variable "body" { default = "one" }
variable "edition" { default = "first" }
variable "mark" { default = "/" }
resource "terraform_data" "a" {
  input            = var.body
  triggers_replace = [var.edition]
}
resource "terraform_data" "b" {
  input            = "${terraform_data.a.id} ${file("${path.module}/files/motd.txt")}"
  triggers_replace = [terraform_data.a.id]
  provisioner "local-exec" { command = "sleep 0.3; test -e '${var.mark}'" }
}
output "id" { value = terraform_data.b.id }
"#;

const KEPT: &str = "resource \"terraform_data\" \"kept\" { input = \"kept\" }\n";

/// A recorded run, and the disk before it.
pub struct Scene {
    pub site: Site,
    pub before: Disk,
    pub operations: Vec<Operation>,
    /// What the next run does.
    pub next: (&'static str, Value),
    /// The report of the recorded run.
    pub report: Value,
}

impl Scene {
    fn site() -> Site {
        let mut site = Site::new();
        std::fs::create_dir(site.folder.path().join("disk")).unwrap();
        site.infrastructure["settings"]["root"] = json!(site.folder.path().join("disk/root"));
        site.component("pair", &(MAIN.to_owned() + KEPT), json!({ "policy": { "allow_destroy": true } }));
        let module = site.folder.path().join("modules/pair");
        std::fs::create_dir(module.join("files")).unwrap();
        std::fs::write(module.join("files/motd.txt"), "Good morning.\n").unwrap();
        std::fs::write(module.join("old.tf"), "locals {}\n").unwrap();
        site
    }

    /// A site with one complete apply.
    fn applied() -> Site {
        let site = Self::site();
        let applied = site.run("orchestrate", json!({}));
        assert_eq!(applied["result"], true, "{applied:#}");
        site
    }

    /// The module with other files, and without the resource `kept`.
    fn change(site: &mut Site, rest: Value) {
        let module = site.folder.path().join("modules/pair");
        std::fs::rename(module.join("files"), module.join("texts")).unwrap();
        std::fs::remove_file(module.join("old.tf")).unwrap();
        let new = "resource \"terraform_data\" \"new\" {}\n";
        site.component("pair", &(MAIN.replace("files/motd", "texts/motd") + new), rest);
    }

    fn record(site: Site, operation: &'static str, arguments: Value, next: (&'static str, Value)) -> Self {
        let disk = site.folder.path().join("disk");
        let before = Disk::of(&disk);
        let operations = operations(&killed::command(&site, operation, &arguments), &disk);
        let report = killed::report(&site);
        let mut after = before.clone();
        operations.iter().for_each(|operation| after.play(operation));
        assert_eq!(after.now(), tree(&disk), "the recording does not give what is on the disk");
        Self { site, before, operations, next, report }
    }

    fn apply(site: Site) -> Self {
        Self::record(site, "orchestrate", json!({}), ("orchestrate", json!({})))
    }

    /// The first apply below a new root.
    pub fn first() -> Self {
        let scene = Self::apply(Self::site());
        assert_eq!(scene.report["result"], true, "{:#}", scene.report);
        scene
    }

    /// An apply that replaces all resources but one, which it destroys. Its module has other files than the last one.
    pub fn later() -> Self {
        let mut site = Self::applied();
        let variables = json!({ "body": "two", "edition": "second" });
        let rest = json!({
            "policy": { "allow_destroy": true }, "on_failure": "rollback", "variables": variables,
        });
        Self::change(&mut site, rest);
        let scene = Self::apply(site);
        assert_eq!(statuses(&scene.report)["pair"], "applied", "{:#}", scene.report);
        scene
    }

    /// A first apply that fails at its last resource. The next run does not fail there.
    pub fn failed() -> Self {
        let mut site = Self::site();
        let mark = site.folder.path().join("mark");
        site.infrastructure["components"]["pair"]["variables"] = json!({ "mark": mark });
        let scene = Self::apply(site);
        assert_eq!(statuses(&scene.report)["pair"], "failed", "{:#}", scene.report);
        std::fs::write(mark, "").unwrap();
        scene
    }

    pub fn destroy() -> Self {
        let confirmed = json!({ "confirm": "staging" });
        let scene = Self::record(Self::applied(), "destroy", confirmed.clone(), ("destroy", confirmed));
        assert_eq!(statuses(&scene.report)["pair"], "destroyed", "{:#}", scene.report);
        scene
    }

    /// A site with a saved plan that policy stops.
    fn planned() -> (Site, Value) {
        let mut site = Self::applied();
        Self::change(&mut site, json!({}));
        let plan = site.run("plan", json!({}));
        assert_eq!(statuses(&plan)["pair"], "blocked", "{plan:#}");
        let plan_id = json!({ "plan_id": plan["plan_id"] });
        (site, plan_id)
    }

    /// The approval of a plan. The next run applies the plan.
    pub fn approval() -> Self {
        let (site, plan_id) = Self::planned();
        Self::record(site, "approve", plan_id.clone(), ("apply", plan_id))
    }

    /// The apply of an approved plan. The next run applies the plan again.
    pub fn approved() -> Self {
        let (site, plan_id) = Self::planned();
        assert_eq!(site.run("approve", plan_id.clone())["result"], true);
        let scene = Self::record(site, "apply", plan_id.clone(), ("apply", plan_id));
        assert_eq!(statuses(&scene.report)["pair"], "applied", "{:#}", scene.report);
        scene
    }

    pub fn disk(&self) -> PathBuf {
        self.site.folder.path().join("disk")
    }
}
