use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Server, exchange};

impl Server {
    /// Sends a request with another token.
    pub fn call_as(&self, header: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        exchange(self.port, method, path, header, body).unwrap()
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
            let (_, nodes) = exchange(self.port, "GET", "/v1/nodes", &header, "").unwrap();
            if nodes.contains("\"Status\":\"ready\"") {
                return token;
            }
            assert!(Instant::now() < deadline, "no node of nomad is ready: {nodes}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
