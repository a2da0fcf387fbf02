//! Salt, and the minions that the pillar names.

use eos::host::MinionReturn;
use eos::operation::{CallPlace, CallerIdentity};
use serde_json::json;

use super::codes;
use crate::support::Site;
use crate::support::salt::Salt;

fn answers() -> Salt {
    Salt::new(&["web1", "web2"], |_, _| Some(MinionReturn { value: json!(true), retcode: 0 }))
}

#[test]
fn the_minions_of_steps_and_hooks_are_pinged_once_for_each_target() {
    let mut site = Site::with_net();
    let step = json!({ "target": "web1", "target_type": "list", "sls": ["web"] });
    site.infrastructure["components"]["net"]["hooks"] = json!([{ "salt": step }]);
    site.infrastructure["components"]["step"] = json!({ "salt": step });
    site.infrastructure["components"]["all"] =
        json!({ "salt": { "target": "*", "function": "state.apply" } });
    let host = answers();
    let report = site.run_on(&host, "status", json!({ "layers": true }));
    let salt = &report["layers"]["salt"];
    assert_eq!((&salt["status"], codes(salt)), (&json!("healthy"), vec![]), "{salt:#}");
    assert_eq!(salt["facts"]["minions"], json!({ "web1": true, "web2": true }), "{salt:#}");
    let calls = host.calls.borrow();
    let mut asked: Vec<_> = calls.iter().map(|job| (job.target.as_str(), job.function.as_str())).collect();
    asked.sort();
    assert_eq!(asked, [("*", "test.ping"), ("web1", "test.ping")]);
    let named =
        salt["facts"]["targets"].as_array().unwrap().iter().find(|one| one["target"] == "web1").unwrap();
    assert_eq!(
        named["used_by"],
        json!(["infrastructure:components:net:hooks:0", "infrastructure:components:step:salt"]),
        "{salt:#}"
    );
}

#[test]
fn a_target_without_a_minion_makes_salt_unhealthy_at_once() {
    let mut site = Site::with_net();
    site.infrastructure["components"]["step"] =
        json!({ "salt": { "target": "db1", "target_type": "list", "sls": ["db"] } });
    let report = site.run_on(&answers(), "health", json!({ "layers": true, "components": "step" }));
    let salt = &report["layers"]["salt"];
    assert!(salt["duration"].as_f64().unwrap() < 10.0, "nothing waits for the time limit: {salt:#}");
    assert_eq!((&salt["status"], codes(salt)), (&json!("unhealthy"), vec!["minions_away"]), "{salt:#}");
    assert!(salt["faults"][0]["message"].as_str().unwrap().contains("\"db1\""), "{salt:#}");
    assert_eq!(report["retcode"], 1);
}

#[test]
fn the_minion_whose_pillar_is_used_is_asked_and_its_absence_stops_nothing() {
    let identity = || CallerIdentity {
        place: CallPlace::Master { pillar_of: Some("gone".into()) },
        salt_version: "3008.5".into(),
        ..CallerIdentity::default()
    };
    let arguments = json!({ "environment": "staging", "layers": true });
    let report = Site::with_net().call(&answers(), identity(), "status", arguments);
    let salt = &report["layers"]["salt"];
    assert_eq!((&salt["status"], &report["retcode"]), (&json!("degraded"), &json!(0)), "{report:#}");
    assert_eq!(salt["facts"]["version"], "3008.5");
    assert_eq!(salt["facts"]["targets"][0]["used_by"], json!(["minion="]), "{salt:#}");
}

#[test]
fn a_minion_without_a_master_says_so() {
    let identity =
        CallerIdentity { place: CallPlace::Masterless("here".into()), ..CallerIdentity::default() };
    let arguments = json!({ "environment": "staging", "layers": true });
    let report = Site::with_net().call(&answers(), identity, "status", arguments);
    let facts = &report["layers"]["salt"]["facts"];
    assert_eq!(
        (&facts["runs_on"], &facts["has_master"]),
        (&json!("masterless"), &json!(false)),
        "{report:#}"
    );
}
