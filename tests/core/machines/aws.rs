//! Claims about machines at AWS, with the real provider on moto.

use serde_json::{Value, json};

use super::KEY;
use crate::support::hetzner::component;
use crate::support::moto::Moto;
use crate::support::{Site, aws, statuses};

/// None, with a message, if this machine does not have the provider or moto.
fn site(names: &[&str], more: Value) -> Option<(Moto, Site)> {
    let (moto, mut site) = aws::site()?;
    let mut variables = json!({
        "names": names, "size": "t3.micro", "image": "ami-12c6146b", "region": "us-east-1",
        "keys": { "alice": KEY },
    });
    for (name, value) in more.as_object().unwrap() {
        variables[name] = value.clone();
    }
    site.infrastructure["components"]["web"] =
        json!({ "source": component("machines_aws"), "variables": variables });
    Some((moto, site))
}

#[test]
fn a_plan_of_machines_at_aws_has_each_machine_and_each_volume() {
    let Some((_moto, site)) = site(&["a", "b"], json!({ "volumes": { "data": 10 } })) else { return };
    let plan = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&plan)["web"], "planned", "{plan:#}");
    let changes = plan["components"]["web"]["resource_changes"].as_array().unwrap();
    let addresses: Vec<_> = changes.iter().map(|change| change["address"].as_str().unwrap()).collect();
    for wanted in ["aws_instance.machine[\"b\"]", "aws_ebs_volume.machine[\"a-data\"]"] {
        assert!(addresses.contains(&wanted), "{addresses:?}");
    }
}

#[test]
#[ignore = "matrix"]
fn machines_at_aws_have_the_outputs_of_those_at_hetzner_and_a_second_run_changes_nothing() {
    let more = json!({ "volumes": { "data": 10 }, "user_data": "#cloud-config\n" });
    let Some((_moto, site)) = site(&["a", "b"], more) else { return };
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    let web = site.run("outputs", json!({}))["outputs"]["web"].take();
    for output in ["ids", "public_addresses", "private_addresses"] {
        assert!(web[output]["a"].is_string() && web[output]["b"].is_string(), "{output}: {web:#}");
    }
    assert!(web["volume_ids"]["b-data"].is_string(), "{web:#}");
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["web"], "unchanged", "{again:#}");
    let gone = site.run("destroy", json!({ "confirm": "staging", "preserve_data": true }));
    assert_eq!(gone["result"], true, "{gone:#}");
}
