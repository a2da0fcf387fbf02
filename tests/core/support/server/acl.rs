use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Server;

/// The token of [`Server::consul_with_acl`] that may do everything.
pub const MANAGER: &str = "b1gs3cr3-0000-4000-8000-00000000000b";

impl Server {
    /// A Consul that denies everything without a token. The test's own requests have [`MANAGER`].
    pub fn consul_with_acl() -> Option<Self> {
        let acl = json!({
            "acl": { "enabled": true, "default_policy": "deny", "tokens": { "initial_management": MANAGER } },
        });
        Self::consul_with(&acl, "X-Consul-Token: b1gs3cr3-0000-4000-8000-00000000000b\r\n")
    }

    /// The first management token of a Nomad with ACLs. Returns when this Nomad can place jobs: without a token nobody
    /// sees whether its node is ready.
    pub fn management_token(&self) -> String {
        let (_, made) = self.call("POST", "/v1/acl/bootstrap", "{}");
        let made: Value = serde_json::from_str(&made).unwrap();
        let token = made["SecretID"].as_str().unwrap().to_owned();
        let header = format!("X-Nomad-Token: {token}\r\n");
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let (_, nodes) = self.call_as(&header, "GET", "/v1/nodes", "");
            if nodes.contains("\"Status\":\"ready\"") {
                return token;
            }
            assert!(Instant::now() < deadline, "no node of nomad is ready: {nodes}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
