//! Servers in the namespaces of a Docker engine, on ports of their own.

use serde_json::json;

use super::{Api, Server, consul_is_ready, nomad_is_ready, program};
use crate::support::engine::Engine;
use crate::support::ports::free_ports;

/// The image that keeps the network of a group.
pub const PAUSE: &str = "eos/pause:1";
/// The image of the sidecars of Consul's mesh.
pub const SIDECAR: &str = "eos/envoy:1";

/// A volume of the node.
const SHELF: &str = "shelf";

impl Server {
    /// A Consul in the network of this engine.
    pub fn consul_in(engine: &Engine) -> Option<Self> {
        let [http, server, lan] = free_ports();
        let config = json!({
            "bind_addr": "127.0.0.1", "log_level": "warn",
            "ports": {
                "http": http, "server": server, "serf_lan": lan, "grpc": 8502,
                "serf_wan": -1, "dns": -1, "grpc_tls": -1,
            },
        });
        let words = ["agent", "-dev", "-config-file=agent.json"];
        Self::start_in(Some(engine), "consul", &words, &config, Api::plain(http, ""), consul_is_ready)
    }

    /// A Nomad that runs containers on this engine, and registers services with this Consul.
    pub fn nomad_in(engine: &Engine, consul: &Self) -> Option<Self> {
        let [http, rpc, serf] = free_ports();
        let shelf = engine.folder().join("shelf");
        std::fs::create_dir(&shelf).unwrap();
        // A program of the driver exec finds only this folder.
        let container = program("container")?;
        let programs = container.parent().unwrap();
        let config = json!({
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            "client": {
                "chroot_env": { programs.to_str().unwrap(): programs },
                "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
                // A sidecar of the mesh is registered with the address of its node, which other containers must reach.
                "network_interface": "docker0", "cni_path": "/usr/lib/cni",
                "host_volume": { SHELF: { "path": shelf } },
                "meta": { "connect.sidecar_image": SIDECAR },
            },
            "plugin": {
                "raw_exec": { "config": { "enabled": true } },
                "docker": { "config": {
                    "endpoint": format!("unix://{}", engine.socket().display()),
                    "volumes": { "enabled": true }, "infra_image": PAUSE,
                } },
            },
            "consul": { "address": format!("127.0.0.1:{}", consul.port), "grpc_address": "127.0.0.1:8502" },
        });
        let words = ["agent", "-dev", "-bind=127.0.0.1", "-config=agent.json"];
        Self::start_in(Some(engine), "nomad", &words, &config, Api::plain(http, ""), nomad_is_ready)
    }
}
