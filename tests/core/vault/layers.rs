//! Vault as a layer: whether it is sealed, and what is told about the token.

use serde_json::{Value, json};

use super::bench::Bench;

fn layer(bench: &Bench) -> Value {
    let report = bench.site.run("status", json!({ "layers": true }));
    let layer = report["layers"]["vault"].clone();
    assert_eq!(report["retcode"] == 1, layer["status"] == "unhealthy", "{report:#}");
    layer
}

fn fault(layer: &Value) -> &Value {
    assert_eq!(layer["faults"].as_array().map(Vec::len), Some(1), "{layer:#}");
    assert!(!layer["faults"][0]["remedy"].as_str().unwrap().is_empty(), "{layer:#}");
    &layer["faults"][0]["code"]
}

#[test]
fn a_login_is_tried_as_a_run_does_and_leaves_no_token() {
    let Some(bench) = Bench::new("layer-role") else { return };
    let bench = bench.with(json!({ "token_ttl": "90m" }));
    let before = bench.tokens();
    let layer = layer(&bench);
    assert_eq!(layer["status"], "healthy", "{layer:#}");
    let facts = &layer["facts"];
    assert_eq!(
        (&facts["initialised"], &facts["sealed"], &facts["auth"]),
        (&json!(true), &json!(false), &json!("approle")),
        "{layer:#}"
    );
    let token = &facts["token"];
    assert_eq!((&token["policies"], &token["renewable"]), (&json!(["default", "layer-role"]), &json!(true)));
    assert!((5300..=5400).contains(&token["ttl"].as_u64().unwrap()), "{layer:#}");
    assert!(!layer.to_string().contains("hvs."), "{layer:#}");
    bench.until_as_before(&before);
}

#[test]
fn a_supplied_token_that_ends_soon_or_has_ended_is_told() {
    let Some(mut bench) = Bench::new("layer-token") else { return };
    let made = bench.post("auth/token/create", &json!({ "policies": [bench.name], "ttl": "10m" }));
    let secret = made["auth"]["client_token"].as_str().unwrap().to_owned();
    let reference = bench.file("token", &secret);
    let auth = json!({ "method": "token", "token": reference });
    bench.settings("vault", json!({ "address": bench.address(), "auth": auth }));
    let before = bench.tokens();
    let soon = layer(&bench);
    assert_eq!((&soon["status"], fault(&soon)), (&json!("degraded"), &json!("token_expires")), "{soon:#}");
    assert_eq!(soon["facts"]["token"]["accessor"], made["auth"]["accessor"], "{soon:#}");
    assert!(!soon.to_string().contains(&secret), "{soon:#}");
    assert_eq!(bench.tokens(), before, "a supplied token is not revoked");

    bench.post("auth/token/revoke", &json!({ "token": secret }));
    let ended = layer(&bench);
    assert_eq!((&ended["status"], fault(&ended)), (&json!("unhealthy"), &json!("vault_login")), "{ended:#}");
    assert_eq!(ended["facts"]["sealed"], false, "{ended:#}");
}

#[test]
fn a_wrapping_token_is_looked_up_and_not_used() {
    let Some(mut bench) = Bench::new("layer-wrapped") else { return };
    let role_id = bench.approle(json!({}))["role_id"].clone();
    let wrapping = bench.wrapped(&bench.role("/secret-id"), &json!({}));
    let reference = bench.file("wrapping", &wrapping);
    let auth = json!({
        "method": "wrapped", "mount": bench.name, "role_id": role_id, "wrapped_secret_id": reference,
    });
    bench.settings("vault", json!({ "address": bench.address(), "auth": auth }));
    bench.put("net", json!({ "password": "hunter2-of-the-layer" }));
    // A token of another layer in this Vault is not read, because that would use the wrapping token up.
    bench
        .settings("nomad", json!({ "token": bench.secret("net#password"), "address": "http://127.0.0.1:9" }));
    bench.shell("net", "true", json!({ "health": [{ "nomad": { "job": "web" } }] }));
    let report = bench.site.run("status", json!({ "layers": true }));
    let unused = &report["layers"]["vault"];
    assert_eq!(unused["status"], "healthy", "{unused:#}");
    assert_eq!(unused["facts"]["wrapping_token"]["used"], false, "{unused:#}");
    assert!((200..=300).contains(&unused["facts"]["wrapping_token"]["ttl"].as_u64().unwrap()), "{unused:#}");
    assert!(!report.to_string().contains(&wrapping), "{report:#}");

    bench.settings("nomad", json!({}));
    bench.shell("net", "true", json!({ "secrets": { "given": bench.secret("net#password") } }));
    bench.well();
    let used = layer(&bench);
    assert_eq!(
        (&used["status"], fault(&used)),
        (&json!("unhealthy"), &json!("vault_wrapping_used")),
        "{used:#}"
    );
}

#[test]
fn a_sealed_vault_is_told_and_so_is_the_token_that_cannot_be_read_from_it() {
    let Some(bench) = Bench::alone("layer-sealed") else { return };
    let mut bench = bench.with(json!({}));
    bench.post("sys/seal", &json!({}));
    bench.settings("nomad", json!({ "token": bench.secret("net#token"), "address": "http://127.0.0.1:9" }));
    bench.shell("net", "true", json!({ "health": [{ "nomad": { "job": "web" } }] }));
    let report = bench.site.run("status", json!({ "layers": true }));
    let vault = &report["layers"]["vault"];
    assert_eq!((&vault["status"], fault(vault)), (&json!("unhealthy"), &json!("vault_sealed")), "{vault:#}");
    assert_eq!(
        (&vault["facts"]["sealed"], &vault["facts"]["token"]),
        (&json!(true), &json!(null)),
        "{vault:#}"
    );
}
