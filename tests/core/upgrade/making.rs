//! Writes `tests/fixtures/VERSION`: a real environment with a Consul lock. Its components were applied, failed, were
//! rolled back, or were interrupted by a kill. It also has a service on a real Nomad.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::portable::{CONSUL, NOMAD, Words};
use crate::support::killed;
use crate::support::server::Server;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A module that fails if its value is `bad`, and hangs if it is `slow`.
const MODULE: &str = r#"
variable "value" { type = string }
resource "terraform_data" "kept" { input = "kept" }
resource "terraform_data" "this" { input = var.value }
resource "terraform_data" "step" {
  count = contains(["bad", "slow"], var.value) ? 1 : 0
  provisioner "local-exec" { command = var.value == "slow" ? "sleep 300" : "exit 1" }
}
output "value" { value = terraform_data.this.output }
"#;

/// Sets the value of a component.
fn set(site: &mut Site, component: &str, value: &str) {
    site.infrastructure["components"][component]["variables"] = json!({ "value": value });
}

fn orchestrate(site: &Site, components: &str) -> Value {
    site.run("orchestrate", json!({ "components": components }))
}

#[test]
#[ignore = "make fixtures: it writes into the checkout"]
fn the_fixtures_of_this_version_are_made() {
    let (Some(consul), Some(world)) = (Server::consul(), World::new()) else { return };
    let Some(nomad) = Server::nomad_beside(&consul) else { return };
    let mut site = Site::new();
    let settings = &mut site.infrastructure["settings"];
    settings["lock"] =
        json!({ "type": "consul", "address": format!("http://127.0.0.1:{}", consul.port), "ttl": 10 });
    settings["nomad"] = json!({ "address": format!("http://127.0.0.1:{}", nomad.port) });
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings["policy"] = json!({ "allow_destroy": true });
    for name in ["net", "app", "db", "slow"] {
        site.component(name, MODULE, json!({}));
        set(&mut site, name, "one");
    }
    site.infrastructure["components"]["app"]["depends_on"] = json!(["net"]);
    site.infrastructure["services"]["web"] = json!({
        "command": "sleep", "args": ["3600"], "replicas": 1, "cpu": 20, "memory": 32,
        "update": { "min_healthy_time": "100ms" },
    });
    let first = site.run("orchestrate", json!({}));
    assert_eq!(first["result"], true, "{first:#}");

    for name in ["net", "app"] {
        site.infrastructure["components"][name]["on_failure"] = json!("rollback");
    }
    set(&mut site, "net", "two");
    set(&mut site, "app", "bad");
    let back = orchestrate(&site, "net,app");
    assert_eq!(statuses(&back)["net"], "rolled_back", "{back:#}");
    set(&mut site, "app", "one");
    assert_eq!(statuses(&orchestrate(&site, "net,app"))["net"], "applied");

    set(&mut site, "db", "bad");
    assert_eq!(statuses(&orchestrate(&site, "db"))["db"], "failed");

    let ensured = site.run("module.ensure_infrastructure", json!({ "component": "net" }));
    assert_eq!(ensured["result"], true, "{ensured:#}");
    assert_eq!(site.run("drift", json!({}))["error"], Value::Null);
    set(&mut site, "net", "three");
    assert_eq!(site.run("plan", json!({ "components": "net" }))["error"], Value::Null);

    // The service remains on the disk and in Consul, but is removed from the pillar, because the reading test has no
    // Nomad.
    site.infrastructure.as_object_mut().unwrap().remove("services");
    set(&mut site, "slow", "slow");
    // Only this component has a change at the time of the kill.
    set(&mut site, "net", "two");
    site.infrastructure["components"]["db"]["depends_on"] = json!(["slow"]);
    let mut killed = killed::start(&site);
    let applying = site.folder.path().join("root/staging/.eos/components/slow/applying.json");
    killed::until("the apply of slow", || applying.exists());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let lock = fs::File::open(applying.with_file_name("lock")).unwrap();
    killed::until("the end of the killed terraform", || {
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
    });

    drop(lock);
    site.infrastructure["components"]["db"].as_object_mut().unwrap().remove("depends_on");
    for name in ["db", "slow"] {
        set(&mut site, name, "two");
    }
    let status = site.run("status", json!({}));
    assert_eq!(status["components"]["slow"]["reason"], "unfinished_apply", "{status:#}");
    keep(&site, &status, &consul, &nomad);
}

fn keep(site: &Site, status: &Value, consul: &Server, nomad: &Server) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(env!("CARGO_PKG_VERSION"));
    let _ = fs::remove_dir_all(&folder);
    let words = Words::of(site.folder.path(), &[(consul.port, CONSUL), (nomad.port, NOMAD)]);
    for name in ["root", "modules"] {
        words.keep(&site.folder.path().join(name), &folder.join(name));
    }
    let mut infrastructure = site.infrastructure.clone();
    infrastructure["settings"].as_object_mut().unwrap().remove("terraform");
    let expected = json!({
        "statuses": statuses(status),
        "history": site.run("history", json!({}))["runs"].as_array().unwrap().len(),
        "snapshots": site.run("snapshots", json!({}))["snapshots"].as_array().unwrap().len(),
    });
    for (name, value) in [
        ("consul.json", words.keys(consul)),
        ("infrastructure.json", words.json(&infrastructure)),
        ("expected.json", expected),
    ] {
        fs::write(folder.join(name), format!("{value:#}\n")).unwrap();
    }
    println!("written: {}", folder.display());
}
