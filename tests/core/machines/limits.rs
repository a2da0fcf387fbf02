//! Claims about the rate limit of Hetzner's API, with the real provider.

use serde_json::json;

use super::machines;
use crate::support::hetzner::Hetzner;
use crate::support::statuses;

#[test]
fn a_plan_waits_until_hetzner_allows_its_requests_and_says_so() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    machines(&mut site, &["a"], json!({}));
    hetzner.control(json!({ "limit": { "left": 0, "rate": 10 } }));
    let test = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&test)["web"], "planned", "{test:#}");
    let notes = test["components"]["web"]["notes"].to_string();
    assert!(notes.contains("for the rate limit of Hetzner's API: 0 of 3600 requests were left"), "{notes}");
    let refused: Vec<_> = hetzner.asked().into_iter().filter(|one| one.ends_with(" 429")).collect();
    // Only Eos's own question met the limit.
    assert!(refused.iter().all(|one| one.starts_with("GET /locations")), "{refused:?}");
}

#[test]
#[ignore = "matrix"]
fn components_that_share_a_project_at_its_limit_all_end_well_and_no_provider_is_refused() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    for (component, machine) in [("a", "a1"), ("b", "b1"), ("c", "c1")] {
        machines(&mut site, &[machine], json!({ "keys": {} }));
        let components = &mut site.infrastructure["components"];
        components[component] = components["web"].clone();
    }
    site.infrastructure["components"].as_object_mut().unwrap().remove("web");
    hetzner.control(json!({ "limit": { "left": 0, "rate": 3 } }));
    let done = site.run("orchestrate", json!({}));
    assert!(statuses(&done).values().all(|status| status == "applied"), "{done:#}");
    assert_eq!(hetzner.found("servers").len(), 3);
    let asked = hetzner.asked();
    let refused: Vec<_> = asked.iter().filter(|one| one.ends_with(" 429")).collect();
    assert!(refused.iter().all(|one| one.starts_with("GET /locations")), "{refused:?}");
}

/// The provider repeats a refused request five times, for at most half a minute. Then its apply fails.
#[test]
#[ignore = "matrix"]
fn a_run_that_meets_the_rate_limit_in_an_apply_ends_well_and_says_how_often() {
    let Some(hetzner) = Hetzner::new() else { return };
    let mut site = hetzner.site();
    machines(&mut site, &["a", "b", "c"], json!({}));
    // Right after Eos has asked before the apply, another program uses up everything.
    hetzner.control(json!({ "limit": { "after": 14, "seconds": 45 } }));
    let done = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&done)["web"], "applied", "{done:#}");
    assert_eq!(hetzner.found("servers").len(), 3);
    let notes = done["components"]["web"]["notes"].to_string();
    assert!(notes.contains("of this run, and the counts are those of this turn"), "{notes}");
}
