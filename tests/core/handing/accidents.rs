//! Rotations that meet an accident: a Vault that is sealed meanwhile, and a person who stops the run.

use serde_json::json;

use super::bench::Bench;
use super::rotating::assert_silent;
use crate::support::proxy::{Mode, Proxy};
use crate::support::salt::Salt;

const SEALED: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\
                      Content-Length: 30\r\n\r\n{\"errors\":[\"Vault is sealed\"]}";

impl Bench {
    /// Vault, as Eos reaches it from now on.
    fn vault_behind_a_proxy(&mut self) -> Proxy {
        let proxy = Proxy::start(self.servers.vault.port);
        let address = format!("http://127.0.0.1:{}", proxy.port);
        self.site.infrastructure["settings"]["vault"]["address"] = json!(address);
        self.gives_up_soon();
        proxy
    }
}

#[test]
fn a_vault_that_is_sealed_right_after_the_write_leaves_both_values_and_the_next_run_ends_the_rotation() {
    let Some(mut bench) = Bench::new("sealed-early") else { return };
    let proxy = bench.vault_behind_a_proxy();
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    bench.ends("applied");
    let (old, running) = (bench.kept()["a"].clone(), bench.running());
    proxy.set(Mode::AnswerAfter("POST /v1/secret/data/services/staging/sealed-early", SEALED));
    let report = bench.rotate("S_A");
    let web = bench.of(&report);
    assert!(report["result"] == false && web["error"]["code"] == "vault_sealed", "{report:#}");
    let told = bench.told(&report);
    for words in [
        "#a still has its new value: ",
        "nomad-sealed-early may still have the old one, which stays as a_previous",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let both = bench.kept();
    assert!(both["a_previous"] == old && both["a"] != old && bench.running() == running, "{report:#}");
    assert_silent(&report, &[old.as_str().unwrap(), both["a"].as_str().unwrap()]);

    proxy.set(Mode::Pass);
    let web = bench.ends("applied");
    assert!(web["notes"].to_string().contains("the old one was removed"), "{web:#}");
    assert_eq!(bench.kept(), json!({ "a": both["a"] }));
    assert_eq!(bench.given(), json!({ "S_A": both["a"] }));
}

#[test]
fn a_failed_rotation_whose_vault_is_sealed_is_rolled_back_by_the_next_run() {
    let Some(mut bench) = Bench::new("sealed-late") else { return };
    let proxy = bench.vault_behind_a_proxy();
    let old = bench.is_particular(json!({ "attempts": 0, "mode": "fail" }));
    bench.write_beside("hold", "");
    bench.healthy_after("20s");
    let (report, new) = std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let new = bench.until_both(&old);
            bench.until_registered();
            proxy.set(Mode::Answer(SEALED));
            std::fs::remove_file(bench.beside("hold")).unwrap();
            new
        });
        (bench.rotate("S_A"), watched.join().unwrap())
    });
    let web = bench.of(&report);
    // A rollback would read Vault too.
    assert!(report["result"] == false && web["status"] == "failed", "{report:#}");
    assert!(bench.told(&report).contains("#a still has its new value: "), "{report:#}");
    assert_eq!(bench.kept()["a_previous"], json!(old), "{report:#}");

    proxy.set(Mode::Pass);
    let report = bench.orchestrate();
    let web = bench.of(&report);
    assert!(report["result"] == false && web["status"] == "rolled_back", "{report:#}");
    assert!(bench.told(&report).contains("has its old value again"), "{report:#}");
    assert_eq!((bench.kept(), bench.given()), (json!({ "a": old }), json!({ "S_A": old })));
    assert_silent(&report, &[&old, &new]);
    bench.healthy_after("200ms");
    bench.ends("unchanged");
}

#[test]
fn a_rotation_that_is_stopped_before_it_deploys_anything_gives_the_old_value_back() {
    let Some(mut bench) = Bench::new("stopped-early") else { return };
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    bench.ends("applied");
    let (kept, running) = (bench.kept(), bench.running());
    let salt = Salt { stops_at: Some("has a new value"), ..Salt::new(&[], |_, _| None) };
    let report = bench.site.run_on(&salt, "rotate", json!({ "keys": bench.secret("S_A") }));
    assert_eq!(bench.of(&report)["reason"], "cancelled", "{report:#}");
    assert!(
        bench.told(&report).contains("has its old value again, and the new one was removed"),
        "{report:#}"
    );
    assert!(report["resume_command"].is_null(), "nothing is left to do: {report:#}");
    assert_eq!((bench.kept(), bench.running()), (kept, running));
    bench.ends("unchanged");
}

#[test]
fn a_rotation_that_is_stopped_in_its_deployment_says_how_to_finish_it() {
    let Some(mut bench) = Bench::new("stopped-late") else { return };
    let old =
        bench.is_particular(json!({ "attempts": 100, "interval": "10m", "delay": "1s", "mode": "fail" }));
    bench.healthy_after("20s");
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.until_tried();
            let status = bench.site.run("status", json!({}));
            let cancelled = bench.site.run("cancel", json!({ "run_id": status["running"][0] }));
            assert_eq!(cancelled["result"], true, "{cancelled:#}");
        });
        bench.rotate("S_A")
    });
    assert_eq!(bench.of(&report)["status"], "cancelled", "{report:#}");
    assert!(report["resume_command"].is_string(), "{report:#}");
    let told = bench.told(&report);
    let words =
        "nomad-stopped-late may still have the old one, which stays as a_previous. To finish the rotation: ";
    assert!(told.contains(words), "{told}");
    let both = bench.kept();
    assert!(both["a_previous"] == json!(old) && both["a"] != json!(old), "{both}");
    bench.write_beside("gate", "");
    bench.healthy_after("200ms");
    let report = bench.orchestrate();
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(bench.kept(), json!({ "a": both["a"] }));
}

#[test]
fn an_error_that_repeats_the_value_from_before_the_rotation_does_not_show_it() {
    let Some(mut bench) = Bench::new("repeated") else { return };
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    let module = "variable \"token\" {\n  type = string\n  sensitive = true\n}\n\
                  resource \"terraform_data\" \"it\" {\n  input = var.token\n  lifecycle {\n\
                  ignore_changes = [input]\n    postcondition {\n      condition = self.output == var.token\n\
                  error_message = \"still ${self.output}\"\n    }\n  }\n}";
    let reference = "vault:secret/services/staging/repeated#a";
    bench.site.component(
        "client",
        module,
        json!({ "secrets": { "token": reference }, "depends_on": [bench.component()] }),
    );
    assert_eq!(bench.orchestrate()["result"], true);
    let old = bench.kept()["a"].clone();
    bench.healthy_after("20s");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.until_registered();
            let status = bench.site.run("status", json!({}));
            bench.site.run("cancel", json!({ "run_id": status["running"][0] }));
        });
        bench.rotate("S_A")
    });
    // The service, whose variable in Nomad has both values too, is not part of this run.
    let report = bench.site.run("orchestrate", json!({ "components": ["client"] }));
    assert!(report["components"]["client"].to_string().contains("still (sensitive)"), "{report:#}");
    assert_silent(&report, &[old.as_str().unwrap()]);
    bench.healthy_after("200ms");
    let report = bench.orchestrate();
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(bench.kept(), json!({ "a": old }));
}
