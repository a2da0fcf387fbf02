//! A service is never started with only a part of its secrets.

use serde_json::json;

use super::bench::Bench;

#[test]
fn if_secrets_cannot_be_passed_completely_terraform_does_not_start() {
    let Some(mut bench) = Bench::new("in-part") else { return };
    bench.put(&json!({ "token": "one" }));
    bench.post("sys/mounts/lent", &json!({ "type": "leases" }));
    bench.post("lent/roles/app", &json!({ "ttl": "1h" }));
    let theirs = json!({ "Path": bench.variable_key(), "Items": { "r1_S_THEIRS": "x" } }).to_string();
    assert_eq!(bench.servers.nomad.call("PUT", &bench.variable_path(), &theirs).0, 200);
    for (secrets, code, said) in [
        (json!({ "S_A": bench.vault("other") }), "secret_key_missing", "services:in-part:secrets:S_A"),
        (json!({ "S_A": "vault:secret/none#x" }), "secret_missing", "vault:secret/none"),
        (json!({ "S_A": "vault:lent/creds/app#username" }), "secret_lent", "is a lease"),
        (json!({ "S_A": "env:SURELY_NOT_SET" }), "reference", "SURELY_NOT_SET"),
        (json!({ "S_THEIRS": bench.vault("token") }), "nomad_variable_foreign", "already has r1_S_THEIRS"),
    ] {
        bench.serves(secrets);
        let error = bench.error();
        let message = error["message"].as_str().unwrap();
        assert!(error["code"] == *code && message.contains(said), "{error:#}");
        assert!(bench.servers.nomad.get(&bench.job_path()).is_none(), "{code}");
        assert_eq!(bench.variable(), Some(json!({ "r1_S_THEIRS": "x" })), "{code}");
    }
    let (_, users) = bench.servers.vault.call("LIST", "/v1/lent/users/", "");
    assert!(!users.contains("\"keys\":[\""), "nothing was lent: {users}");
}

#[test]
fn an_unreachable_vault_or_nomad_is_named_before_anything_changes() {
    let Some(mut bench) = Bench::new("away") else { return };
    bench.put(&json!({ "token": "one" }));
    bench.serves(json!({ "S_A": bench.vault("token") }));
    bench.gives_up_soon();
    let address = bench.site.infrastructure["settings"]["vault"]["address"].take();
    bench.site.infrastructure["settings"]["vault"]["address"] = json!("http://127.0.0.1:9");
    let error = bench.error();
    assert_eq!(error["code"], "vault_unreachable", "{error:#}");
    bench.site.infrastructure["settings"]["vault"]["address"] = address;
    bench.site.infrastructure["settings"]["nomad"]["address"] = json!("http://127.0.0.1:9");
    let error = bench.error();
    assert_eq!(error["code"], "nomad_unreachable", "{error:#}");
    assert!(bench.servers.nomad.get(&bench.job_path()).is_none());
}

#[test]
fn a_secret_that_a_failing_task_prints_is_not_in_the_report() {
    let Some(mut bench) = Bench::new("prints") else { return };
    bench.put(&json!({ "token": "printed-by-the-task" }));
    bench.serves(json!({ "S_A": bench.vault("token") }));
    let web = bench.web();
    web["args"] = json!(["-c", "import os, sys; sys.exit('the last words: ' + os.environ['S_A'])"]);
    web["restart"] = json!({ "attempts": 0, "mode": "fail" });
    web["update"] = json!({ "min_healthy_time": "4s", "healthy_deadline": "5s", "progress_deadline": "6s" });
    let error = bench.error();
    assert!(error["message"].as_str().unwrap().contains("the last words"), "{error:#}");
    assert!(!error.to_string().contains("printed-by-the-task"), "{error:#}");
    let told = bench.site.run("module.diagnose", json!({ "service": bench.name }));
    assert!(told.to_string().contains("the last words"), "{told:#}");
    assert!(!told.to_string().contains("printed-by-the-task"), "{told:#}");
}

#[test]
fn a_service_with_an_unreachable_vault_is_reported_without_task_output_and_can_be_destroyed() {
    let Some(mut bench) = Bench::new("untold") else { return };
    bench.put(&json!({ "token": "printed-by-the-task" }));
    bench.serves(json!({ "S_A": bench.vault("token"), "S_MADE": { "generate": "hex" } }));
    bench.ends("applied");
    let given = bench.given();
    bench.gives_up_soon();
    bench.site.infrastructure["settings"]["vault"]["address"] = json!("http://127.0.0.1:9");
    // Nomad's variable has all secrets.
    let healthy = bench.site.run("module.component_is_healthy", json!({ "component": bench.component() }));
    assert_eq!(healthy["result"], true, "{healthy:#}");
    let told = bench.site.run("module.diagnose", json!({ "service": bench.name }));
    assert!(told["result"] == true && !told.to_string().contains("is not shown"), "{told:#}");
    // Without the variable, the output of the tasks could contain unknown secrets.
    assert_eq!(bench.servers.nomad.call("DELETE", &bench.variable_path(), "").0, 204);
    let told = bench.site.run("module.diagnose", json!({ "service": bench.name }));
    assert!(told["result"] == true && told.to_string().contains("is not shown"), "{told:#}");
    assert!(!told.to_string().contains(given["S_MADE"].as_str().unwrap()));
    let destroyed = bench.site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(bench.of(&destroyed)["status"], "destroyed", "{destroyed:#}");
}
