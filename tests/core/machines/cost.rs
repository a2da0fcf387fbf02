//! Claims about what machines may cost a month, with the real provider of Hetzner's cloud.

use serde_json::json;

use super::machines;
use crate::support::hetzner::Hetzner;
use crate::support::{Site, statuses};

fn priced(site: &mut Site, limit: f64) {
    site.infrastructure["settings"]["prices"] = json!({ "hcloud": { "cx22": 4.5 } });
    site.infrastructure["settings"]["policy"] = json!({ "max_monthly_cost": limit });
}

#[test]
fn a_plan_whose_machines_cost_too_much_is_blocked_with_the_sum_and_a_size_without_a_price_is_told() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    priced(&mut site, 10.0);
    machines(&mut site, &["a", "b", "c"], json!({}));
    let test = site.run("orchestrate", json!({ "test": true }));
    let web = &test["components"]["web"];
    assert_eq!((&web["status"], &web["reason"]), (&json!("blocked"), &json!("max_monthly_cost")), "{test:#}");
    let message = web["error"]["message"].as_str().unwrap();
    let said = "would cost 13.50 a month after this plan; policy allows 10.00: web: 3 hcloud cx22 13.50";
    assert!(message.ends_with(said), "{message}");
    machines(&mut site, &["a", "b"], json!({ "size": "cx32" }));
    let test = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&test)["web"], "planned", "{test:#}");
    let notes = test["components"]["web"]["notes"].to_string();
    assert!(notes.contains("what has no price: hcloud cx32 (2 machines)"), "{notes}");
    assert_eq!(hetzner.found("servers").len(), 0);
}

#[test]
#[ignore = "matrix"]
fn the_machines_of_all_components_count_and_an_approval_passes_the_limit_once() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    priced(&mut site, 14.0);
    machines(&mut site, &["a"], json!({ "keys": {} }));
    site.infrastructure["components"]["db"] = site.infrastructure["components"]["web"].clone();
    site.infrastructure["components"]["db"]["variables"]["names"] = json!(["d"]);
    let done = site.run("orchestrate", json!({}));
    assert_eq!(done["result"], true, "{done:#}");
    // One more in either of them is cheap enough, one more in both is not. Both are planned at the same time.
    for (name, machines) in [("web", json!(["a", "b"])), ("db", json!(["d", "e"]))] {
        site.infrastructure["components"][name]["variables"]["names"] = machines;
    }
    let plan = site.run("plan", json!({}));
    let mut found: Vec<_> = statuses(&plan).into_values().collect();
    found.sort();
    assert_eq!(found, ["blocked", "planned"], "{plan:#}");
    let plan_id = &plan["plan_id"];
    let approved = site.run("approve", json!({ "plan_id": plan_id }));
    assert_eq!(approved["result"], true, "{approved:#}");
    let applied = site.run("apply", json!({ "plan_id": plan_id }));
    assert_eq!(applied["result"], true, "{applied:#}");
    assert_eq!(hetzner.found("servers").len(), 4);
    // Above the limit, a plan without more machines still passes.
    site.infrastructure["components"]["web"]["variables"]["names"] = json!(["a"]);
    site.infrastructure["settings"]["policy"]["allow_destroy"] = json!(true);
    site.infrastructure["settings"]["policy"]["max_monthly_cost"] = json!(1);
    let done = site.run("orchestrate", json!({ "components": ["web"] }));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
}
