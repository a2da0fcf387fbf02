//! Vault is killed during a run. Each token and each lease is counted before and after the run.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::away::Away;
use super::scene::{Closed, Scene, address, end, failed, thing, until};
use crate::support::server::Server;

/// The rights of a run's role.
const POLICY: &str = r#"
path "secret/data/open/*" { capabilities = ["read"] }
path "leased/creds/*"     { capabilities = ["read"] }
"#;

struct Stage {
    vault: Server,
    scene: Scene,
    hook: Closed,
}

impl Stage {
    /// `applying` has a user with this lease. `later` reads its secret after `first` has completed.
    fn new(token: &str, lease: &str, applying: &str) -> Option<Self> {
        let vault = Server::vault_on_disk()?;
        let mut stage = Self { vault, scene: Scene::new(&["first", "applying"])?, hook: Closed::new() };
        stage.post("sys/policies/acl/run", &json!({ "policy": POLICY }));
        stage.post("sys/auth/approle", &json!({ "type": "approle" }));
        stage.post("sys/mounts/leased", &json!({ "type": "leases" }));
        stage.post("leased/roles/app", &json!({ "ttl": lease }));
        stage.post("secret/data/open/later", &json!({ "data": { "password": "hunter2-of-later" } }));
        stage.post("auth/approle/role/run", &json!({ "token_policies": ["run"], "token_ttl": token }));
        let role_id = stage.data("auth/approle/role/run/role-id")["role_id"].clone();
        let made = stage.post("auth/approle/role/run/secret-id", &json!({}));
        let secret_id = stage.scene.site.folder.path().join("secret-id");
        std::fs::write(&secret_id, made["data"]["secret_id"].as_str().unwrap()).unwrap();
        let auth = json!({ "method": "approle", "role_id": role_id, "secret_id": format!("file:{}", secret_id.display()) });
        let scene = &mut stage.scene;
        scene.site.infrastructure["settings"]["vault"] =
            json!({ "address": address(stage.vault.port), "auth": auth });
        let given = "variable \"given\" {\n  sensitive = true\n}\n";
        scene.component("first", &thing("first", ""), json!({}));
        let later =
            json!({ "secrets": { "given": "vault:secret/open/later#password" }, "depends_on": ["first"] });
        scene.component("later", &format!("{given}{}", thing("later", "")), later);
        let hooks = json!([{ "webhook": { "url": stage.hook.web.url(), "timeout": "2m" } }]);
        let user = json!({ "secrets": { "given": "vault:leased/creds/app#username" }, "hooks": hooks });
        scene.component("applying", &format!("{given}{applying}"), user);
        Some(stage)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, text) = self.vault.call("POST", &format!("/v1/{path}"), &body.to_string());
        assert!(status == 200 || status == 204, "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn data(&self, path: &str) -> Value {
        self.vault.get(&format!("/v1/{path}")).unwrap_or_else(|| panic!("nothing at {path}"))["data"].take()
    }

    fn list(&self, path: &str) -> BTreeSet<String> {
        let (_, text) = self.vault.call("LIST", &format!("/v1/{path}"), "");
        let document: Value = serde_json::from_str(&text).unwrap();
        let keys = document["data"]["keys"].as_array().into_iter().flatten();
        keys.map(|key| key.as_str().unwrap().to_owned()).collect()
    }

    /// The accessors of all tokens, all leases of the engine, and the users of these leases.
    fn lent(&self) -> [BTreeSet<String>; 3] {
        ["auth/token/accessors/", "sys/leases/lookup/leased/creds/app/", "leased/users/"]
            .map(|path| self.list(path))
    }

    /// The time at which the lease of `applying` ends if it is not renewed.
    fn lease_ends(&self) -> Value {
        let id = self.list("sys/leases/lookup/leased/creds/app/").pop_first().unwrap();
        let asked = json!({ "lease_id": format!("leased/creds/app/{id}") });
        self.post("sys/leases/lookup", &asked)["data"]["expire_time"].take()
    }
}

#[test]
fn a_run_waits_for_a_restarting_vault_at_the_first_read_during_an_apply_and_at_the_end() {
    let Some(mut stage) = Stage::new("1h", "20s", &thing("applying", "")) else { return };
    let before = stage.lent();
    let report = std::thread::scope(|scope| {
        stage.vault.kill();
        let away = Away::at(stage.vault.port);
        let run = scope.spawn(|| stage.scene.run());
        away.is_asked("/v1/auth/approle/login");
        drop(away);
        stage.vault.begin_again();

        stage.scene.is_creating("first");
        stage.scene.is_creating("applying");
        stage.vault.kill();
        let away = Away::at(stage.vault.port);
        stage.scene.held(&["applying"]);
        away.is_asked("/v1/sys/internal/ui/mounts/secret/open/later");
        drop(away);
        stage.vault.begin_again();
        let ends = stage.lease_ends();
        until("the lease is renewed", || stage.lease_ends() != ends);

        stage.scene.is_recorded("later");
        stage.scene.held(&[]);
        stage.hook.is_asked();
        stage.vault.kill();
        let away = Away::at(stage.vault.port);
        stage.hook.go();
        away.is_asked("/v1/auth/token/revoke-self");
        drop(away);
        stage.vault.begin_again();
        run.join().unwrap()
    });
    assert_eq!(report["result"], true, "{report:#}");
    assert!(report["left_behind"].is_null(), "{report:#}");
    until("no token and no lease is left", || stage.lent() == before);
}

#[test]
fn an_unreachable_vault_is_named_with_the_leases_that_stay_until_they_expire() {
    let Some(mut stage) = Stage::new("20s", "6s", "") else { return };
    stage.scene.site.infrastructure["settings"]["vault"]["retry_for"] = json!("1s");
    let begun = stage.scene.site.folder.path().join("begun");
    let script = json!(format!("touch {}; sleep 300", begun.display()));
    let sleeps = format!(
        "resource \"terraform_data\" \"sleeps\" {{\n  depends_on = [world_thing.done]\n  \
         provisioner \"local-exec\" {{\n    command = {script}\n  }}\n}}\n"
    );
    let main = stage.scene.site.folder.path().join("modules/applying/main.tf");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text + &thing("done", "") + &sleeps).unwrap();
    let before = stage.lent();
    let (report, lent) = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.scene.run());
        stage.scene.is_creating("first");
        until("it sleeps", || begun.exists());
        let lent = stage.lent();
        stage.vault.kill();
        stage.scene.held(&[]);
        (run.join().unwrap(), lent)
    });
    let server = format!("127.0.0.1:{}", stage.vault.port);
    failed(&report, "later", "vault_unreachable", &server);
    assert!(stage.scene.state("later").is_empty());
    let (_, reason, message) = end(&report, "applying");
    assert_eq!(reason, "lease_expiring", "{report:#}");
    assert!(message.starts_with("the lease leased/creds/app/") && message.contains(&server), "{message}");
    assert!(stage.scene.state("applying").contains(&"world_thing.done".to_owned()));
    let told = report["left_behind"].to_string();
    let [accessors, leases, _] = &lent;
    let ours = accessors.difference(&before[0]).chain(leases);
    for part in ours.map(String::as_str).chain([server.as_str(), "expires in "]) {
        assert!(told.contains(part), "{part} in {told}");
    }
    stage.vault.begin_again();
    until("no token and no lease is left", || stage.lent() == before);
}
