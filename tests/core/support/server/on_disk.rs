//! Servers that keep their data on the disk, so that they can be killed and started again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::ports::{free_port, free_ports};

use super::{
    Api, Server, VAULT_HEADER, VAULT_TOKEN, client_options, consul_is_ready, end, nomad_is_ready, spawn,
};

impl Server {
    /// A Consul whose keys and sessions survive a restart: see [`Server::restart`].
    pub fn consul_on_disk() -> Option<Self> {
        let [http, server, lan] = free_ports();
        let config = json!({
            "server": true, "bootstrap_expect": 1, "data_dir": "data", "bind_addr": "127.0.0.1",
            "log_level": "warn", "performance": { "raft_multiplier": 1 },
            "ports": {
                "http": http, "server": server, "serf_lan": lan,
                "serf_wan": -1, "dns": -1, "grpc": -1, "grpc_tls": -1,
            },
        });
        Self::start(
            "consul",
            &["agent", "-config-file=agent.json"],
            &config,
            Api::plain(http, ""),
            consul_is_ready,
        )
    }

    /// A Nomad server with its client. Jobs and tasks survive a restart.
    pub fn nomad_on_disk(consul: Option<&Self>) -> Option<Self> {
        let [http, rpc, serf] = free_ports();
        let mut config = json!({
            "bind_addr": "127.0.0.1", "data_dir": "data",
            "ports": { "http": http, "rpc": rpc, "serf": serf },
            // Nomad advertises a loopback address only if it is configured.
            "advertise": { "http": "127.0.0.1", "rpc": "127.0.0.1", "serf": "127.0.0.1" },
            // A key from a snapshot exists before there is a leader, and so before the client asks for it. If the key
            // is missing, the client asks again only 15 seconds later.
            "server": {
                "enabled": true, "bootstrap_expect": 1, "raft_multiplier": 1,
                "raft_snapshot_threshold": 1, "raft_snapshot_interval": "500ms",
            },
            "client": { "enabled": true, "options": client_options() },
            "plugin": { "raw_exec": { "config": { "enabled": true } } },
        });
        if let Some(consul) = consul {
            config["consul"] = json!({ "address": format!("127.0.0.1:{}", consul.port) });
        }
        // If a client asks before the server's first key exists, it asks again only 15 seconds later. After a restart,
        // the client finds the key at once.
        let words = ["agent", "-config=agent.json"];
        let mut nomad = Self::start("nomad", &words, &config, Api::plain(http, ""), |server| {
            server.get("/v1/operator/keyring/keys").is_some_and(|keys| keys[0].is_object())
        })?;
        nomad.ready = nomad_is_ready;
        nomad.restart();
        Some(nomad)
    }

    /// A Vault whose secrets, tokens and leases survive a restart. It is unsealed after each start.
    pub fn vault_on_disk() -> Option<Self> {
        let http = free_port();
        let listener = json!({ "address": format!("127.0.0.1:{http}"), "tls_disable": true });
        let config = json!({
            "storage": { "file": { "path": "data" } }, "listener": { "tcp": listener }, "disable_mlock": true,
        });
        let words = ["server", "-config=agent.json"];
        Self::start("vault", &words, &config, Api::plain(http, VAULT_HEADER), vault_is_unsealed)
    }

    /// Kills the server and starts it again. Returns when it answers.
    pub fn restart(&mut self) {
        self.kill();
        self.begin_again();
    }

    /// Sends SIGKILL. The server keeps its data on the disk and its port.
    pub fn kill(&mut self) {
        end(&mut self.guard, &mut self.child);
    }

    /// Starts the server again after [`Server::kill`], with its data. Returns when it answers.
    pub fn begin_again(&mut self) {
        (self.child, self.guard) = spawn(&self.program, &self.words, self.folder.path());
        self.wait();
    }

    /// Ends the tasks of a Nomad. After SIGTERM, a Nomad in memory ends its tasks and unmounts its mounts. A killed
    /// Nomad leaves both. A signal does not reach one in an engine's namespaces.
    pub(super) fn end_tasks(&mut self) {
        if self.child.try_wait().unwrap().is_some() {
            return;
        }
        if !self.folder.path().join("data").exists() && !self.contained {
            self.signal(Signal::TERM);
            let child = &mut self.child;
            within_seconds(20, || child.try_wait().unwrap().is_some());
            return;
        }
        let all = |what: &str| self.get(&format!("/v1/{what}")).unwrap_or_default();
        for job in all("jobs").as_array().into_iter().flatten() {
            let _ = self.call_if_there("DELETE", &format!("/v1/job/{}", job["ID"].as_str().unwrap()));
        }
        let runs = |one: &Value| one["ClientStatus"] == "running";
        within_seconds(20, || !all("allocations").as_array().is_some_and(|all| all.iter().any(runs)));
    }

    /// Removes the remains of a killed Nomad in its folder: helpers and tasks that would wait for it, and mounts.
    pub(super) fn sweep(&self) {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if std::fs::read_link(entry.path().join("cwd"))
                .is_ok_and(|cwd| cwd.starts_with(self.folder.path()))
            {
                let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let paths = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        for path in paths.filter(|path| Path::new(path).starts_with(self.folder.path())) {
            let _ = Command::new("umount").args(["-l", path]).stderr(Stdio::null()).status();
        }
    }
}

fn within_seconds(limit: u64, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(limit);
    while !done() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Initialises a Vault the first time, and sets it up as `vault server -dev` does. Unseals it each time.
fn vault_is_unsealed(server: &Server) -> bool {
    let Some(status) = server.get("/v1/sys/seal-status") else { return false };
    let kept = server.folder.path().join("key");
    if status["initialized"] == false {
        let one = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let (_, made) = server.call("PUT", "/v1/sys/init", &one.to_string());
        let made: Value = serde_json::from_str(&made).unwrap();
        std::fs::write(&kept, made["keys"][0].as_str().unwrap()).unwrap();
        unseal(server, &kept);
        let root = format!("X-Vault-Token: {}\r\n", made["root_token"].as_str().unwrap());
        let token = json!({ "id": VAULT_TOKEN, "policies": ["root"], "no_parent": true });
        let store = json!({ "type": "kv", "options": { "version": "2" } });
        for (path, body) in [("auth/token/create", token), ("sys/mounts/secret", store)] {
            let (status, said) = server.call_as(&root, "PUT", &format!("/v1/{path}"), &body.to_string());
            assert!(matches!(status, 200 | 204), "{path}: {status} {said}");
        }
    } else if status["sealed"] == true {
        unseal(server, &kept);
    }
    server.get("/v1/secret/config").is_some()
}

fn unseal(server: &Server, key: &Path) {
    let key = json!({ "key": std::fs::read_to_string(key).unwrap() });
    let (status, said) = server.call("PUT", "/v1/sys/unseal", &key.to_string());
    assert_eq!(status, 200, "{said}");
}
