//! How a lock is acquired, waited for and released.

use std::time::{Duration, Instant};

use eos::error::Code;
use eos::lock::{Holder, LockService};
use eos::process::{Cancel, Cause};

use super::bench::{Bench, LOCK_FLAG, holder, pause, run, until};
use crate::support::proxy::{Mode, Proxy};

#[test]
fn a_session_has_no_node_checks_a_ttl_a_lock_delay_and_releases_its_locks() {
    let Some(bench) = Bench::new("session") else { return };
    run(async {
        let _guard = bench.take("one", 0).await.unwrap();
        let sessions = bench.sessions();
        assert_eq!(sessions.len(), 1);
        let session = &sessions[0];
        // With serfHealth in one of these, a short problem between agents would cost the lock.
        for checks in ["NodeChecks", "Checks", "ServiceChecks"] {
            assert!(session[checks].as_array().is_none_or(Vec::is_empty), "{checks} in {session}");
        }
        assert_eq!(session["TTL"], "10000ms");
        assert_eq!(session["LockDelay"], 15_000_000_000_u64);
        assert_eq!(session["Behavior"], "release");
    });
}

#[test]
fn the_lock_value_names_its_holder_in_terraforms_and_eoss_fields() {
    let Some(bench) = Bench::new("value") else { return };
    run(async {
        let _guard = bench.take("one", 0).await.unwrap();
        let (entry, value, here) = (bench.entry(), bench.value(), Holder::here());
        assert_eq!(entry["Flags"], LOCK_FLAG);
        let session = entry["Session"].as_str().unwrap();
        for (name, expected) in [
            ("ID", session),
            ("Operation", "apply"),
            ("Info", ""),
            ("Who", &format!("joe@{}", here.host)),
            ("Path", &bench.key()),
            ("jid", "20261121"),
            ("minion", "web1"),
            ("host", &here.host),
            ("boot_id", &here.boot_id),
            ("run_id", "one"),
            ("component", "net"),
            ("environment", "staging"),
        ] {
            assert_eq!(value[name], expected, "{name}");
        }
        assert_eq!(value["pid"], here.pid);
        assert!(humantime::parse_rfc3339(value["Created"].as_str().unwrap()).is_ok());
        assert!(value["Version"].is_string());
    });
}

#[test]
fn a_held_lock_is_refused_and_names_its_holder_and_its_id() {
    let Some(bench) = Bench::new("busy") else { return };
    run(async {
        let _guard = bench.take("01FIRST", 0).await.unwrap();
        let error = bench.take("second", 0).await.unwrap_err();
        assert_eq!(error.code, Code::Locked);
        let here = Holder::here();
        for part in ["01FIRST", "20261121", &here.boot_id, &here.host, &here.pid.to_string()] {
            assert!(error.message.contains(part), "{part}: {error}");
        }
        assert!(error.remedy.contains(&bench.session().unwrap()), "{error}");
        assert_eq!(error.details["id"], bench.session().unwrap().as_str());
    });
}

#[test]
fn after_a_normal_end_there_is_no_lock_delay_and_no_session() {
    let Some(bench) = Bench::new("release") else { return };
    run(async {
        bench.take("one", 0).await.unwrap().release().await.unwrap();
        assert_eq!(bench.sessions().len(), 0);
        // There is no time to wait: with a lock-delay of 15 s this would fail.
        bench.take("two", 0).await.unwrap().release().await.unwrap();
        assert_eq!(bench.entry()["Session"].as_str(), None);
    });
}

#[test]
fn a_few_blocking_queries_wait_for_a_busy_key_and_acquire_it_when_free() {
    let Some(bench) = Bench::new("wait") else { return };
    let proxy = Proxy::start(bench.agent.port);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let released = async {
            until("somebody waits", || !proxy.asked("index=").is_empty()).await;
            pause(1500).await;
            guard.release().await.unwrap();
            Instant::now()
        };
        let through = Bench::with(bench.agent.clone(), "wait").through(proxy.port);
        let waited = async { (through.take("two", 60).await.unwrap(), Instant::now()) };
        let (released, (guard, taken)) = tokio::join!(released, waited);
        let queries = proxy.asked("index=");
        assert!(queries.len() <= 3, "{queries:?}");
        let index =
            |line: &str| line.split("index=").nth(1).unwrap().split('&').next().unwrap().parse::<u64>();
        assert!(queries.iter().all(|(_, line)| index(line).unwrap() >= 1), "{queries:?}");
        // Far less than the average cost of a pause between requests.
        assert!(taken.saturating_duration_since(released) < Duration::from_millis(900));
        guard.release().await.unwrap();
    });
}

#[test]
fn during_a_lock_delay_eos_sleeps_and_sends_no_queries() {
    let Some(bench) = Bench::new("delay") else { return };
    let bench = bench.lock_delay(3);
    let proxy = Proxy::start(bench.agent.port);
    run(async {
        drop(bench.take("one", 0).await.unwrap());
        // Consul's delay begins before its answer.
        let destroyed = Instant::now();
        bench.destroy(&bench.session().unwrap());
        let through = Bench::with(bench.agent.clone(), "delay").through(proxy.port);
        let error = through.take("impatient", 0).await.unwrap_err();
        assert_eq!(error.code, Code::Locked);
        assert!(error.message.contains("gives it to nobody"), "{error}");
        assert_eq!(bench.sessions().len(), 0, "one who gave up leaves no session");
        let guard = through.take("two", 60).await.unwrap();
        assert!(destroyed.elapsed() >= Duration::from_millis(2900));
        assert_eq!(proxy.asked("index=").len(), 0);
        // Two at first, then one each second.
        assert!(proxy.asked("PUT /v1/txn").len() <= 2 + 2 + 5, "{:?}", proxy.asked("PUT /v1/txn"));
        guard.release().await.unwrap();
    });
}

#[test]
fn a_request_to_stop_ends_waiting_and_leaves_no_session() {
    let Some(bench) = Bench::new("cancel") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let cancel = Cancel::new();
        let (consul, holder) = (bench.consul(), holder("two"));
        let waiting = consul.acquire(&holder, Duration::from_secs(600), &cancel);
        let stop = async {
            pause(300).await;
            cancel.cancel(Cause::User);
        };
        let (waited, ()) = tokio::join!(waiting, stop);
        assert_eq!(waited.unwrap_err().code, Code::Cancelled);
        guard.release().await.unwrap();
        assert_eq!(bench.sessions().len(), 0);
    });
}

#[test]
fn a_lock_acquired_without_an_answer_is_recognised_as_this_runs_own() {
    let Some(bench) = Bench::new("unanswered") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.through(proxy.port);
    run(async {
        proxy.set(Mode::Unanswered("PUT /v1/txn"));
        let guard = bench.take("one", 60).await.unwrap();
        assert_eq!(proxy.asked("PUT /v1/txn").len(), 1);
        guard.check().await.unwrap();
        guard.release().await.unwrap();
        assert_eq!(bench.sessions().len(), 0);
    });
}

#[test]
fn one_key_never_has_two_holders() {
    let Some(bench) = Bench::new("many") else { return };
    let inside = std::cell::Cell::new(0);
    let rounds = std::cell::Cell::new(0);
    run(async {
        let one = async |number: usize| {
            for _ in 0..5 {
                let guard = bench.take(&format!("run{number}"), 60).await.unwrap();
                assert_eq!(inside.replace(1), 0, "two are inside");
                guard.check().await.unwrap();
                pause(5).await;
                inside.set(0);
                rounds.set(rounds.get() + 1);
                guard.release().await.unwrap();
            }
        };
        tokio::join!(one(0), one(1), one(2), one(3), one(4), one(5));
    });
    assert_eq!(rounds.get(), 30);
}

#[test]
fn the_file_lock_is_acquired_and_released_with_the_consul_lock() {
    let Some(bench) = Bench::new("both") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    run(async {
        let settings = eos::model::LockSettings::Consul(Box::new(bench.settings.clone()));
        let service = LockService::open(&settings, None).unwrap();
        let (none, cancel) = (Duration::ZERO, Cancel::new());
        let guard = service.acquire(&path, &holder("one"), none, &cancel).await.unwrap();
        assert!(bench.session().is_some());
        assert_eq!(eos::lock::holder(&path).unwrap().unwrap().run_id, "one");
        guard.fence().await.unwrap();
        assert_eq!(
            service.acquire(&path, &holder("two"), none, &cancel).await.unwrap_err().code,
            Code::Locked
        );
        guard.release().await.unwrap();
        assert_eq!((bench.session(), eos::lock::holder(&path).unwrap()), (None, None));

        let elsewhere = bench.take("elsewhere", 0).await.unwrap();
        let error = service.acquire(&path, &holder("three"), none, &cancel).await.unwrap_err();
        assert!(error.message.contains("elsewhere"), "{error}");
        assert_eq!(eos::lock::holder(&path).unwrap(), None, "the file is free for whoever comes next");
        elsewhere.release().await.unwrap();
    });
}
