//! Servers beside a Docker engine, in its namespaces if it has its own.

use serde_json::{Value, json};

use super::{Api, NO_CLOUDS, Server, consul_is_ready, nomad_is_ready, program};
use crate::support::engine::Engine;
use crate::support::ports::free_ports;
use crate::support::script;

/// The image that keeps the network of a group.
pub const PAUSE: &str = "pause:1";
/// The image of the sidecars of Consul's mesh.
pub const SIDECAR: &str = "envoy:1";
/// The folder of the engine with the program of the tests. In the root of a task of the driver exec, it is `/programs`.
pub const PROGRAMS: &str = "programs";

/// A volume of the node.
const SHELF: &str = "shelf";

impl Server {
    /// A Consul with which services of this engine are registered.
    pub fn consul_in(engine: &Engine) -> Option<Self> {
        let Some(namespaces) = engine.namespaces() else { return Self::consul() };
        let [http, server, lan] = free_ports();
        let config = json!({
            "bind_addr": "127.0.0.1", "log_level": "warn",
            "ports": {
                "http": http, "server": server, "serf_lan": lan, "grpc": 8502,
                "serf_wan": -1, "dns": -1, "grpc_tls": -1,
            },
        });
        let words = ["agent", "-dev", "-config-file=agent.json"];
        Self::start_in(Some(namespaces), "consul", &words, &config, Api::plain(http, ""), consul_is_ready)
    }

    /// A Nomad that runs containers on this engine, and registers services with this Consul.
    pub fn nomad_in(engine: &Engine, consul: &Self) -> Option<Self> {
        let shelf = engine.folder().join("shelf");
        std::fs::create_dir(&shelf).unwrap();
        // The user nobody runs a task of the driver exec, and sees only these files.
        let programs = engine.folder().join(PROGRAMS);
        std::fs::create_dir(&programs).unwrap();
        let container = programs.join("container");
        script::copy(&program("container")?, &container);
        let mut client = json!({
            // Without an attribute beside them, Nomad does not take these mappings for blocks.
            "enabled": true,
            "chroot_env": { programs.to_str().unwrap(): format!("/{PROGRAMS}") },
            "options": { "fingerprint.denylist": NO_CLOUDS },
            "host_volume": { SHELF: { "path": shelf } },
        });
        let mut consul = json!({ "address": format!("127.0.0.1:{}", consul.port) });
        let docker = json!({
            "endpoint": format!("unix://{}", engine.socket().display()),
            "volumes": { "enabled": true }, "infra_image": engine.named(PAUSE),
            // In an engine of others, these are their containers.
            "gc": { "dangling_containers": { "enabled": false } },
        });
        if engine.namespaces().is_some() {
            in_its_network(&mut client, &mut consul, engine);
        }
        let [http, rpc, serf] = free_ports();
        let config = json!({
            "ports": { "http": http, "rpc": rpc, "serf": serf }, "client": client, "consul": consul,
            "plugin": { "raw_exec": { "config": { "enabled": true } }, "docker": { "config": docker } },
        });
        let words = ["agent", "-dev", "-bind=127.0.0.1", "-config=agent.json"];
        Self::start_in(engine.namespaces(), "nomad", &words, &config, Api::plain(http, ""), nomad_is_ready)
    }

    /// A Vault in the network of this engine.
    pub fn vault_in(engine: &Engine) -> Option<Self> {
        Self::vault_beside(engine.namespaces())
    }
}

/// Adds what groups with a network of their own need, and the mesh.
fn in_its_network(client: &mut Value, consul: &mut Value, engine: &Engine) {
    // A sidecar of the mesh is registered with the address of its node, which other containers must reach.
    client["network_interface"] = json!("docker0");
    client["cni_path"] = json!("/usr/lib/cni");
    client["meta"] = json!({ "connect.sidecar_image": engine.named(SIDECAR) });
    consul["grpc_address"] = json!("127.0.0.1:8502");
}
