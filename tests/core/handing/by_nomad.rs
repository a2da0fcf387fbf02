//! Secrets that Nomad itself reads from Vault.

use serde_json::json;

use super::bench::{Bench, address};

/// Lets Nomad's tasks log in to Vault with their identity, as this role.
fn trust(bench: &Bench) {
    bench.post("sys/auth/nomad", &json!({ "type": "jwt" }));
    let keys = format!("{}/.well-known/jwks.json", address(&bench.servers.nomad));
    bench.post("auth/nomad/config", &json!({ "jwks_url": keys, "default_role": "tasks" }));
    let policy = "path \"secret/data/*\" { capabilities = [\"read\"] }\npath \"old/*\" { capabilities = [\"read\"] }\npath \"leased/creds/*\" { capabilities = [\"read\"] }";
    bench.post("sys/policies/acl/tasks", &json!({ "policy": policy }));
    for role in ["tasks", "others"] {
        let role_of = json!({
            "role_type": "jwt", "bound_audiences": ["vault.test"], "user_claim": "/nomad_job_id",
            "user_claim_json_pointer": true, "token_policies": [role], "token_period": "30m", "token_type": "service",
        });
        bench.post(&format!("auth/nomad/role/{role}"), &role_of);
    }
    bench.post("sys/mounts/old", &json!({ "type": "kv", "options": { "version": "1" } }));
    bench.post("sys/mounts/leased", &json!({ "type": "leases" }));
    bench.post("leased/roles/app", &json!({ "ttl": "1h" }));
}

#[test]
fn a_task_reads_vault_with_its_own_identity_and_eos_passes_the_other_secrets() {
    let Some(mut bench) = Bench::new("reads-itself") else { return };
    trust(&bench);
    bench.put(&json!({ "token": "a \"quoted\"\n ${secret}", "number": 7 }));
    bench.post("old/app", &json!({ "metadata": "of the first version" }));
    bench.site.infrastructure["settings"]["nomad"]["secrets"] = json!("vault");
    bench.site.infrastructure["settings"]["nomad"]["vault_role"] = json!("tasks");
    bench.serves(json!({
        "S_VAULT": bench.vault("token"),
        "S_NUMBER": bench.vault("number"),
        "S_OLD": "vault:old/app#metadata",
        "S_LENT": "vault:leased/creds/app#username",
        "S_MADE": { "generate": "password" },
        "S_FILE": bench.file("own", "of this host"),
    }));
    bench.ends("applied");
    let given = bench.given();
    assert_eq!(given["S_VAULT"], "a \"quoted\"\n ${secret}");
    assert_eq!((&given["S_NUMBER"], &given["S_OLD"]), (&json!("7"), &json!("of the first version")));
    assert_eq!((&given["S_MADE"], &given["S_FILE"]), (&bench.kept()["S_MADE"], &json!("of this host")));
    assert!(given["S_LENT"].is_string(), "{given}");
    // Nomad's variable does not have the secrets of Vault, and only the task has got a lease.
    let handed = bench.variable().unwrap();
    assert!(handed["r1_S_FILE"].is_string() && handed.as_object().unwrap().len() == 4, "{handed}");
    let (status, users) = bench.servers.vault.call("LIST", "/v1/leased/users/", "");
    let users: serde_json::Value = serde_json::from_str(&users).unwrap();
    assert!(status == 200 && users["data"]["keys"].as_array().unwrap().len() == 1, "{users}");
    bench.ends("unchanged");
}
