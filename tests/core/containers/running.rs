//! A container that runs: from the pillar to Nomad's docker driver, until nothing is left.

use serde_json::json;

use super::stage::Stage;
use crate::support::statuses;
use crate::support::waiting::until;

#[test]
fn a_container_runs_is_updated_and_is_destroyed_without_a_rest() {
    let Some(mut stage) = Stage::new() else { return };
    stage.service("boat", &["serve", "one"]);
    let report = stage.orchestrated();
    assert_eq!(statuses(&report)["nomad-boat"], "applied", "{report:#}");
    assert_eq!(stage.answer("boat", "/"), "one");
    assert_eq!(statuses(&stage.orchestrated())["nomad-boat"], "unchanged");

    let image = stage.image("boat", "2", &["serve", "two"]);
    stage.site.infrastructure["services"]["boat"]["image"] = json!(&image);
    assert_eq!(statuses(&stage.orchestrated())["nomad-boat"], "applied");
    until("the old one is gone", || (stage.addresses("boat").len() == 1).then_some(()));
    assert_eq!(stage.answer("boat", "/"), "two");

    let destroyed = stage.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(statuses(&destroyed)["nomad-boat"], "destroyed", "{destroyed:#}");
    until("no container is left", || {
        let of_it = format!("ancestor={image}");
        stage.harbour.engine.docker(&["ps", "-aq", "--filter", &of_it]).is_empty().then_some(())
    });
}
