//! Consul as the lock, as a health gate, and as the target of hooks.

use serde_json::{Value, json};

use super::away::Away;
use super::scene::{Closed, Scene, address, failed, thing, until};
use crate::support::server::Server;
use crate::support::statuses;
use crate::support::web::Web;

struct Stage {
    consul: Server,
    scene: Scene,
    /// The service that is registered in Consul.
    api: Web,
    /// The second gate of `gated`, and the hook of `hooked` that precedes its Consul hook.
    gate: Web,
    hook: Closed,
}

/// Each component has the name of the phase in which it is when Consul is killed. All of them hold a lock.
const PHASES: [&str; 3] = ["applying", "gated", "hooked"];

impl Stage {
    /// `patience` is the deadline of the gates.
    fn new(patience: &str) -> Option<Self> {
        let consul = Server::consul_on_disk()?;
        let mut scene = Scene::new(&["applying", "gated"])?;
        let (api, gate, hook) = (Web::always(200), Web::always(503), Closed::new());
        let check = json!({ "Name": "up", "HTTP": api.url(), "Interval": "1s" });
        let service = json!({ "ID": "api-1", "Name": "api", "Port": api.port, "Check": check });
        assert_eq!(consul.call("PUT", "/v1/agent/service/register", &service.to_string()).0, 200);
        let settings = &mut scene.site.infrastructure["settings"];
        settings["consul"] = json!({ "address": address(consul.port) });
        settings["lock"] = json!({
            "type": "consul", "address": address(consul.port), "prefix": "locks", "ttl": "10s", "lock_delay": "1s",
        });
        let timing = |mut gate: Value| {
            gate["interval"] = json!("200ms");
            gate["min_healthy_time"] = json!(0);
            gate["healthy_deadline"] = json!(patience);
            gate
        };
        let gates = json!([
            { "consul": timing(json!({ "service": "api" })) }, { "http": timing(json!({ "url": gate.url() })) },
        ]);
        let hooks = json!([{ "webhook": { "url": hook.web.url(), "timeout": "2m" } }, { "consul_kv": {} }]);
        scene.component("applying", &thing("applying", ""), json!({}));
        scene.component("gated", &thing("gated", ""), json!({ "health": gates }));
        scene.component("hooked", &thing("hooked", ""), json!({ "hooks": hooks }));
        Some(Self { consul, scene, api, gate, hook })
    }

    fn until_each_is_in_its_phase(&self) {
        let Self { consul, scene, gate, hook, .. } = self;
        until("the service passes", || {
            let found = consul.get("/v1/health/service/api?passing").unwrap_or_default();
            found.as_array().is_some_and(|found| !found.is_empty())
        });
        scene.is_creating("applying");
        scene.is_creating("gated");
        hook.is_asked();
        scene.held(&["applying"]);
        until("the gates are asked", || !gate.asked().is_empty());
    }

    fn sessions(&self) -> usize {
        self.consul.get("/v1/session/list").unwrap_or_default().as_array().map_or(99, Vec::len)
    }

    /// The session that holds the lock of a component.
    fn session(&self, name: &str) -> Option<String> {
        let lock = self.consul.get(&format!("/v1/kv/locks/staging/{name}/lock"))?;
        lock[0]["Session"].as_str().map(str::to_owned)
    }

    fn is_unlocked(&self) {
        assert_eq!(self.sessions(), 0);
        PHASES.into_iter().for_each(|name| assert_eq!(self.session(name), None, "{name}"));
    }

    /// The status that the hook has written.
    fn told(&self) -> Value {
        let (_, text) = self.consul.call("GET", "/v1/kv/terraform/staging/hooked/metadata?raw", "");
        serde_json::from_str::<Value>(&text).unwrap_or_default()["status"].take()
    }
}

#[test]
fn lock_gate_and_hook_wait_for_a_restarting_consul() {
    let Some(mut stage) = Stage::new("2m") else { return };
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.until_each_is_in_its_phase();
        let locks = PHASES.map(|name| stage.session(name).unwrap());
        stage.consul.kill();
        let away = Away::at(stage.consul.port);
        away.is_asked("/v1/health/service/api");
        locks.iter().for_each(|session| away.is_asked(&format!("/v1/session/renew/{session}")));
        stage.hook.go();
        away.is_asked("/v1/kv/terraform/staging/hooked/");
        drop(away);
        stage.consul.begin_again();
        stage.scene.held(&[]);
        stage.gate.answers_now(200);
        run.join().unwrap()
    });
    assert!(statuses(&report).values().all(|status| status == "applied"), "{report:#}");
    stage.is_unlocked();
    assert_eq!(stage.told(), "applied");
    assert!(!stage.api.asked().is_empty());
}

/// Takes a minute, because it waits until Consul ends the sessions by itself.
#[test]
#[ignore = "soak"]
fn an_unreachable_consul_is_named_by_lock_gate_and_hook_and_its_locks_expire() {
    let Some(mut stage) = Stage::new("5s") else { return };
    stage.scene.site.infrastructure["settings"]["consul"]["retry_for"] = json!("1s");
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.until_each_is_in_its_phase();
        stage.consul.kill();
        stage.scene.held(&[]);
        stage.hook.go();
        run.join().unwrap()
    });
    let server = format!("127.0.0.1:{}", stage.consul.port);
    failed(&report, "applying", "lock_unknown", &server);
    failed(&report, "gated", "health_unknown", &server);
    assert_eq!(statuses(&report)["hooked"], "applied_with_warnings", "{report:#}");
    for name in PHASES {
        assert_eq!(stage.scene.state(name), [format!("world_thing.{name}")]);
        let notes = report["components"][name]["notes"].to_string();
        assert!(
            notes.contains(&format!("locks/staging/{name}/lock could not be released")),
            "{name}: {notes}"
        );
    }
    let notes = report["components"]["hooked"]["notes"].to_string();
    assert!(notes.contains(&format!("the Consul at http://{server} cannot be reached")), "{notes}");
    stage.consul.begin_again();
    stage.gate.answers_now(200);
    until("the sessions have ended", || stage.sessions() == 0);
    let again = stage.scene.run();
    assert_eq!(again["result"], true, "{again:#}");
    assert_eq!(stage.scene.world.names(), PHASES);
    stage.is_unlocked();
}
