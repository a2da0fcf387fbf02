//! How a held lock is kept: renewals, and the effect of a Consul that does not answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eos::error::Code;
use eos::lock::{LockState, UnknownReason};
use rustix::process::Signal;

use super::bench::{Bench, pause, run, until, until_held, until_unknown};
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;

fn through_a_proxy(name: &str) -> Option<(Bench, Proxy)> {
    let bench = Bench::new(name)?;
    let proxy = Proxy::start(bench.agent.port);
    Some((bench.through(proxy.port), proxy))
}

#[test]
fn a_session_is_renewed_every_third_of_its_life() {
    let Some((bench, proxy)) = through_a_proxy("renew") else { return };
    run(async {
        let began = Instant::now();
        let guard = bench.take("one", 0).await.unwrap();
        until("two renewals", || proxy.asked("session/renew").len() >= 2).await;
        let renewals = proxy.asked("session/renew");
        let third = bench.settings.ttl / 3;
        assert!(renewals[0].0 - began >= third && renewals[1].0 - began >= 2 * third);
        // Not so late that a session without renewals would be lost.
        assert!(renewals[1].0 - renewals[0].0 < bench.settings.ttl);
        assert_eq!(guard.state(), LockState::Held);
        guard.release().await.unwrap();
    });
}

#[test]
#[ignore = "soak"]
fn a_lock_is_held_for_longer_than_its_session_would_live_without_renewals() {
    let Some(bench) = Bench::new("long") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let session = bench.session();
        // Consul ends a session after up to twice its TTL.
        pause(25_000).await;
        assert_eq!(bench.session(), session);
        guard.check().await.unwrap();
        guard.release().await.unwrap();
    });
}

#[test]
fn a_larger_ttl_from_the_server_is_used() {
    let Some((bench, proxy)) = through_a_proxy("larger") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        proxy.set(Mode::Replace("\"10000ms\"", "\"90000ms\""));
        until("a renewal", || !proxy.asked("session/renew").is_empty()).await;
        // More than a third of the requested TTL.
        pause(5000).await;
        assert_eq!(proxy.asked("session/renew").len(), 1);
        proxy.set(Mode::Pass);
        guard.release().await.unwrap();
    });
}

#[test]
fn while_consul_does_not_answer_it_is_asked_each_second_and_the_lock_is_unknown() {
    let Some((bench, proxy)) = through_a_proxy("cut") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        proxy.set(Mode::Cut);
        until_unknown(&guard).await;
        assert!(matches!(guard.state(), LockState::Unknown(UnknownReason::Unreachable(_))));
        until("four tries", || proxy.asked("cut").len() >= 4).await;
        let tries = proxy.asked("cut");
        assert!(tries[3].0 - tries[0].0 >= Duration::from_millis(1900), "{tries:?}");
        proxy.set(Mode::Pass);
        until_held(&guard).await;
        guard.check().await.unwrap();
        guard.release().await.unwrap();
    });
}

#[test]
fn an_answer_of_500_does_not_prove_that_the_lock_is_lost() {
    let Some((bench, proxy)) = through_a_proxy("500") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        let text = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 17\r\n\r\nNo cluster leader";
        proxy.set(Mode::Answer(text));
        // The first error may be that the connection was cut.
        until("told what it said", || match guard.state() {
            LockState::Unknown(UnknownReason::Unreachable(said)) => said.contains("No cluster leader"),
            _ => false,
        })
        .await;
        proxy.set(Mode::Pass);
        until_held(&guard).await;
        guard.release().await.unwrap();
    });
}

#[test]
fn a_paused_agent_does_not_lose_the_lock() {
    let Some(agent) = Server::consul() else { return };
    let bench = Bench::with(Arc::new(agent), "stopped");
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.agent.signal(Signal::STOP);
        until_unknown(&guard).await;
        bench.agent.signal(Signal::CONT);
        until_held(&guard).await;
        guard.check().await.unwrap();
        guard.release().await.unwrap();
    });
}

#[test]
fn an_unreachable_agent_leaves_the_lock_unknown_and_releasing_it_reports_that() {
    let Some(agent) = Server::consul() else { return };
    let bench = Bench::with(Arc::new(agent), "gone");
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        bench.agent.signal(Signal::KILL);
        until_unknown(&guard).await;
        let error = guard.release().await.unwrap_err();
        assert_eq!(error.code, Code::LockUnreachable);
        assert!(
            error.message.contains("could not be released")
                && error.message.contains(&bench.settings.address)
        );
    });
}

#[test]
fn a_lock_without_its_guard_is_not_renewed() {
    let Some((bench, proxy)) = through_a_proxy("dropped") else { return };
    run(async {
        let guard = bench.take("one", 0).await.unwrap();
        until("a renewal", || !proxy.asked("session/renew").is_empty()).await;
        drop(guard);
        pause(100).await;
        let before = proxy.asked("/v1/").len();
        pause(4500).await;
        assert_eq!(proxy.asked("/v1/").len(), before);
        // Terraform can finish its work: the session lives until its TTL is over.
        assert!(bench.session().is_some());
        bench.destroy(&bench.session().unwrap());
    });
}
