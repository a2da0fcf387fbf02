//! Consul, Nomad and Vault that deny everything without a token, and speak only TLS with clients that they know.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use super::Server;
use super::acl::MANAGER;
use super::tls::{Authority, Certificate, Front, of_nomad};
use crate::support::policies::Policies;
use crate::support::ports::free_port;

/// The token of the secured Nomad that may do everything.
const NOMAD_MANAGER: &str = "b1005ec3-0000-4000-8000-00000000000b";
const NOMAD_HEADER: &str = "X-Nomad-Token: b1005ec3-0000-4000-8000-00000000000b\r\n";

pub struct Secured {
    pub authority: Authority,
    /// The certificate of the one who asks these servers.
    pub own: Certificate,
    pub consul: Server,
    /// The port of Consul's API with TLS.
    pub consul_https: u16,
    pub nomad: Server,
    pub vault: Server,
    pub vault_front: Front,
}

static SHARED: Mutex<Weak<Secured>> = Mutex::new(Weak::new());

impl Secured {
    /// They end with the last test that uses them. None, with a message, if a program is missing.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(secured) = shared.upgrade() {
            return Some(secured);
        }
        let secured = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&secured);
        Some(secured)
    }

    fn start() -> Option<Self> {
        let authority = Authority::new()?;
        let (servers, own) = (authority.server(&["global"]), authority.client());
        let consul_https = free_port();
        let consul = Server::consul_with(
            &json!({
                "ports": { "https": consul_https },
                "acl": {
                    "enabled": true, "default_policy": "deny",
                    "tokens": { "initial_management": MANAGER, "agent": MANAGER },
                },
                "tls": {
                    "defaults": {
                        "ca_file": authority.file(), "cert_file": servers.certificate, "key_file": servers.key,
                    },
                    "https": { "verify_incoming": true },
                },
            }),
            "X-Consul-Token: b1gs3cr3-0000-4000-8000-00000000000b\r\n",
        )?;
        let agent = consul.consul_token("nomad-agent", &Policies::of_the_page().nomads_own);
        let nomad = Server::nomad_as(
            &json!({
                "acl": { "enabled": true },
                "client": {
                    // Nomad reads no volume from a block whose keys are all blocks.
                    "enabled": true,
                    "options": { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean" },
                    "host_volume": { "shelf": { "path": std::env::temp_dir() } },
                },
                "tls": of_nomad(&authority.file(), &servers),
                "consul": {
                    "address": format!("127.0.0.1:{consul_https}"), "ssl": true, "token": agent,
                    "ca_file": authority.file(), "cert_file": own.certificate, "key_file": own.key,
                },
            }),
            NOMAD_HEADER,
            Some(authority.requests(&own)),
            nomad_is_ready,
        )?;
        let vault = Server::vault()?;
        let approle = json!({ "type": "approle" }).to_string();
        assert_eq!(vault.call("POST", "/v1/sys/auth/approle", &approle).0, 204);
        let vault_front = Front::before(vault.port, &authority, &servers);
        Some(Self { authority, own, consul, consul_https, nomad, vault, vault_front })
    }

    pub fn nomad_address(&self) -> String {
        format!("https://127.0.0.1:{}", self.nomad.port)
    }

    pub fn consul_address(&self) -> String {
        format!("https://127.0.0.1:{}", self.consul_https)
    }

    /// A token of Nomad with these rules. `name` is that of the policy.
    pub fn nomad_token(&self, name: &str, rules: &str) -> String {
        let policy = json!({ "Name": name, "Rules": rules }).to_string();
        let (status, said) = self.nomad.call("POST", &format!("/v1/acl/policy/{name}"), &policy);
        assert_eq!(status, 200, "{said}\n{rules}");
        let asked = json!({ "Name": name, "Type": "client", "Policies": [name] }).to_string();
        made(self.nomad.call("POST", "/v1/acl/token", &asked))["SecretID"].as_str().unwrap().to_owned()
    }

    /// A login to Vault with these rules: the role's id and a secret id.
    pub fn vault_login(&self, name: &str, rules: &str) -> (String, String) {
        let post = |path: &str, body: Value| {
            let (status, said) = self.vault.call("POST", &format!("/v1/{path}"), &body.to_string());
            assert!(matches!(status, 200 | 204), "{path}: {status} {said}\n{rules}");
            serde_json::from_str::<Value>(&said).unwrap_or_default()
        };
        post(&format!("sys/policies/acl/{name}"), json!({ "policy": rules }));
        post(&format!("auth/approle/role/{name}"), json!({ "token_policies": [name] }));
        let id = self.vault.get(&format!("/v1/auth/approle/role/{name}/role-id")).unwrap();
        let secret = post(&format!("auth/approle/role/{name}/secret-id"), json!({}));
        [&id["data"]["role_id"], &secret["data"]["secret_id"]]
            .map(|one| one.as_str().unwrap().to_owned())
            .into()
    }
}

impl Server {
    /// A token of a Consul with these rules. `name` is that of the policy.
    pub fn consul_token(&self, name: &str, rules: &str) -> String {
        let policy = json!({ "Name": name, "Rules": rules }).to_string();
        let (status, said) = self.call("PUT", "/v1/acl/policy", &policy);
        assert_eq!(status, 200, "{said}\n{rules}");
        let asked = json!({ "Policies": [{ "Name": name }] }).to_string();
        made(self.call("PUT", "/v1/acl/token", &asked))["SecretID"].as_str().unwrap().to_owned()
    }
}

fn made((status, said): (u16, String)) -> Value {
    assert_eq!(status, 200, "{said}");
    serde_json::from_str(&said).unwrap()
}

/// Makes the first token when there is a leader.
fn nomad_is_ready(server: &Server) -> bool {
    let ready = |nodes: Value| nodes.to_string().contains("\"Status\":\"ready\"");
    if let Some(nodes) = server.get("/v1/nodes") {
        return ready(nodes);
    }
    let secret = json!({ "BootstrapSecret": NOMAD_MANAGER }).to_string();
    let _ = server.exchange("POST", "/v1/acl/bootstrap", "", &secret);
    false
}
