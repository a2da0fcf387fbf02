//! Which work a held lock allows, and which it does not.

use eos::error::Code;
use eos::lock::LockState;

use super::bench::{Bench, run, until, until_unknown};
use crate::support::proxy::{Mode, Proxy};

#[test]
fn a_fence_notices_a_lost_lock_first() {
    let Some(bench) = Bench::new("fence") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        guard.check().await.unwrap();
        bench.hand_over(&bench.session().unwrap());
        // Nothing was awaited since then, so the guard's knowledge is old.
        assert_eq!(guard.state(), LockState::Held);
        assert_eq!(guard.check().await.unwrap_err().code, Code::LockLost);
    });
}

#[test]
fn a_fence_waits_for_a_lock_that_is_being_acquired_again() {
    let Some(bench) = Bench::new("fence-regain") else { return };
    let bench = bench.lock_delay(2);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let first = bench.session().unwrap();
        bench.destroy(&first);
        guard.check().await.unwrap();
        assert!(bench.session().is_some_and(|session| session != first));
        guard.release().await.unwrap();
    });
}

#[test]
fn a_fence_refuses_a_key_that_another_program_wrote() {
    let Some(bench) = Bench::new("fence-overwritten") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.call("PUT", &format!("kv/{}", bench.key()), "mine");
        assert_eq!(guard.check().await.unwrap_err().code, Code::LockUnknown, "before it was noticed");
        until_unknown(&guard).await;
        assert_eq!(guard.check().await.unwrap_err().code, Code::LockUnknown, "after it was noticed");
        guard.release().await.unwrap();
    });
}

#[test]
fn a_fence_refuses_if_consul_does_not_answer_for_the_lifetime_of_the_session() {
    let Some(bench) = Bench::new("fence-cut") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.through(proxy.port);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        proxy.set(Mode::Cut);
        let began = std::time::Instant::now();
        let error = guard.check().await.unwrap_err();
        assert_eq!(error.code, Code::LockUnknown);
        assert!(error.message.contains(&bench.settings.address), "{error}");
        assert!(began.elapsed() >= bench.settings.ttl);
        proxy.set(Mode::Pass);
        // The lock was not lost: it is valid as soon as Consul answers again.
        guard.check().await.unwrap();
        guard.release().await.unwrap();
    });
}

#[test]
fn a_write_under_a_lock_succeeds_only_while_it_is_held() {
    let Some(bench) = Bench::new("write") else { return };
    run(async {
        let consul = bench.consul();
        let read = async || consul.read("staging", "net", "record").await.unwrap();
        let guard = bench.take("one", 0).await.unwrap();
        assert_eq!(read().await, None);
        guard.write("record", b"{\"serial\": 1}").await.unwrap();
        guard.write("record", b"{\"serial\": 2}").await.unwrap();
        bench.hand_over(&bench.session().unwrap());
        assert_eq!(guard.write("record", b"{\"serial\": 3}").await.unwrap_err().code, Code::LockLost);
        assert_eq!(read().await.as_deref(), Some(&b"{\"serial\": 2}"[..]));
        until("lost", || matches!(guard.state(), LockState::Lost(_))).await;
        assert_eq!(guard.write("record", b"{\"serial\": 3}").await.unwrap_err().code, Code::LockLost);
        assert_eq!(read().await.as_deref(), Some(&b"{\"serial\": 2}"[..]));
    });
}

#[test]
fn a_fence_requested_before_a_long_pause_reports_afterwards_that_the_lock_is_lost() {
    let Some(bench) = Bench::new("fence-stopped") else { return };
    let bench = bench.lock_delay(0);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let stopped = async {
            bench.hand_over(&bench.session().unwrap());
            // Nothing in this runtime continues, as in a process that is stopped.
            std::thread::sleep(bench.settings.ttl + std::time::Duration::from_secs(1));
        };
        let (fence, ()) = tokio::join!(guard.check(), stopped);
        assert_eq!(fence.unwrap_err().code, Code::LockLost);
    });
}
