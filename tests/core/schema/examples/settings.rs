use serde_json::{Value, json};

use super::{hooks, tls};

pub fn all() -> Vec<Value> {
    let mut all = general();
    all.extend(servers());
    all.extend(hooks::of_runs());
    all
}

fn general() -> Vec<Value> {
    vec![
        json!({ "default_environment": "production", "profile": "documents", "root": "/srv/terraform" }),
        json!({ "terraform": { "binary": "tofu", "version": ">=1.5", "env": { "A": "text", "B": 1, "C": true },
            "pass_env": ["HTTPS_PROXY"], "cli_config_file": "/etc/terraformrc" } }),
        json!({ "lock_timeout": "5m", "parallelism": 4, "concurrency": { "hcloud": 2 } }),
        json!({ "consul_name": "{service}-{environment}" }),
        json!({ "prices": { "hcloud": { "cx22": 4.5 } } }),
        json!({ "lock": {} }),
        json!({ "lock": { "type": "file" } }),
        json!({ "lock": { "type": "consul", "address": "https://consul.example:8501", "token": "env:TOKEN",
            "ttl": 20, "lock_delay": 0, "prefix": "terraform", "tls": tls() } }),
        json!({ "lock": { "type": "consul", "address": "https://consul.example", "tls": { "insecure": true } } }),
        json!({ "approvals": { "from": ["alice", "group:ops"], "other_than_author": true, "local": true } }),
    ]
}

fn servers() -> Vec<Value> {
    let mut all = vec![
        json!({ "nomad": { "address": "https://nomad.example:4646", "token": "env:NOMAD_TOKEN", "region": "eu",
            "namespace": "apps", "secrets": "vault", "vault_role": "tasks", "retry_for": 15, "tls": tls() } }),
        json!({ "nomad": { "address": "https://nomad.example", "secrets": "variables", "tls": { "insecure": true } } }),
        json!({ "consul": { "address": "https://consul.example", "tls": { "insecure": true } } }),
        json!({ "consul": { "address": "https://consul.example:8501", "token": "env:TOKEN", "retry_for": 15,
            "tls": tls() } }),
        json!({ "vault": {} }),
    ];
    let logins = [
        json!({ "method": "token", "token": "env:VAULT_TOKEN" }),
        json!({ "method": "approle", "mount": "approle", "role_id": "eos", "secret_id": "file:/etc/secret" }),
        json!({ "method": "wrapped", "mount": "a/b", "role_id": "env:ROLE", "wrapped_secret_id": "env:WRAPPED" }),
        json!({ "method": "jwt", "mount": "jwt", "role": "eos", "jwt": "file:/etc/jwt" }),
    ];
    all.extend(
        logins.map(|auth| json!({ "vault": { "address": "https://vault.example:8200", "auth": auth } })),
    );
    all.push(json!({ "vault": { "address": "https://vault.example", "tls": { "insecure": true },
        "auth": { "method": "token", "token": "env:A" } } }));
    all.push(
        json!({ "vault": { "address": "https://vault.example", "namespace": "a/b", "services": "secret",
        "retry_for": 15, "tls": tls(), "auth": { "method": "token", "token": "sdb://a/b" } } }),
    );
    all
}
