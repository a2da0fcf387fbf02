//! Whole runs under a Consul lock, with a real terraform.

use std::net::TcpListener;

use eos::operation::CallerIdentity;
use serde_json::json;

use super::bench::{Bench, run, until};
use crate::support::ports::free_port;
use crate::support::{NoSalt, Site, statuses};

const NET: &str = r#"resource "terraform_data" "net" {}"#;

fn site(bench: &Bench) -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.infrastructure["settings"]["lock"] = json!({
        "type": "consul", "address": bench.settings.address, "prefix": bench.settings.prefix, "ttl": 10,
    });
    site
}

#[test]
fn a_run_acquires_the_lock_and_releases_it() {
    let Some(bench) = Bench::new("run") else { return };
    let report = site(&bench).run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["net"], "applied", "{report:#}");
    assert_eq!(bench.value()["run_id"], report["run_id"]);
    assert_eq!((bench.session(), bench.sessions().len()), (None, 0));
}

#[test]
fn unlock_of_a_free_lock_lists_what_is_held_and_records_nothing() {
    let Some(bench) = Bench::new("run-free") else { return };
    let mut site = site(&bench);
    site.component("store", NET, json!({}));
    let unlock = || site.run("unlock", json!({ "component": "store", "id": "6c8f2b1e" }))["error"].clone();
    run(async {
        let guard = bench.take("elsewhere", 0).await.unwrap();
        let refused = std::thread::scope(|scope| scope.spawn(unlock).join().unwrap());
        assert_eq!(refused["code"], "not_that_lock", "{refused:#}");
        assert_eq!(refused["message"], "no lock of \"store\" is held in staging");
        let held = format!("locked in staging now: net (id {})", bench.session().unwrap());
        assert!(refused["remedy"].as_str().unwrap().contains(&held), "{refused:#}");
        guard.release().await.unwrap();
    });
    assert!(!site.folder.path().join("root/staging/.eos/audit.jsonl").exists(), "no lock was freed");
}

#[test]
fn a_run_whose_lock_another_host_holds_changes_nothing() {
    let Some(bench) = Bench::new("run-busy") else { return };
    let site = site(&bench);
    run(async {
        let guard = bench.take("elsewhere", 0).await.unwrap();
        // A call has its own runtime.
        let call = || site.run("orchestrate", json!({}));
        let report = std::thread::scope(|scope| scope.spawn(call).join().unwrap());
        assert_eq!(report["components"]["net"]["reason"], "locked", "{report:#}");
        guard.release().await.unwrap();
    });
    assert!(!site.workdir("net").join("terraform.tfstate").exists());
}

#[test]
fn a_run_whose_consul_cannot_be_reached_changes_nothing() {
    let Some(bench) = Bench::new("run-away") else { return };
    let mut site = site(&bench);
    site.infrastructure["settings"]["lock"]["address"] = json!("http://127.0.0.1:1");
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["error"]["code"], "lock_unreachable", "{report:#}");
    assert!(!site.workdir("net").join("terraform.tfstate").exists());
}

#[test]
fn a_run_that_loses_its_lock_stops_waiting_for_health() {
    let Some(bench) = Bench::new("run-health") else { return };
    let mut site = site(&bench);
    // Nobody listens at this port, and the deadline is far away.
    site.infrastructure["components"]["net"]["health"] =
        json!([{ "tcp": { "host": "127.0.0.1", "port": 1, "healthy_deadline": "1h" } }]);
    let record = site.folder.path().join("root/staging/.eos/components/net/record.json");
    let report = std::thread::scope(|scope| {
        let call = scope.spawn(|| site.run("orchestrate", json!({})));
        run(until("the record of what was applied", || record.exists()));
        bench.hand_over(&bench.session().unwrap());
        call.join().unwrap()
    });
    let net = &report["components"]["net"];
    assert_eq!((&net["status"], &net["reason"]), (&json!("failed"), &json!("lock_lost")), "{report:#}");
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    assert_eq!(kept["outcome"], "applied", "what another may write is left alone");
}

#[test]
fn a_run_whose_lock_was_lost_and_acquired_again_says_so_in_its_report() {
    let Some(bench) = Bench::new("run-regain") else { return };
    let mut site = site(&bench);
    site.infrastructure["settings"]["lock"]["lock_delay"] = json!("1s");
    // Its port is free, and opened later.
    let port = free_port();
    site.infrastructure["components"]["net"]["health"] =
        json!([{ "tcp": { "host": "127.0.0.1", "port": port, "interval": "1s", "min_healthy_time": "0s" } }]);
    let record = site.folder.path().join("root/staging/.eos/components/net/record.json");
    let report = std::thread::scope(|scope| {
        let call = scope.spawn(|| site.run("orchestrate", json!({})));
        run(until("the record of what was applied", || record.exists()));
        let first = bench.session().unwrap();
        bench.destroy(&first);
        run(until("another session", || bench.session().is_some_and(|session| session != first)));
        let _open = TcpListener::bind(("127.0.0.1", port)).unwrap();
        call.join().unwrap()
    });
    let net = &report["components"]["net"];
    assert_eq!(net["status"], "applied", "{report:#}");
    assert!(net["notes"].to_string().contains("its lock was lost and acquired again"), "{report:#}");
}

#[test]
fn the_last_run_in_consul_names_its_user_and_its_minion() {
    let Some(bench) = Bench::new("run-who") else { return };
    let who = CallerIdentity { user: "ada".into(), minion: "web-1".into(), ..CallerIdentity::default() };
    site(&bench).call(&NoSalt, who, "orchestrate", json!({ "environment": "staging" }));
    let path = format!("kv/{}/.runs/staging?raw&consistent", bench.settings.prefix);
    let (_, text) = bench.call("GET", &path, "");
    let last: serde_json::Value = serde_json::from_str(&text).unwrap();
    let who = &last["began"]["who"];
    assert_eq!((&who["user"], &who["minion"]), (&json!("ada"), &json!("web-1")), "{last:#}");
}
