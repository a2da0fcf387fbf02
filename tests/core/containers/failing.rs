//! Bad images: each failure is reported with its reason.

use serde_json::{Value, json};

use super::stage::Stage;

/// Deploys an image that does not become healthy. Returns the message of the report.
fn message(name: &str, words: &[&str], change: impl FnOnce(&mut Value)) -> Option<String> {
    let mut stage = Stage::new()?;
    change(stage.service(name, words));
    let report = stage.run("orchestrate", json!({}));
    let component = &report["components"][format!("nomad-{name}")];
    assert_eq!(component["status"], "failed", "{report:#}");
    let message = component["error"]["message"].as_str().unwrap().to_owned();
    let destroyed = stage.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(destroyed["result"], true, "{destroyed:#}");
    Some(message)
}

#[test]
fn an_image_that_does_not_exist_is_named() {
    let lost = |service: &mut Value| service["image"] = json!("127.0.0.1:9/eos/lost:7");
    let Some(message) = message("lost", &["serve"], lost) else { return };
    assert!(message.contains("127.0.0.1:9/eos/lost:7"), "{message}");
}

#[test]
fn the_last_words_of_a_container_that_crashes_are_told() {
    let Some(message) = message("crashing", &["crash", "no such luck"], |_| {}) else { return };
    assert!(message.contains("Exit Code: 1") && message.contains("no such luck"), "{message}");
}

#[test]
fn a_container_whose_check_never_passes_is_told_with_its_answer() {
    let sick = |service: &mut Value| service["update"]["healthy_deadline"] = json!("8s");
    let Some(message) = message("sick", &["sick", "still warming up"], sick) else { return };
    assert!(message.contains("503") || message.contains("still warming up"), "{message}");
}

#[test]
fn a_container_that_needs_more_memory_than_it_has_is_called_killed_for_its_memory() {
    let Some(message) = message("hungry", &["hungry"], |_| {}) else { return };
    assert!(message.contains("OOM"), "{message}");
}
