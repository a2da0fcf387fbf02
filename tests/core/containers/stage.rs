//! One engine with its Consul and Nomad for all tests of this program, and a site whose services run there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::engine::{Engine, Entered, Namespaces, is_socket};
use crate::support::server::{PAUSE, SIDECAR, Server, program};
use crate::support::world::World;

/// The order matters: Nomad ends before the engine.
pub struct Harbour {
    pub nomad: Server,
    pub consul: Server,
    /// Only some tests need it.
    vault: OnceLock<Option<Arc<Server>>>,
    pub engine: Engine,
    /// The image of Envoy is large, so it is made only for tests of the mesh.
    has_envoy: Once,
}

impl Harbour {
    fn beside(engine: Engine) -> Option<Arc<Self>> {
        engine.image(PAUSE, &["sleep"]);
        let consul = Server::consul_in(&engine)?;
        let nomad = Server::nomad_in(&engine, &consul)?;
        Some(Arc::new(Self { nomad, consul, vault: OnceLock::new(), engine, has_envoy: Once::new() }))
    }

    pub fn vault(&self) -> Option<Arc<Server>> {
        self.vault.get_or_init(|| Server::vault_in(&self.engine).map(Arc::new)).clone()
    }
}

/// Ends with the last test that uses it.
type Shared = Mutex<Weak<Harbour>>;

/// None, with a message, if a program is missing.
fn shared(
    shared: &Shared,
    engine: impl FnOnce() -> Option<Engine>,
) -> Option<(Arc<Harbour>, Option<Entered>)> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(harbour) = shared.upgrade() {
        let entered = enter(&harbour.engine);
        return Some((harbour, entered));
    }
    let engine = engine()?;
    let entered = enter(&engine);
    let harbour = Harbour::beside(engine)?;
    *shared = Arc::downgrade(&harbour);
    Some((harbour, entered))
}

fn enter(engine: &Engine) -> Option<Entered> {
    engine.namespaces().map(Namespaces::enter)
}

/// A site whose services run on the engine. This thread, and all that it starts, is in the engine's network.
pub struct Stage {
    pub harbour: Arc<Harbour>,
    pub site: Site,
    _world: World,
    _entered: Option<Entered>,
}

impl Stage {
    /// On the engine that runs on this machine, or else on one of its own.
    pub fn new() -> Option<Self> {
        static OF_OTHERS: Shared = Mutex::new(Weak::new());
        let found = program("engine")?;
        match is_socket(&found) {
            true => Self::on(shared(&OF_OTHERS, || Engine::of_others(&found))?),
            false => Self::apart(),
        }
    }

    /// On an engine of its own. Groups with a network of their own need it, because Nomad makes a bridge and firewall
    /// rules for them, and leaves both on the machine.
    pub fn apart() -> Option<Self> {
        static OWN: Shared = Mutex::new(Weak::new());
        Self::on(shared(&OWN, Engine::own)?)
    }

    /// On an engine of others.
    pub fn on_engine(engine: Engine) -> Option<Self> {
        Self::on((Harbour::beside(engine)?, None))
    }

    fn on((harbour, entered): (Arc<Harbour>, Option<Entered>)) -> Option<Self> {
        let world = World::new()?;
        let mut site = Site::new();
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
        settings["nomad"] = json!({ "address": format!("http://127.0.0.1:{}", harbour.nomad.port) });
        settings["consul"] = json!({ "address": format!("http://127.0.0.1:{}", harbour.consul.port) });
        Some(Self { harbour, site, _world: world, _entered: entered })
    }

    /// A stage whose services can join Consul's mesh.
    pub fn with_mesh() -> Option<Self> {
        program("envoy")?;
        let stage = Self::apart()?;
        stage.harbour.has_envoy.call_once(|| drop(stage.harbour.engine.image(SIDECAR, &["envoy"])));
        Some(stage)
    }

    /// Adds a service with one replica whose image is made now: it runs the program with these words. Returns the
    /// service's entry.
    pub fn service(&mut self, name: &str, words: &[&str]) -> &mut Value {
        let image = self.image(name, "1", words);
        let services = &mut self.site.infrastructure["services"];
        services[name] = json!({
            "image": image, "port": 8080, "provider": "nomad", "replicas": 1, "cpu": 20, "memory": 64,
            "check": { "type": "http", "path": "/", "interval": "1s", "timeout": "1s" },
            "restart": { "attempts": 0, "mode": "fail" },
            "update": { "min_healthy_time": "500ms", "healthy_deadline": "60s", "progress_deadline": 0 },
            "shutdown_delay": "0s",
        });
        &mut services[name]
    }

    /// Makes an image, and returns its name.
    pub fn image(&self, name: &str, tag: &str, words: &[&str]) -> String {
        self.harbour.engine.image(&format!("{name}:{tag}"), words)
    }

    pub fn run(&self, operation: &str, arguments: Value) -> Value {
        self.site.run(operation, arguments)
    }

    /// Runs `orchestrate`, which must succeed.
    pub fn orchestrated(&self) -> Value {
        let report = self.run("orchestrate", json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        report
    }

    /// The addresses of the instances that Nomad has registered.
    pub fn addresses(&self, service: &str) -> Vec<String> {
        let found = self.harbour.nomad.get(&format!("/v1/service/{service}")).unwrap_or_default();
        let address = |one: &Value| format!("{}:{}", one["Address"].as_str().unwrap(), one["Port"]);
        found.as_array().into_iter().flatten().map(address).collect()
    }

    /// The addresses of the instances whose checks pass in Consul.
    pub fn passing(&self, service: &str) -> Vec<String> {
        let found =
            self.harbour.consul.get(&format!("/v1/health/service/{service}?passing")).unwrap_or_default();
        let address = |one: &Value| format!("{}:{}", one["Address"].as_str().unwrap(), one["Port"]);
        found.as_array().into_iter().flatten().map(|one| address(&one["Service"])).collect()
    }

    /// What the only instance of a service answers.
    pub fn answer(&self, service: &str, path: &str) -> String {
        let addresses = self.addresses(service);
        let [address] = &addresses[..] else { panic!("{service} has {addresses:?}") };
        get(address, path).unwrap_or_else(|| panic!("{service} does not answer at {address}"))
    }
}

/// The answer of an instance. None if nobody answers, or not with the status 200.
pub fn get(address: &str, path: &str) -> Option<String> {
    send(address, "GET", path, "")
}

pub fn send(address: &str, method: &str, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.lines().next()?.ends_with("200 OK").then(|| body.to_owned())
}
