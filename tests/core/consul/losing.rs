//! How a lock is lost, and when it is not.

use std::time::{Duration, Instant};

use eos::error::Code;
use eos::lock::{LockState, LostReason, UnknownReason};

use super::bench::{Bench, LOCK_FLAG, pause, run, until, until_held, until_unknown};
use crate::support::proxy::{Mode, Proxy};

#[test]
fn a_lock_whose_session_ended_is_acquired_again_while_its_value_names_this_run() {
    let Some(bench) = Bench::new("regain") else { return };
    let bench = bench.lock_delay(1);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let first = bench.session().unwrap();
        assert_eq!(guard.regained(), 0);
        bench.destroy(&first);
        until("another session", || bench.session().is_some_and(|session| session != first)).await;
        until_held(&guard).await;
        assert_eq!(guard.regained(), 1);
        assert_eq!(bench.value()["ID"], bench.session().unwrap());
        guard.check().await.unwrap();
        guard.release().await.unwrap();
        assert_eq!(bench.sessions().len(), 0);
    });
}

#[test]
fn the_value_of_a_lost_lock_decides_whether_it_is_acquired_again() {
    let Some(bench) = Bench::new("asleep") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.lock_delay(0).through(proxy.port);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let first = bench.session().unwrap();
        proxy.set(Mode::Cut);
        until_unknown(&guard).await;
        bench.destroy(&first);
        pause(1500).await;
        assert_eq!(bench.session(), None);
        proxy.set(Mode::Pass);
        until("taken again", || bench.session().is_some()).await;
        until_held(&guard).await;

        proxy.set(Mode::Cut);
        until_unknown(&guard).await;
        bench.hand_over(&bench.session().unwrap());
        proxy.set(Mode::Pass);
        let error = guard.lost().await;
        assert!(error.message.contains("run other"), "{error}");
    });
}

#[test]
fn a_lock_acquired_again_without_an_answer_is_recognised_as_this_runs() {
    let Some(bench) = Bench::new("regain-unanswered") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.lock_delay(0).through(proxy.port);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let first = bench.session().unwrap();
        proxy.set(Mode::Unanswered("PUT /v1/txn"));
        bench.destroy(&first);
        until("another session", || bench.session().is_some_and(|session| session != first)).await;
        until("adrift", || matches!(guard.state(), LockState::SessionExpired { .. })).await;
        until_held(&guard).await;
        guard.check().await.unwrap();
        guard.release().await.unwrap();
        assert_eq!(bench.sessions().len(), 0);
    });
}

#[test]
fn a_lock_that_another_holds_is_lost_at_once_and_names_the_other() {
    let Some(bench) = Bench::new("taken") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.hand_over(&bench.session().unwrap());
        let seen = Instant::now();
        let error = guard.lost().await;
        // It did not wait for a renewal.
        assert!(seen.elapsed() < Duration::from_secs(3));
        assert_eq!(error.code, Code::LockLost);
        assert!(error.message.contains("run other"), "{error}");
        assert!(matches!(guard.state(), LockState::Lost(LostReason::Taken(_))));
        let others = bench.session();
        guard.release().await.unwrap();
        assert_eq!(bench.session(), others, "what is another's is left alone");
        assert_eq!(bench.sessions().len(), 0, "our own session is ended");
    });
}

#[test]
fn a_deleted_key_is_a_lost_lock() {
    let Some(bench) = Bench::new("deleted") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.call("DELETE", &format!("kv/{}", bench.key()), "");
        let error = guard.lost().await;
        assert_eq!(error.code, Code::LockLost);
        assert_eq!(guard.state(), LockState::Lost(LostReason::Freed));
        guard.release().await.unwrap();
        let next = bench.take("two", 0).await.unwrap();
        next.release().await.unwrap();
    });
}

#[test]
fn a_key_written_by_another_program_is_unknown_until_it_is_released() {
    let Some(bench) = Bench::new("overwritten") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let session = bench.session();
        bench.call("PUT", &format!("kv/{}", bench.key()), "mine");
        until_unknown(&guard).await;
        assert_eq!(guard.state(), LockState::Unknown(UnknownReason::Overwritten));
        let entry = bench.entry();
        assert_eq!((bench.session(), entry["Flags"].as_u64()), (session, Some(0)), "as Consul does it");
        // Renewals continue and prove nothing.
        pause(4000).await;
        assert_eq!(guard.state(), LockState::Unknown(UnknownReason::Overwritten));
        assert_eq!(bench.take("two", 0).await.unwrap_err().code, Code::LockForeign);
        guard.release().await.unwrap();
        assert_eq!(bench.entry()["Flags"], LOCK_FLAG);
        bench.take("two", 0).await.unwrap().release().await.unwrap();
    });
}

#[test]
#[ignore = "soak"]
fn a_lock_that_cannot_be_acquired_again_within_ttl_and_lock_delay_is_lost() {
    let Some(bench) = Bench::new("expired") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.lock_delay(5).through(proxy.port);
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.destroy(&bench.session().unwrap());
        until("adrift", || matches!(guard.state(), LockState::SessionExpired { .. })).await;
        let began = Instant::now();
        proxy.set(Mode::Cut);
        guard.lost().await;
        assert_eq!(guard.state(), LockState::Lost(LostReason::Expired));
        assert!(began.elapsed() >= Duration::from_secs(14), "{:?}", began.elapsed());
    });
}
