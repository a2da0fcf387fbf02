//! Refusals, and their messages.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eos::error::Code;
use eos::lock::ConsulLocks;
use eos::process::Cancel;
use serde_json::json;

use super::bench::{Bench, address, holder, run};
use crate::support::ports::free_port;
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;

const TOKEN: &str = "b1gs3cr3-0000-4000-8000-000000000000";

#[test]
fn a_key_that_is_not_a_lock_is_refused_and_not_changed() {
    let Some(bench) = Bench::new("foreign") else { return };
    run(async {
        bench.call("PUT", &format!("kv/{}?flags=7", bench.key()), "mine");
        let before = bench.entry();
        let error = bench.take("one", 0).await.unwrap_err();
        assert_eq!(error.code, Code::LockForeign);
        assert!(error.message.contains(&bench.key()), "{error}");
        assert_eq!(bench.entry(), before);

        let session = bench.foreign_session();
        bench.call("PUT", &format!("kv/{}?acquire={session}&flags=7", bench.key()), "mine");
        assert_eq!(bench.take("one", 60).await.unwrap_err().code, Code::LockForeign, "held by a foreigner");
        assert_eq!(bench.sessions().len(), 0);
    });
}

/// A Consul at a port where nobody listens.
fn closed() -> ConsulLocks {
    let port = free_port();
    ConsulLocks::open(&settings(port), Some(TOKEN.into())).unwrap()
}

fn settings(port: u16) -> eos::model::ConsulLock {
    eos::model::ConsulLock {
        address: address(port),
        token: None,
        ttl: Duration::from_secs(10),
        lock_delay: Duration::from_secs(15),
        prefix: "terraform".into(),
        tls: Default::default(),
    }
}

#[test]
fn a_lock_service_that_cannot_be_reached_fails_closed_and_names_its_address_and_the_remedy() {
    run(async {
        let consul = closed();
        let error = consul.acquire(&holder("one"), Duration::ZERO, &Cancel::new()).await.unwrap_err();
        assert_eq!(error.code, Code::LockUnreachable);
        assert!(error.message.contains("http://127.0.0.1:") && error.message.contains("refused"), "{error}");
        assert!(error.remedy.contains("infrastructure:settings:lock:address"), "{error}");
        let began = Instant::now();
        let long = consul.acquire(&holder("one"), Duration::from_secs(600), &Cancel::new()).await;
        assert_eq!(long.unwrap_err().code, Code::LockUnreachable);
        // A wrong address is reported soon.
        assert!(began.elapsed() < Duration::from_secs(60));
        assert_eq!(consul.list(None).await.unwrap_err().code, Code::LockUnreachable);
        assert_eq!(consul.unlock(&holder("one"), "x").await.unwrap_err().code, Code::LockUnreachable);
    });
}

#[test]
fn a_server_that_is_not_a_consul_gives_no_locks() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap().port());
        proxy.set(Mode::Answer(answer));
        let consul = ConsulLocks::open(&settings(proxy.port), None).unwrap();
        run(async {
            let error = consul.acquire(&holder("one"), Duration::ZERO, &Cancel::new()).await.unwrap_err();
            assert_eq!(error.code, Code::LockRefused, "{answer}");
            assert_eq!(consul.list(None).await.unwrap_err().code, Code::LockRefused, "{answer}");
            let record = consul.read("staging", "net", "record").await;
            assert_eq!(record.unwrap_err().code, Code::LockRefused, "{answer}");
        });
    }
}

#[test]
fn a_server_that_answers_at_once_is_asked_at_most_ten_times_a_second() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap().port());
    // A lock that is held, and an index that never increases.
    proxy.set(Mode::Answer(concat!(
        "HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\nContent-Length: 89\r\n\r\n",
        r#"[{"Key":"terraform/a/b/lock","Flags":3304740253564472344,"ModifyIndex":7,"Session":"s"}] "#
    )));
    let consul = ConsulLocks::open(&settings(proxy.port), None).unwrap();
    run(async {
        let error = consul.acquire(&holder("one"), Duration::from_secs(1), &Cancel::new()).await.unwrap_err();
        assert_eq!(error.code, Code::Locked);
    });
    let asked = proxy.asked("GET /v1/kv").len();
    // Ten requests, the few that need no pause, and those at the end.
    assert!((3..=18).contains(&asked), "{asked}");
}

#[test]
fn a_token_is_in_no_error_and_in_no_debug_text() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap().port());
    // A proxy that repeats the token of the request.
    proxy.set(Mode::Answer(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\n\r\nno: b1gs3cr3-0000-4000-8000-000000000000 is bad ",
    ));
    let consul = ConsulLocks::open(&settings(proxy.port), Some(TOKEN.into())).unwrap();
    let unreachable = closed();
    run(async {
        for consul in [&consul, &unreachable] {
            let error = consul.acquire(&holder("one"), Duration::ZERO, &Cancel::new()).await.unwrap_err();
            let told = format!("{error} {error:?} {consul:?} {}", serde_json::to_string(&error).unwrap());
            assert!(!told.contains("b1gs3cr3"), "{told}");
        }
    });
    let error = ConsulLocks::open(&settings(1), Some(format!("{TOKEN}\n").into())).unwrap_err();
    assert!(!format!("{error:?}").contains("b1gs3cr3"));
}

#[test]
fn a_token_without_lock_permission_is_refused_with_the_policy_that_it_needs() {
    let acl = json!({
        "acl": { "enabled": true, "default_policy": "deny", "tokens": { "initial_management": TOKEN } },
    });
    let managing = "X-Consul-Token: b1gs3cr3-0000-4000-8000-000000000000\r\n";
    let Some(agent) = Server::consul_with(&acl, managing) else { return };
    let bench = Bench::with(Arc::new(agent), "acl");
    let with = |token: &str| ConsulLocks::open(&bench.settings, Some(token.into())).unwrap();
    let made = std::cell::Cell::new(0);
    let token = |rules: &str| {
        let name = format!("policy-{}", made.replace(made.get() + 1));
        let policy = json!({ "Name": name, "Rules": rules }).to_string();
        assert_eq!(bench.call("PUT", "acl/policy", &policy).0, 200);
        let body = json!({ "Policies": [{ "Name": name }] }).to_string();
        bench.json("PUT", "acl/token", &body)["SecretID"].as_str().unwrap().to_owned()
    };
    let session = r#"session_prefix "" { policy = "write" } "#;
    let read = r#"key_prefix "test/acl" { policy = "read" } "#;
    let write = r#"key_prefix "test/acl" { policy = "write" }"#;
    run(async {
        // No token; one that may not read; one that may not make sessions; one that may not write.
        let none = ConsulLocks::open(&bench.settings, None).unwrap();
        let weak =
            [none, with(&token(session)), with(&token(read)), with(&token(&format!("{session}{read}")))];
        for consul in weak {
            let error =
                consul.acquire(&holder("one"), Duration::from_secs(60), &Cancel::new()).await.unwrap_err();
            assert_eq!(error.code, Code::LockDenied, "{error}");
            assert!(error.remedy.contains("key_prefix \"test/acl\" write"), "{error}");
        }
        let consul = with(&token(&format!("{session}{write}")));
        let guard = consul.acquire(&holder("one"), Duration::ZERO, &Cancel::new()).await.unwrap();
        guard.check().await.unwrap();
        guard.release().await.unwrap();
    });
}
