//! How a run gets its token, and that no token remains.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::bench::{Bench, error, statuses};

fn bench(bench: Option<Bench>) -> Option<Bench> {
    let mut bench = bench?;
    bench.put("net", json!({ "password": "hunter2-of-the-vault" }));
    let secrets = json!({ "given": bench.secret("net#password") });
    bench.shell("net", "printf %s \"$FROM\" > \"$SAID/from\"", json!({ "secrets": secrets }));
    Some(bench)
}

impl Bench {
    fn auth(&mut self, auth: Value) {
        self.settings("vault", json!({ "address": self.address(), "auth": auth }));
    }
}

#[test]
fn a_run_with_approle_leaves_no_token_whichever_way_it_ends() {
    let Some(bench) = bench(Bench::new("approle")) else { return };
    let mut bench = bench.with(json!({ "token_ttl": "1h" }));
    let before = bench.tokens();
    bench.well();
    bench.until_as_before(&before);
    let given = bench.secret("net#password");
    bench.shell("net", "exit 3", json!({ "secrets": { "given": given }, "variables": { "round": 2 } }));
    assert_eq!(statuses(&bench.orchestrate())["net"], "failed");
    bench.until_as_before(&before);
    assert_eq!(bench.site.run("plan", json!({}))["components"]["net"]["status"], "planned");
    bench.until_as_before(&before);
}

#[test]
fn a_supplied_token_is_neither_renewed_nor_revoked() {
    let Some(mut bench) = bench(Bench::new("supplied")) else { return };
    let made =
        bench.post("auth/token/create", &json!({ "policies": [bench.name], "ttl": "1h", "num_uses": 0 }));
    let token = made["auth"]["client_token"].as_str().unwrap().to_owned();
    let before = bench.tokens();
    let reference = bench.file("token", &token);
    bench.auth(json!({ "method": "token", "token": reference }));
    bench.well();
    assert_eq!(bench.tokens(), before);
    let found = bench.post("auth/token/lookup", &json!({ "token": token }));
    assert_eq!(found["data"]["policies"], json!(["default", bench.name]));
    assert_eq!(bench.heard("from"), "hunter2-of-the-vault");
}

#[test]
fn a_wrapped_secret_id_works_for_one_run_and_a_used_one_is_an_alarm() {
    let Some(mut bench) = bench(Bench::alone("wrapped")) else { return };
    let role_id = bench.approle(json!({}))["role_id"].clone();
    let wrapping = bench.wrapped(&bench.role("/secret-id"), &json!({}));
    let reference = bench.file("wrapping", &wrapping);
    bench.auth(json!({ "method": "wrapped", "mount": bench.name, "role_id": role_id, "wrapped_secret_id": reference }));
    let before = bench.tokens();
    bench.well();
    // The wrapping token is used up.
    assert!(bench.tokens().is_subset(&before));
    let before = bench.tokens();
    let report = bench.orchestrate();
    let told = error(&report, "net");
    assert_eq!(told["code"], "vault_wrapping_used", "{report:#}");
    assert!(told["message"].as_str().unwrap().contains("security: "), "{report:#}");
    assert!(!report.to_string().contains(&wrapping));
    assert_eq!(bench.tokens(), before);
}

#[test]
fn a_wrapping_token_from_another_path_is_not_unwrapped() {
    let Some(mut bench) = bench(Bench::new("foreign")) else { return };
    let role_id = bench.approle(json!({}))["role_id"].clone();
    let wrapping = bench.wrapped("sys/wrapping/wrap", &json!({ "secret_id": "mine" }));
    let reference = bench.file("wrapping", &wrapping);
    bench.auth(json!({ "method": "wrapped", "mount": bench.name, "role_id": role_id, "wrapped_secret_id": reference }));
    assert_eq!(error(&bench.orchestrate(), "net")["code"], "vault_wrapping_foreign");
    let looked = bench.post("sys/wrapping/lookup", &json!({ "token": wrapping }));
    assert_eq!(looked["data"]["creation_path"], "sys/wrapping/wrap");
}

/// Makes a key pair, and a JWT that is signed with it.
fn jwt(bench: &Bench, claims: &Value) -> (String, String) {
    let openssl = |words: &[&str]| {
        let done =
            Command::new("openssl").args(words).current_dir(bench.site.folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    openssl(&["genrsa", "-out", "key.pem", "2048"]);
    let public = String::from_utf8(openssl(&["rsa", "-in", "key.pem", "-pubout"])).unwrap();
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    std::fs::write(bench.site.folder.path().join("signed"), &signed).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(openssl(&["dgst", "-sha256", "-sign", "key.pem", "signed"]));
    (public, format!("{signed}.{signature}"))
}

#[test]
fn a_jwt_gets_a_token_of_its_role() {
    let Some(mut bench) = bench(Bench::new("jwt")) else { return };
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED, missing: openssl");
        return;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({ "sub": "salt", "aud": "eos", "exp": now + 600, "iat": now });
    let (public, token) = jwt(&bench, &claims);
    bench.post("sys/auth/machines", &json!({ "type": "jwt" }));
    bench.post("auth/machines/config", &json!({ "jwt_validation_pubkeys": [public] }));
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["eos"], "token_policies": [bench.name],
    });
    bench.post("auth/machines/role/salt", &role);
    let before = bench.tokens();
    let reference = bench.file("jwt", &token);
    bench.auth(json!({ "method": "jwt", "mount": "machines", "role": "salt", "jwt": reference }));
    bench.well();
    bench.until_as_before(&before);
    bench.site.infrastructure["settings"]["vault"]["auth"]["role"] = json!("other");
    let report = bench.orchestrate();
    assert_eq!(error(&report, "net")["code"], "vault_login", "{report:#}");
    assert!(!report.to_string().contains(&token));
}

#[test]
fn one_login_serves_all_components_of_a_run() {
    let Some(mut bench) = bench(Bench::new("one-login")) else { return };
    let role_id = bench.approle(json!({}))["role_id"].clone();
    let made = bench.post(&bench.role("/secret-id"), &json!({ "num_uses": 1 }));
    let secret_id = bench.file("once", made["data"]["secret_id"].as_str().unwrap());
    bench.auth(
        json!({ "method": "approle", "mount": bench.name, "role_id": role_id, "secret_id": secret_id }),
    );
    let secrets = json!({ "given": bench.secret("net#password") });
    bench.shell("app", "true", json!({ "secrets": secrets, "depends_on": ["net"] }));
    bench.shell("web", "true", json!({ "secrets": secrets }));
    bench.well();
}
