//! The provider for tests (`tests/provider`): a folder with things, faults on demand, and the log of its calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::script;

/// The exit code of `tests/provider/build` if an optional program is missing.
const MISSING: i32 = 3;

pub struct World {
    folder: tempfile::TempDir,
}

/// A CLI configuration. If this machine has the real `hashicorp/nomad`, it is used instead of the test provider.
fn installation(ours: &str) -> String {
    let nomad = "registry.terraform.io/hashicorp/nomad";
    let look = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider/mirror");
    let looked = Command::new(look).arg("hashicorp/nomad").stdin(Stdio::null()).output().unwrap();
    let mirrors = match String::from_utf8(looked.stdout).unwrap().trim() {
        "" => vec![json!({ "path": ours })],
        real => {
            vec![json!({ "path": real, "include": [nomad] }), json!({ "path": ours, "exclude": [nomad] })]
        }
    };
    let block = |mirror: &Value| {
        let lines = mirror.as_object().unwrap().iter().map(|(key, value)| format!("    {key} = {value}\n"));
        format!("  filesystem_mirror {{\n{}  }}\n", lines.collect::<String>())
    };
    format!("provider_installation {{\n{}}}\n", mirrors.iter().map(block).collect::<String>())
}

impl World {
    /// None, with a message, if the provider cannot be built; with `CI=true` this is a failure.
    pub fn new() -> Option<Self> {
        let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider/build");
        let built = Command::new(build).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        if built.status.code() == Some(MISSING) && std::env::var("CI").as_deref() != Ok("true") {
            eprintln!("SKIPPED, missing: {}", said.trim());
            return None;
        }
        assert!(built.status.success(), "{said}");
        let mirror = String::from_utf8(built.stdout).unwrap();
        let world = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(world.path("things")).unwrap();
        std::fs::write(world.cli_config(), installation(mirror.trim())).unwrap();
        Some(world)
    }

    /// Makes only these sources available to terraform, each in these versions. They are one binary.
    pub fn serve(&self, sources: &[&str], versions: &[&str]) {
        let config = std::fs::read_to_string(self.cli_config()).unwrap();
        let built = PathBuf::from(config.split('"').nth(1).unwrap()).join("eos.test/eos/world/1.0.0");
        let platform = std::fs::read_dir(&built).unwrap().next().unwrap().unwrap().file_name();
        let script = built.join(&platform).join("terraform-provider-world_v1.0.0");
        let mirror = self.folder.path().join("mirror");
        for (source, version) in
            sources.iter().flat_map(|source| versions.iter().map(move |one| (source, one)))
        {
            let folder = mirror.join(source).join(version).join(&platform);
            std::fs::create_dir_all(&folder).unwrap();
            let named = folder.join(format!("terraform-provider-world_v{version}"));
            script::copy(&script, &named);
        }
        let config = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n",
            json!(mirror)
        );
        std::fs::write(self.cli_config(), config).unwrap();
    }

    /// A path inside the world.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("world").join(name)
    }

    /// The value of `settings:terraform:cli_config_file` or TF_CLI_CONFIG_FILE.
    pub fn cli_config(&self) -> PathBuf {
        self.folder.path().join("world.tfrc")
    }

    /// The head of a module whose resources are `world_thing`.
    pub fn provider(&self, component: &str) -> String {
        let (world, component) = (json!(self.folder.path().join("world")), json!(component));
        format!(
            "terraform {{\n  required_providers {{\n    world = {{ source = \"eos.test/eos/world\" }}\n  }}\n}}\n\
             provider \"world\" {{\n  world = {world}\n  component = {component}\n}}\n"
        )
    }

    /// Sets these faults and no others. `tests/provider/internal/world/fault.go` describes their fields.
    pub fn faults(&self, rules: &Value) {
        std::fs::write(self.path("faults.new"), rules.to_string()).unwrap();
        std::fs::rename(self.path("faults.new"), self.path("faults.json")).unwrap();
    }

    /// The things by their ids.
    pub fn things(&self) -> BTreeMap<String, Value> {
        let files = std::fs::read_dir(self.path("things")).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
            .map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap())
            .map(|thing| (thing["id"].as_str().unwrap().to_owned(), thing))
            .collect()
    }

    /// The names of all things, sorted. If two things have the same name, it appears twice.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.things().values().map(|thing| thing["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// Changes a thing outside Terraform.
    pub fn change(&self, id: &str, body: &str) {
        let mut thing = self.things().remove(id).unwrap();
        thing["body"] = json!(body);
        std::fs::write(self.thing(id), thing.to_string()).unwrap();
    }

    /// Changes one value of the thing with this name outside Terraform.
    pub fn set(&self, name: &str, key: &str, value: Value) {
        let (id, mut thing) = self.things().into_iter().find(|(_, thing)| thing["name"] == name).unwrap();
        thing[key] = value;
        std::fs::write(self.thing(&id), thing.to_string()).unwrap();
    }

    /// Deletes a thing outside Terraform.
    pub fn delete(&self, id: &str) {
        std::fs::remove_file(self.thing(id)).unwrap();
    }

    fn thing(&self, id: &str) -> PathBuf {
        self.path("things").join(format!("{id}.json"))
    }

    /// The lines of `operations.log`: one at the start of a call and one at its end.
    pub fn operations(&self) -> Vec<Value> {
        self.lines("operations.log")
    }

    /// One line for each time when a terraform wrote to a component during a write of another terraform.
    pub fn overlaps(&self) -> Vec<Value> {
        self.lines("overlaps.log")
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
