//! Deployments of containers while somebody uses them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::stage::{Stage, get};
use crate::support::statuses;
use crate::support::waiting::until;

/// Sends requests to a service, one after the other, while `during` runs. Each looks for an instance that passes. Returns the
/// number of requests and of failures.
fn used(stage: &Stage, service: &str, during: impl FnOnce()) -> (usize, usize) {
    let (stop, sent, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let ask = || {
        while !stop.load(Ordering::Relaxed) {
            let addresses = stage.passing(service);
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let answer = addresses.get(number % addresses.len().max(1)).and_then(|one| get(one, "/"));
            if !answer.is_some_and(|answer| answer.starts_with("good")) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(ask);
        during();
        stop.store(true, Ordering::Relaxed);
    });
    (sent.into_inner(), failed.into_inner())
}

fn set(stage: &mut Stage, service: &str, key: &str, value: Value) {
    stage.site.infrastructure["services"][service][key] = value;
}

#[test]
fn no_request_fails_while_a_bad_image_is_reverted_and_a_good_one_is_rolled_out() {
    let Some(mut stage) = Stage::new() else { return };
    let service = stage.service("busy", &["serve", "good one"]);
    service["replicas"] = json!(2);
    service["provider"] = json!("consul");
    service["shutdown_delay"] = json!("1s");
    service["update"]["auto_revert"] = json!(true);
    stage.orchestrated();
    let image = stage.image("busy", "bad", &["crash", "no luck"]);
    set(&mut stage, "busy", "image", json!(image));
    let (sent, failed) = used(&stage, "busy", || {
        let report = stage.run("orchestrate", json!({}));
        assert_eq!(statuses(&report)["nomad-busy"], "failed", "{report:#}");
        assert!(report.to_string().contains("no luck"), "{report:#}");
    });
    assert!(failed == 0 && sent > 100, "{failed} of {sent} requests failed");
    let image = stage.image("busy", "2", &["serve", "good two"]);
    set(&mut stage, "busy", "image", json!(image));
    let (sent, failed) = used(&stage, "busy", || drop(stage.orchestrated()));
    assert!(failed == 0 && sent > 100, "{failed} of {sent} requests failed");
    let answers = || stage.passing("busy").iter().map(|one| get(one, "/")).collect::<Vec<_>>();
    let two = || Some("good two".to_owned());
    until("both are new", || (answers() == [two(), two()]).then_some(()));
    stage.run("destroy", json!({ "confirm": "staging" }));
}

#[test]
fn a_bad_canary_is_given_up_and_a_good_one_waits_for_a_person() {
    let Some(mut stage) = Stage::new() else { return };
    let service = stage.service("careful", &["serve", "one"]);
    service["update"]["canary"] = json!(1);
    stage.orchestrated();
    let image = stage.image("careful", "bad", &["crash", "no luck"]);
    set(&mut stage, "careful", "image", json!(image));
    let report = stage.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-careful"], "failed", "{report:#}");
    assert_eq!(stage.answer("careful", "/"), "one");

    let image = stage.image("careful", "2", &["serve", "two"]);
    set(&mut stage, "careful", "image", json!(image));
    let report = stage.run("orchestrate", json!({}));
    assert_eq!(report["components"]["nomad-careful"]["reason"], "awaiting_promotion", "{report:#}");
    let promoted = stage.run("promote", json!({ "components": ["nomad-careful"] }));
    assert_eq!(promoted["result"], true, "{promoted:#}");
    until("the old one is gone", || (stage.addresses("careful").len() == 1).then_some(()));
    assert_eq!(stage.answer("careful", "/"), "two");
    stage.run("destroy", json!({ "confirm": "staging" }));
}
