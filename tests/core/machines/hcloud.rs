//! Claims about machines at Hetzner, with the real provider.

use serde_json::{Value, json};

use super::machines;
use crate::support::hetzner::{Hetzner, component};
use crate::support::{Site, statuses};

fn outputs(site: &Site) -> Value {
    site.run("outputs", json!({}))["outputs"].take()
}

/// The floating IP points to this machine of the component `web`.
fn address_at(site: &mut Site, machine: &str) {
    site.infrastructure["components"]["address"] = json!({
        "source": component("floating_ip_hcloud"),
        "variables": { "name": "front", "region": "fsn1" },
        "from_outputs": { "machine": format!("web.ids.{machine}") },
    });
}

#[test]
fn a_machine_at_hetzner_is_created_with_its_address_and_a_second_run_changes_nothing() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    machines(&mut site, &["blue"], json!({}));
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    let servers = hetzner.found("servers");
    assert_eq!((servers.len(), &servers[0]["name"]), (1, &json!("staging-blue")), "{servers:#?}");
    let labels = json!({ "environment": "staging", "component": "web", "managed_by": "eos" });
    assert_eq!(servers[0]["labels"], labels);
    assert_eq!(servers[0]["test"]["ssh_keys"], json!([hetzner.found("ssh_keys")[0]["id"]]));
    let web = outputs(&site)["web"].take();
    assert_eq!(web["public_addresses"]["blue"], servers[0]["public_net"]["ipv4"]["ip"], "{web:#}");
    assert_eq!(web["private_addresses"], json!({ "blue": null }));
    assert_eq!(web["ids"]["blue"], json!(servers[0]["id"].to_string()));
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["web"], "unchanged", "{again:#}");
}

#[test]
#[ignore = "matrix"]
fn machines_at_hetzner_have_networks_volumes_and_user_data_and_a_destroy_keeps_the_volumes() {
    let Some(hetzner) = Hetzner::new() else { return };
    let subnet = json!({ "type": "cloud", "ip_range": "10.1.0.0/24", "network_zone": "eu-central" });
    let network = json!({ "name": "inside", "ip_range": "10.1.0.0/16", "subnets": [subnet] });
    let network = hetzner.make("networks", network)["network"]["id"].to_string();
    let mut site = hetzner.site();
    let more = json!({
        "networks": [network], "volumes": { "data": 10 }, "user_data": "#cloud-config\n",
    });
    machines(&mut site, &["a", "b"], more.clone());
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    let web = outputs(&site)["web"].take();
    let private = |name: &str| web["private_addresses"][name].as_str().unwrap();
    assert!(private("a").starts_with("10.1.0.") && private("a") != private("b"), "{web:#}");
    let servers = hetzner.found("servers");
    assert!(servers.iter().all(|one| one["test"]["user_data"] == "#cloud-config\n"), "{servers:#?}");
    let volumes = hetzner.found("volumes");
    let names: Vec<_> = volumes.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"staging-a-data") && volumes.iter().all(|one| one["server"].is_u64()));
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again)["web"], "unchanged", "{again:#}");
    // Another size is a change of the machine: it keeps its id.
    let mut larger = more;
    larger["size"] = json!("cx32");
    machines(&mut site, &["a", "b"], larger);
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    assert_eq!(outputs(&site)["web"]["ids"], web["ids"]);
    let gone = site.run("destroy", json!({ "confirm": "staging", "preserve_data": true }));
    assert_eq!(gone["result"], true, "{gone:#}");
    assert_eq!((hetzner.found("servers").len(), hetzner.found("volumes").len()), (0, 2), "{gone:#}");
}

#[test]
#[ignore = "matrix"]
fn a_floating_ip_moves_to_a_new_machine_with_one_call_and_is_never_without_one() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    machines(&mut site, &["blue"], json!({}));
    address_at(&mut site, "blue");
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    let address = outputs(&site)["address"]["address"].take();
    hetzner.control(json!({ "forget": true }));
    machines(&mut site, &["blue", "green"], json!({}));
    address_at(&mut site, "green");
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    let moves: Vec<_> = hetzner.asked().into_iter().filter(|one| one.contains("assign")).collect();
    assert_eq!(moves.len(), 1, "{moves:?}");
    assert!(moves[0].ends_with("/actions/assign 201"), "{moves:?}");
    let now = hetzner.found("floating_ips")[0].clone();
    let ids = outputs(&site)["web"]["ids"].take();
    assert_eq!(json!(now["server"].to_string()), ids["green"], "{now:#}");
    assert_eq!(outputs(&site)["address"]["address"], address);
    // The old machine goes when the address is elsewhere.
    machines(&mut site, &["green"], json!({}));
    site.infrastructure["settings"]["policy"] = json!({ "allow_destroy": true });
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    assert_eq!(hetzner.found("floating_ips")[0]["server"], now["server"]);
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(gone["result"], true, "{gone:#}");
    assert_eq!((hetzner.found("servers").len(), hetzner.found("floating_ips").len()), (0, 0));
}

#[test]
#[ignore = "matrix"]
fn an_action_that_fails_at_hetzner_is_told_and_the_next_run_makes_the_machine() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    machines(&mut site, &["blue"], json!({}));
    hetzner.control(json!({ "failures": { "create_server": 1 } }));
    let failed = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&failed)["web"], "failed", "{failed:#}");
    let message = failed["components"]["web"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("action_failed"), "{message}");
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    assert_eq!(hetzner.found("servers").len(), 1, "the first one is not left behind");
}
