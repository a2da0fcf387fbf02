//! Machines at the clouds: the components of this repository with real providers, on servers that speak the clouds' APIs.

mod aws;
mod cost;
mod hcloud;
mod limits;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::hetzner::component;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtnb29kIGtleSBvZiB0aGUgdGVzdHMgMDEyMzQ1Njc4 alice";

/// A component `web` with these machines, and everything else that it needs.
fn machines(site: &mut Site, names: &[&str], more: Value) {
    let mut variables = json!({
        "names": names, "size": "cx22", "image": "debian-12", "region": "fsn1", "keys": { "alice": KEY },
    });
    for (name, value) in more.as_object().unwrap() {
        variables[name] = value.clone();
    }
    site.infrastructure["components"]["web"] =
        json!({ "source": component("machines_hcloud"), "variables": variables });
}

#[test]
fn machines_at_each_cloud_have_the_same_variables_and_outputs_and_the_reader_finds_no_fault() {
    let read = |cloud: &str, file: &str| {
        let folder = component(&format!("machines_{cloud}"));
        std::fs::read_to_string(format!("{}/{file}", folder.as_str().unwrap())).unwrap()
    };
    let outputs = |cloud: &str| {
        let text = read(cloud, "outputs.tf");
        let lines = text.lines().filter(|line| line.starts_with("output ") || line.contains("description"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut site = Site::new();
    for cloud in ["hcloud", "aws", "azure"] {
        assert_eq!(read(cloud, "variables.tf"), read("hcloud", "variables.tf"), "{cloud}");
        assert_eq!(outputs(cloud), outputs("hcloud"), "{cloud}");
        let variables = json!({ "names": ["a"], "size": "s", "image": "i", "region": "r" });
        site.infrastructure["components"][cloud] =
            json!({ "source": component(&format!("machines_{cloud}")), "variables": variables });
    }
    let found = site.run("validate", json!({}));
    assert_eq!(found["result"], true, "{found:#}");
    assert_eq!(found["unchecked"].as_array().map_or(0, Vec::len), 0, "{found:#}");
}
