//! A Nomad in several processes: a server, its clients, and a second region.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Api, Server, client_options};
use crate::support::ports::free_ports;

pub struct Cluster {
    pub server: Server,
    rpc: u16,
}

impl Cluster {
    /// A server that keeps its data on the disk and runs no tasks. It misses a client after about three seconds.
    pub fn new() -> Option<Self> {
        let [http, rpc, serf] = free_ports();
        let config = json!({
            "bind_addr": "127.0.0.1", "data_dir": "data",
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            "advertise": { "http": "127.0.0.1", "rpc": "127.0.0.1", "serf": "127.0.0.1" },
            "server": {
                "enabled": true, "bootstrap_expect": 1, "raft_multiplier": 1,
                "raft_snapshot_threshold": 1, "raft_snapshot_interval": "500ms",
                "min_heartbeat_ttl": "2s", "heartbeat_grace": "1s",
            },
        });
        let words = ["agent", "-config=agent.json"];
        let mut server = Server::start("nomad", &words, &config, Api::plain(http, ""), |server| {
            server.get("/v1/operator/keyring/keys").is_some_and(|keys| keys[0].is_object())
        })?;
        // After a restart the key may be there before the leader.
        server.ready = |server| server.get("/v1/status/leader").is_some_and(|leader| leader != "");
        Some(Self { server, rpc })
    }

    /// A client with this name. Returns when the server can place work there.
    pub fn client(&self, name: &str) -> Server {
        let [http, rpc, serf] = free_ports();
        let config = json!({
            "name": name, "bind_addr": "127.0.0.1", "data_dir": "data",
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            "advertise": { "http": "127.0.0.1", "rpc": "127.0.0.1", "serf": "127.0.0.1" },
            "client": {
                "enabled": true, "servers": [format!("127.0.0.1:{}", self.rpc)], "network_interface": "lo",
                "options": client_options(),
            },
            "plugin": { "raw_exec": { "config": { "enabled": true } } },
        });
        let client = Server::start(
            "nomad",
            &["agent", "-config=agent.json"],
            &config,
            Api::plain(http, ""),
            |client| client.get("/v1/agent/self").is_some(),
        );
        let client = client.unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.node(name)["Status"] != "ready" {
            assert!(Instant::now() < deadline, "{name} is not ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        client
    }

    /// The node with this name.
    pub fn node(&self, name: &str) -> Value {
        let nodes = self.server.get("/v1/nodes").unwrap_or_default();
        nodes.as_array().into_iter().flatten().find(|node| node["Name"] == name).cloned().unwrap_or_default()
    }
}

/// Two Nomads, each with a client, that are the regions `global` and `west` of one federation.
pub struct Regions {
    pub global: Server,
    pub west: Server,
}

impl Regions {
    pub fn new() -> Option<Self> {
        let [http, rpc, serf] = free_ports();
        let ports = json!({ "ports": { "http": http, "rpc": rpc, "serf": serf } });
        let global = Server::nomad_on(http, &ports)?;
        let [http, rpc, other] = free_ports();
        let west = Server::nomad_on(
            http,
            &json!({
                "region": "west", "ports": { "http": http, "rpc": rpc, "serf": other },
                "server": { "server_join": { "retry_join": [format!("127.0.0.1:{serf}")] } },
            }),
        )?;
        let deadline = Instant::now() + Duration::from_secs(60);
        let all = json!(["global", "west"]);
        while [&global, &west].iter().any(|one| one.get("/v1/regions") != Some(all.clone())) {
            assert!(Instant::now() < deadline, "the regions do not know each other");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { global, west })
    }
}
