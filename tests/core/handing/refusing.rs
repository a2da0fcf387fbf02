//! Nothing is started with a part of its secrets.

use serde_json::json;

use super::bench::Bench;

#[test]
fn what_cannot_be_handed_over_in_full_starts_nothing() {
    let Some(mut bench) = Bench::new() else { return };
    bench.put("app", &json!({ "token": "one" }));
    bench.post("sys/mounts/leased", &json!({ "type": "leases" }));
    bench.post("leased/roles/app", &json!({ "ttl": "1h" }));
    let theirs = json!({ "Path": "nomad/jobs/web", "Items": { "r1_S_THEIRS": "x" } }).to_string();
    assert_eq!(bench.nomad.call("PUT", "/v1/var/nomad/jobs/web", &theirs).0, 200);
    for (secrets, code, said) in [
        (json!({ "S_A": "vault:secret/app#other" }), "secret_key_missing", "services:web:secrets:S_A"),
        (json!({ "S_A": "vault:secret/none#x" }), "secret_missing", "vault:secret/none"),
        (json!({ "S_A": "vault:leased/creds/app#username" }), "secret_lent", "is lent"),
        (json!({ "S_A": "env:SURELY_NOT_SET" }), "reference", "SURELY_NOT_SET"),
        (json!({ "S_THEIRS": "vault:secret/app#token" }), "nomad_variable_foreign", "r1_S_THEIRS already"),
    ] {
        bench.web(secrets);
        let error = bench.error();
        let message = error["message"].as_str().unwrap();
        assert!(error["code"] == *code && message.contains(said), "{error:#}");
        assert!(bench.nomad.get("/v1/job/web").is_none(), "{code}");
        assert_eq!(bench.variable(), Some(json!({ "r1_S_THEIRS": "x" })), "{code}");
    }
    let (_, users) = bench.vault.call("LIST", "/v1/leased/users/", "");
    assert!(!users.contains("\"keys\":[\""), "nothing was lent: {users}");
}

#[test]
fn a_vault_and_a_nomad_that_are_away_are_named_before_anything_is_changed() {
    let Some(mut bench) = Bench::new() else { return };
    bench.put("app", &json!({ "token": "one" }));
    bench.web(json!({ "S_A": "vault:secret/app#token" }));
    let address = bench.site.infrastructure["settings"]["vault"]["address"].take();
    bench.site.infrastructure["settings"]["vault"]["address"] = json!("http://127.0.0.1:9");
    let error = bench.error();
    assert_eq!(error["code"], "vault_unreachable", "{error:#}");
    bench.site.infrastructure["settings"]["vault"]["address"] = address;
    bench.site.infrastructure["settings"]["nomad"]["address"] = json!("http://127.0.0.1:9");
    let error = bench.error();
    assert_eq!(error["code"], "nomad_unreachable", "{error:#}");
    assert!(bench.nomad.get("/v1/job/web").is_none());
}

#[test]
fn a_task_that_prints_its_secret_and_fails_does_not_bring_it_into_the_report() {
    let Some(mut bench) = Bench::new() else { return };
    bench.put("app", &json!({ "token": "printed-by-the-task" }));
    bench.web(json!({ "S_A": "vault:secret/app#token" }));
    let web = &mut bench.site.infrastructure["services"]["web"];
    web["args"] = json!(["-c", "import os, sys; sys.exit('the last words: ' + os.environ['S_A'])"]);
    web["restart"] = json!({ "attempts": 0, "mode": "fail" });
    web["update"]["progress_deadline"] = json!("61s");
    let error = bench.error();
    assert!(error["message"].as_str().unwrap().contains("the last words"), "{error:#}");
    assert!(!error.to_string().contains("printed-by-the-task"), "{error:#}");
    let told = bench.site.run("module.diagnose", json!({ "service": "web" }));
    assert!(told.to_string().contains("the last words"), "{told:#}");
    assert!(!told.to_string().contains("printed-by-the-task"), "{told:#}");
}

#[test]
fn a_service_whose_vault_is_away_is_told_of_without_its_words_and_can_be_destroyed() {
    let Some(mut bench) = Bench::new() else { return };
    bench.put("app", &json!({ "token": "printed-by-the-task" }));
    bench.web(json!({ "S_A": "vault:secret/app#token", "S_MADE": { "generate": "hex" } }));
    bench.ends("applied");
    let given = bench.given();
    bench.site.infrastructure["settings"]["vault"]["address"] = json!("http://127.0.0.1:9");
    // Nomad's variable has them all.
    let healthy = bench.site.run("module.component_is_healthy", json!({ "component": "nomad-web" }));
    assert_eq!(healthy["result"], true, "{healthy:#}");
    let told = bench.site.run("module.diagnose", json!({ "service": "web" }));
    assert!(told["result"] == true && !told.to_string().contains("is not repeated"), "{told:#}");
    // Without that, what the tasks wrote could hold anything.
    assert_eq!(bench.nomad.call("DELETE", "/v1/var/nomad/jobs/web", "").0, 204);
    let told = bench.site.run("module.diagnose", json!({ "service": "web" }));
    assert!(told["result"] == true && told.to_string().contains("is not repeated"), "{told:#}");
    assert!(!told.to_string().contains(given["S_MADE"].as_str().unwrap()));
    let destroyed = bench.site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(destroyed["components"]["nomad-web"]["status"], "destroyed", "{destroyed:#}");
}
