//! What tokens may do, compared with what the servers themselves allow.

use serde_json::{Value, json};

use super::{doctor, found, with_code};
use crate::support::Site;
use crate::support::server::Server;
use crate::vault::bench::Bench;

fn written(site: &Site, token: &str) -> String {
    let file = site.folder.path().join("token");
    std::fs::write(&file, token).unwrap();
    format!("file:{}", file.display())
}

#[test]
fn a_consul_token_without_a_right_that_locks_need_is_wrong_before_a_run_finds_it() {
    let Some(consul) = Server::consul_with_acl() else { return };
    let address = format!("http://127.0.0.1:{}", consul.port);
    let token = |name: &str, rules: &str| {
        let policy = json!({ "Name": name, "Rules": rules }).to_string();
        assert_eq!(consul.call("PUT", "/v1/acl/policy", &policy).0, 200);
        let (_, text) =
            consul.call("PUT", "/v1/acl/token", &json!({ "Policies": [{ "Name": name }] }).to_string());
        let made: Value = serde_json::from_str(&text).unwrap();
        made["SecretID"].as_str().unwrap().to_owned()
    };
    let keys = "key_prefix \"terraform\" { policy = \"write\" }";
    let sessions = "session_prefix \"\" { policy = \"write\" }";
    let agents = "node_prefix \"\" { policy = \"read\" }";
    for (name, rules, missing) in [
        ("whole", [keys, sessions, agents], None),
        ("no-sessions", [keys, "", agents], Some("make sessions on the node")),
        (
            "read-only",
            ["key_prefix \"terraform\" { policy = \"read\" }", sessions, ""],
            Some("write the keys below"),
        ),
    ] {
        let mut site = Site::with_net();
        let secret = token(name, &rules.join("\n"));
        let reference = written(&site, &secret);
        site.infrastructure["settings"]["lock"] =
            json!({ "type": "consul", "address": address, "token": reference });
        let report = doctor(&site);
        assert!(!report.to_string().contains(&secret), "{report:#}");
        let rights = found(&report, &["rights"]);
        match missing {
            None => assert_eq!(rights, ["consul rights ok -"], "{report:#}"),
            Some(missing) => {
                assert_eq!(rights, ["consul rights wrong rights_missing"], "{name}: {report:#}");
                let message = with_code(&report, "rights_missing")["message"].as_str().unwrap();
                assert!(message.contains(missing), "{message}");
            }
        }
        // Nothing was made there, and a run fails exactly where a right is missing.
        assert_eq!(consul.get("/v1/session/list"), Some(json!([])));
        assert_eq!(site.run("orchestrate", json!({}))["result"] == true, missing.is_none(), "{name}");
    }
}

#[test]
fn a_nomad_token_without_a_right_that_a_service_needs_is_wrong_and_nomad_agrees() {
    let Some(nomad) = Server::nomad_with(&json!({ "acl": { "enabled": true } })) else { return };
    let manager = nomad.management_token();
    let ask = |token: &str, path: &str, body: &Value| {
        let method = if body.is_null() { "GET" } else { "POST" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        nomad.call_as(&format!("X-Nomad-Token: {token}\r\n"), method, path, &body)
    };
    let token = |name: &str, rules: &str| {
        let policy = json!({ "Name": name, "Rules": rules });
        assert_eq!(ask(&manager, &format!("/v1/acl/policy/{name}"), &policy).0, 200);
        let role = json!({ "Name": name, "Policies": [{ "Name": name }] });
        assert_eq!(ask(&manager, "/v1/acl/role", &role).0, 200);
        // The token has its policy by a role.
        let (_, text) =
            ask(&manager, "/v1/acl/token", &json!({ "Type": "client", "Roles": [{ "Name": name }] }));
        let made: Value = serde_json::from_str(&text).unwrap();
        made["SecretID"].as_str().unwrap().to_owned()
    };
    let whole = "namespace \"default\" { policy = \"write\" }\nnode { policy = \"read\" }";
    let weak = "namespace \"default\" { policy = \"read\" capabilities = [\"read-logs\", \"read-fs\"] }\n\
                node { policy = \"read\" }";
    let job = json!({ "Job": {
        "ID": "asked", "Name": "asked", "Type": "batch", "Datacenters": ["*"],
        "TaskGroups": [{ "Name": "g", "Count": 1, "Tasks": [
            { "Name": "t", "Driver": "raw_exec", "Config": { "command": "true" } },
        ] }],
    } });
    for (secret, missing) in [
        (manager.clone(), None),
        (token("whole", whole), None),
        (token("weak", weak), Some("the token for Nomad may not: submit-job in namespace default")),
    ] {
        let mut site = Site::with_net();
        let reference = written(&site, &secret);
        let address = format!("http://127.0.0.1:{}", nomad.port);
        site.infrastructure["settings"]["nomad"] = json!({ "address": address, "token": reference });
        site.infrastructure["services"]["web"] =
            json!({ "driver": "raw_exec", "config": { "command": "true" }, "datacenters": ["dc1"] });
        let report = doctor(&site);
        let rights = found(&report, &["rights"]);
        match missing {
            None => assert_eq!(rights, ["nomad rights ok -"], "{report:#}"),
            Some(missing) => {
                assert_eq!(with_code(&report, "rights_missing")["message"], missing, "{report:#}")
            }
        }
        // A plan of a job needs the right to submit it, and changes nothing.
        let allowed = ask(&secret, "/v1/job/asked/plan", &job).0 == 200;
        assert_eq!(allowed, missing.is_none());
        assert!(!report.to_string().contains(&secret), "{report:#}");
    }
}

#[test]
fn a_vault_token_that_may_not_read_a_path_of_the_pillar_is_wrong_and_no_secret_is_read() {
    let Some(bench) = Bench::new("doctor") else { return };
    let mut bench = bench.with(json!({ "token_ttl": "90m" }));
    bench.put("net", json!({ "password": "hunter2-of-the-doctor" }));
    bench.shell("net", "true", json!({ "secrets": { "given": bench.secret("net#password") } }));
    let before = bench.tokens();
    let well = doctor(&bench.site);
    assert_eq!(found(&well, &["rights", "token"]), ["vault token ok -", "vault rights ok -"], "{well:#}");

    let elsewhere = json!({ "source": bench.site.infrastructure["components"]["net"]["source"],
        "secrets": { "given": "vault:secret/of-others/net#password" } });
    bench.site.infrastructure["components"]["other"] = elsewhere;
    let weak = doctor(&bench.site);
    let check = with_code(&weak, "rights_missing");
    assert_eq!(check["message"], "the token for Vault may not: read vault:secret/of-others/net", "{check:#}");
    assert!(check["remedy"].as_str().unwrap().contains("path \"secret/data/of-others/net\""), "{check:#}");
    assert!(!weak.to_string().contains("hunter2"), "{weak:#}");
    bench.until_as_before(&before);
}
