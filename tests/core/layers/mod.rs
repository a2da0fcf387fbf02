//! Claims about the layers below an environment, with real servers. Vault's are beside its other tests.

mod minions;
mod servers;
mod states;

use serde_json::{Value, json};

use crate::support::Site;

/// The layers, without the health of components.
fn layers(site: &Site) -> Value {
    let report = site.run("status", json!({ "layers": true }));
    assert!(report["layers"].is_object(), "{report:#}");
    report["layers"].clone()
}

fn codes(layer: &Value) -> Vec<&str> {
    let faults = layer["faults"].as_array().unwrap_or_else(|| panic!("no faults in {layer:#}"));
    for fault in faults {
        assert!(!fault["remedy"].as_str().unwrap().is_empty(), "{layer:#}");
    }
    faults.iter().map(|fault| fault["code"].as_str().unwrap()).collect()
}
