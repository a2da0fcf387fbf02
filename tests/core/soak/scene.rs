//! Thirty things in five components, on one backend.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::moto::Moto;
use crate::support::postgres::Postgres;
use crate::support::world::World;

/// The components in the order of their layers: app and db read net, edge waits for both, solo waits for none.
pub const COMPONENTS: [&str; 5] = ["net", "solo", "app", "db", "edge"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    Local,
    Pg,
    S3,
}

#[allow(dead_code, reason = "a server lives as long as its scene")]
enum Server {
    None,
    Pg(Postgres),
    S3(Moto),
}

pub struct Scene {
    pub world: World,
    pub site: Site,
    keys: Vec<(&'static str, &'static str)>,
    generation: u64,
    server: Server,
}

/// A chain, three things in parallel with it, and one thing for each kind of replacement.
const THINGS: &str = r#"
variable "generation" { type = string }
variable "upstream" { default = "" }
resource "world_thing" "first" {
  name       = "COMPONENT-first"
  body       = var.upstream
  replace_on = var.generation
}
resource "world_thing" "second" {
  name       = "COMPONENT-second"
  replace_on = var.generation
  depends_on = [world_thing.first]
}
resource "world_thing" "third" {
  name = "COMPONENT-third"
  body = "${world_thing.second.id} ${var.generation}"
}
resource "world_thing" "wide" {
  count      = 2
  name       = "COMPONENT-wide-${count.index}"
  body       = var.generation
  replace_on = count.index == 0 ? var.generation : ""
}
resource "world_thing" "early" {
  name       = "COMPONENT-early"
  replace_on = var.generation
  lifecycle { create_before_destroy = true }
}
output "mark" { value = world_thing.third.id }
"#;

impl Scene {
    /// A scene without any apply. None, with a message, if a program is missing.
    pub fn new(backend: Backend) -> Option<Self> {
        let world = World::new()?;
        let (server, pillar, keys) = match backend {
            Backend::Local => (Server::None, None, Vec::new()),
            Backend::Pg => {
                let server = Postgres::new()?;
                let (pillar, keys) = (server.backend(), server.keys().to_vec());
                (Server::Pg(server), Some(pillar), keys)
            }
            Backend::S3 => {
                let server = Moto::new()?;
                let (pillar, keys) = (server.backend(), server.keys().to_vec());
                (Server::S3(server), Some(pillar), keys)
            }
        };
        let mut site = Site::new();
        let env: serde_json::Map<_, _> =
            keys.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config(), "env": env });
        // A resumed run waits for a terraform that outlived its Eos.
        settings["lock_timeout"] = json!(10);
        // Terraform's pg backend has one lock for all new states of a database, and does not wait for it.
        settings["parallelism"] = json!(if backend == Backend::Pg { 1 } else { 3 });
        if let Some(pillar) = pillar {
            settings["backend"] = pillar;
        }
        for name in COMPONENTS {
            let mut rest = match name {
                "app" | "db" => json!({ "from_outputs": { "upstream": "net.mark" } }),
                "edge" => json!({ "depends_on": ["app", "db"] }),
                _ => json!({}),
            };
            rest["policy"] = json!({ "allow_destroy": true });
            let main = world.provider(name) + &THINGS.replace("COMPONENT", name);
            site.component(name, &main, rest);
        }
        // Delays, so that a kill can hit a thing before it exists, and also after that but before terraform knows it.
        world.faults(&json!([
            { "id": "1", "do": "delay", "on": "create", "when": "before", "ms": 15 },
            { "id": "2", "do": "delay", "on": "create", "when": "after", "ms": 30 },
            { "id": "3", "do": "delay", "on": "update", "when": "after", "ms": 20 },
            { "id": "4", "do": "delay", "on": "delete", "when": "after", "ms": 20 },
        ]));
        Some(Self { world, site, keys, generation: 0, server })
    }

    /// Gives every component something to do: creations on a new scene, later mostly replacements.
    pub fn next_generation(&mut self) {
        self.generation += 1;
        for name in COMPONENTS {
            self.site.infrastructure["components"][name]["variables"] =
                json!({ "generation": self.generation.to_string() });
        }
    }

    pub fn is_new(&self) -> bool {
        self.generation == 1
    }

    /// All ids in a component's state, as terraform itself reads it.
    pub fn ids(&self, component: &str) -> BTreeSet<String> {
        let workdir = self.site.workdir(component);
        let text = match self.server {
            Server::None => std::fs::read(workdir.join("terraform.tfstate")).unwrap_or_default(),
            _ => {
                let pulled = Command::new("terraform")
                    .args(["state", "pull"])
                    .current_dir(workdir.join("module"))
                    .env("TF_DATA_DIR", workdir.join(".terraform"))
                    .env("TF_CLI_CONFIG_FILE", "/dev/null")
                    .env("CHECKPOINT_DISABLE", "1")
                    .envs(self.keys.iter().copied())
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
                pulled.stdout
            }
        };
        let state: Value = serde_json::from_slice(&text).unwrap_or_default();
        let resources = state["resources"].as_array().into_iter().flatten();
        let instances = resources.flat_map(|one| one["instances"].as_array().into_iter().flatten());
        instances.filter_map(|one| Some(one["attributes"]["id"].as_str()?.to_owned())).collect()
    }

    /// Runs a command in a shell, with the environment that a person would set.
    pub fn by_hand(&self, command: &str) -> std::process::Output {
        Command::new("/bin/sh")
            .args(["-c", command])
            .env("TF_CLI_CONFIG_FILE", self.world.cli_config())
            .envs(self.keys.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}
