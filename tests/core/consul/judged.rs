//! 403, 429 and 5xx have the same meaning for a lock, a hook and a health gate: with a real Consul that has access
//! rules, and with one behind a proxy that asks for a pause.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bench::{Bench, run};
use crate::support::proxy::{Mode, Proxy};
use crate::support::server::Server;
use crate::support::{Site, statuses};
use eos::error::Code;

/// The pause that the proxy asks for.
const ASKED: Duration = Duration::from_secs(2);
const TOO_MANY: &str =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const OVERLOADED: &str =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FOR_LONG: &str =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NO_LEADER: &str =
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 17\r\nConnection: close\r\n\r\nNo cluster leader";

const MODULE: &str = "resource \"terraform_data\" \"x\" {}";

/// A component with these settings, and a Consul at this port.
fn site(port: u16, more: Value) -> Site {
    let mut site = Site::new();
    site.component("web", MODULE, more);
    site.infrastructure["settings"]["consul"] = json!({ "address": format!("http://127.0.0.1:{port}") });
    site
}

fn gates(service: &str) -> Value {
    json!({ "health": [{ "consul": {
        "service": service, "interval": "100ms", "min_healthy_time": "100ms", "healthy_deadline": "1m",
    } }] })
}

/// The time between the first and the second request of this kind.
fn pause(proxy: &Proxy, part: &str) -> Duration {
    let asked: Vec<Instant> = proxy.asked(part).into_iter().map(|(when, _)| when).collect();
    assert!(asked.len() > 1, "asked only once for {part}");
    asked[1] - asked[0]
}

#[test]
fn a_lock_is_acquired_when_consul_answers_again_but_not_before_its_requested_delay() {
    let Some(bench) = Bench::new("patience") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.through(proxy.port);
    run(async {
        for (answer, least) in
            [(TOO_MANY, ASKED), (OVERLOADED, ASKED), (NO_LEADER, Duration::from_millis(500))]
        {
            let before = proxy.asked("GET /v1/kv").len();
            proxy.set(Mode::Once(answer));
            let guard = bench.take("one", 30).await.unwrap();
            let asked = proxy.asked("GET /v1/kv");
            assert!(asked[before + 1].0 - asked[before].0 >= least, "{answer}");
            guard.release().await.unwrap();
            proxy.set(Mode::Once(answer));
            assert_eq!(bench.consul().list(None).await.unwrap(), [], "{answer}");
        }
    });
}

#[test]
fn eos_does_not_wait_for_a_consul_that_requests_too_long_a_delay() {
    let Some(bench) = Bench::new("impatience") else { return };
    let proxy = Proxy::start(bench.agent.port);
    let bench = bench.through(proxy.port);
    proxy.set(Mode::Answer(FOR_LONG));
    run(async {
        let error = bench.take("one", 30).await.unwrap_err();
        assert_eq!(error.code, Code::LockUnreachable);
        assert!(error.message.contains("HTTP 503"), "{error}");
        assert_eq!(bench.consul().list(None).await.unwrap_err().code, Code::LockUnreachable);
    });
    assert_eq!(proxy.asked("GET /v1/kv").len(), 2);
}

#[test]
fn a_hook_waits_for_the_delay_that_consul_requests() {
    let Some(server) = Server::consul() else { return };
    let proxy = Proxy::start(server.port);
    let site = site(proxy.port, json!({ "hooks": [{ "consul_kv": { "on_failure": "fail" } }] }));
    proxy.set(Mode::Once(TOO_MANY));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    assert!(pause(&proxy, "GET /v1/kv/terraform/staging/web/outputs/?keys") >= ASKED);

    proxy.set(Mode::Answer(FOR_LONG));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(report["components"]["web"]["reason"], "hook_failed", "{report:#}");
    assert!(
        report["components"]["web"]["error"]["message"].as_str().unwrap().contains("HTTP 503"),
        "{report:#}"
    );
}

#[test]
fn a_gate_checks_again_after_the_delay_that_consul_requests() {
    let Some(server) = Server::consul() else { return };
    server.call("PUT", "/v1/agent/service/register", &json!({ "Name": "plain", "Port": 1 }).to_string());
    let proxy = Proxy::start(server.port);
    let site = site(proxy.port, gates("plain"));
    proxy.set(Mode::Once(TOO_MANY));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    assert!(pause(&proxy, "GET /v1/health/service/plain") >= ASKED);
}

#[test]
fn a_denied_token_is_reported_with_the_missing_permission_and_not_tried_again() {
    let Some(server) = Server::consul_with_acl() else { return };
    let made = |path: &str, body: Value| {
        let (status, text) = server.call("PUT", path, &body.to_string());
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    };
    made("/v1/agent/service/register", json!({ "Name": "plain", "Port": 1 }));
    // The token has some rights, so that Consul knows it, but none of those that are needed here.
    made(
        "/v1/acl/policy",
        json!({ "Name": "other", "Rules": "key_prefix \"other\" { policy = \"write\" }" }),
    );
    let token = made("/v1/acl/token", json!({ "Policies": [{ "Name": "other" }] }));
    let token = token["SecretID"].as_str().unwrap();
    let proxy = Proxy::start(server.port);
    let with_token = |more: Value| {
        let mut site = site(proxy.port, more);
        let file = site.folder.path().join("consul-token");
        std::fs::write(&file, token).unwrap();
        site.infrastructure["settings"]["consul"]["token"] = json!(format!("file:{}", file.display()));
        site
    };
    let failure = |report: &Value| {
        let web = &report["components"]["web"];
        assert!(!report.to_string().contains(token), "{report:#}");
        (
            web["reason"].as_str().unwrap_or_default().to_owned(),
            web["error"]["message"].as_str().unwrap().to_owned(),
        )
    };

    let hooks = json!({ "hooks": [{ "consul_kv": { "on_failure": "fail" } }] });
    let (reason, message) = failure(&with_token(hooks).run("orchestrate", json!({})));
    assert_eq!(reason, "hook_failed");
    let needs = "infrastructure:settings:consul:token to a token whose policy has key_prefix \
                 \"terraform/staging/web/\" write";
    assert!(message.contains("denies access: HTTP 403") && message.contains(needs), "{message}");

    let service = json!({ "name": "web", "address": "10.0.0.7", "on_failure": "fail" });
    let hooks = json!({ "hooks": [{ "consul_service": service }] });
    let (reason, message) = failure(&with_token(hooks).run("orchestrate", json!({})));
    assert_eq!(reason, "hook_failed");
    assert!(message.contains("node \"eos-staging-web\" write"), "{message}");
    assert_eq!(proxy.asked("PUT /v1/catalog/register").len(), 1, "another try is of no use");

    // Consul answers 200 here, and leaves out entries that the token may not see.
    let (reason, message) = failure(&with_token(gates("plain")).run("orchestrate", json!({})));
    assert_eq!(reason, "health_unknown");
    let needs =
        "infrastructure:settings:consul:token needs service_prefix \"\" read and node_prefix \"\" read";
    assert!(message.contains("denies access") && message.contains(needs), "{message}");
    assert_eq!(proxy.asked("GET /v1/health/service/plain").len(), 1, "another try is of no use");
}
