//! Damaged values in Consul that Eos did not write, for one component.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::{Site, statuses};

const NET: &str = "variable \"size\" {}\nresource \"terraform_data\" \"net\" {\n  input = var.size\n}\n";

fn set(site: &mut Site, component: &str, size: usize) {
    site.component(component, NET, json!({ "variables": { "size": size } }));
}

#[test]
fn a_damaged_value_stops_only_its_component_and_its_remedy_works() {
    let Some(bench) = Bench::new("torn") else { return };
    let mut site = Site::new();
    site.infrastructure["settings"]["lock"] = json!({
        "type": "consul", "address": bench.settings.address, "prefix": bench.settings.prefix, "ttl": 10,
    });
    for (round, (key, value)) in
        [("record", ""), ("record", "[]"), ("record", "{\"schema\": 1"), ("applying", "{}")]
            .into_iter()
            .enumerate()
    {
        set(&mut site, "a", 0);
        set(&mut site, "b", 0);
        assert_eq!(site.run("orchestrate", json!({}))["result"], true);
        let key = format!("{}/staging/a/{key}", bench.settings.prefix);
        bench.call("PUT", &format!("kv/{key}"), value);
        set(&mut site, "b", round + 1);
        let all = site.run("orchestrate", json!({}));
        assert_eq!(
            (statuses(&all)["a"].as_str(), statuses(&all)["b"].as_str()),
            ("failed", "applied"),
            "{all:#}"
        );
        let error = &all["components"]["a"]["error"];
        assert_eq!(error["code"], "record_corrupt", "{error:#}");
        assert!(error["remedy"].as_str().unwrap().contains(&format!("consul kv delete {key}")), "{error:#}");
        let status: Value = site.run("status", json!({}));
        assert_eq!(status["components"]["a"]["error"]["code"], "record_corrupt", "{status:#}");
        assert_eq!(statuses(&status)["b"], "applied");

        bench.call("DELETE", &format!("kv/{key}"), "");
        assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    }
}
