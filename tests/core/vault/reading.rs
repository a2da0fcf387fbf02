//! Reading secrets, the places of references, and the errors if a secret cannot be read.

use serde_json::{Value, json};

use super::bench::{Bench, Site, error, statuses};
use crate::support::ports::free_port;
use crate::support::web::Web;

const SECRET: &str = "hunter2-of-the-vault";

/// A bench whose component `net` prints its secret.
/// `rest` is the reference below the test's own path.
fn bench(bench: Option<Bench>, rest: &str) -> Option<Bench> {
    let mut bench = bench?.with(json!({}));
    let reference = bench.secret(rest);
    bench.shell("net", "printf %s \"$FROM\" > \"$SAID/from\"", json!({ "secrets": { "given": reference } }));
    Some(bench)
}

/// The error of a run that started nothing. It must not contain the secret.
fn refused(bench: &Bench) -> Value {
    let before = bench.tokens();
    let error = refused_by(bench);
    bench.until_as_before(&before);
    error
}

/// The same error, without a check of Vault's tokens, for a Vault that does not answer.
fn refused_by(bench: &Bench) -> Value {
    let report = bench.orchestrate();
    assert_eq!(statuses(&report)["net"], "failed", "{report:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
    assert!(!bench.said("from").exists() && !bench.site.workdir("net").join("terraform.tfstate").exists());
    error(&report, "net").clone()
}

fn says(error: &Value, code: &str, words: &[&str]) {
    assert_eq!(error["code"], code, "{error:#}");
    let message = error["message"].as_str().unwrap();
    words.iter().for_each(|word| assert!(message.contains(word), "{word} in {message}"));
}

#[test]
fn both_versions_of_the_key_value_store_are_read_with_the_same_notation() {
    let Some(mut bench) = bench(Bench::new("both-versions"), "net#password") else { return };
    bench.put("net", json!({ "password": SECRET, "number": 8080 }));
    bench.post("both-versions-old/net", &json!({ "password": "an-older-one" }));
    bench.well();
    assert_eq!(bench.heard("from"), SECRET);
    let number = bench.secret("net#number");
    for (reference, value) in
        [("vault:both-versions-old/net#password", "an-older-one"), (number.as_str(), "8080")]
    {
        bench.site.infrastructure["components"]["net"]["secrets"]["given"] = json!(reference);
        bench.site.infrastructure["components"]["net"]["variables"] = json!({ "round": reference });
        bench.well();
        assert_eq!(bench.heard("from"), value);
    }
}

#[test]
fn a_missing_secret_is_named_by_path_and_key_and_nothing_starts() {
    let Some(mut bench) = bench(Bench::new("missing"), "net#pasword") else { return };
    bench.put("net", json!({ "password": SECRET, "nothing": null }));
    says(&refused(&bench), "secret_key_missing", &["secret/missing/net", "\"pasword\""]);
    for (reference, code) in [
        ("vault:secret/missing/net#nothing", "secret_key_missing"),
        ("vault:secret/missing/nowhere#password", "secret_missing"),
        ("vault:missing-old/nowhere#password", "secret_missing"),
        ("vault:missing-leased/creds/nobody#password", "secret_missing"),
        ("vault:secret/closed/net#password", "vault_denied"),
        ("vault:nomount/a#b", "vault_denied"),
    ] {
        bench.site.infrastructure["components"]["net"]["secrets"]["given"] = json!(reference);
        let path = reference.strip_prefix("vault:").unwrap().split('#').next().unwrap();
        says(&refused(&bench), code, &[path]);
    }
}

#[test]
fn a_deleted_or_destroyed_version_of_a_secret_is_refused() {
    let Some(bench) = bench(Bench::new("deleted"), "net#password") else { return };
    bench.put("net", json!({ "password": "hunter2-the-first" }));
    bench.put("net", json!({ "password": SECRET }));
    bench.vault.call("DELETE", "/v1/secret/data/deleted/net", "");
    says(&refused(&bench), "secret_deleted", &["secret/deleted/net", "deleted"]);
    bench.post("secret/destroy/deleted/net", &json!({ "versions": [2] }));
    says(&refused(&bench), "secret_deleted", &["secret/deleted/net", "destroyed"]);
}

#[test]
fn a_sealed_an_unreachable_and_a_refusing_vault_are_distinguished() {
    let Some(mut bench) = bench(Bench::alone("told-apart"), "net#password") else { return };
    bench.put("net", json!({ "password": SECRET }));
    let right = bench.site.infrastructure["settings"]["vault"].clone();
    let wrong = bench.file("wrong", "hvs.hunter2-no-token");
    bench.settings(
        "vault",
        json!({ "address": bench.address(), "auth": { "method": "token", "token": wrong } }),
    );
    says(&refused(&bench), "vault_login", &["does not know the token"]);

    bench.settings("vault", right);
    bench.site.infrastructure["settings"]["vault"]["auth"]["role_id"] = json!("nobody");
    says(&refused(&bench), "vault_login", &["auth/told-apart/login"]);

    let answer = Web::always(200);
    let page = format!("http://127.0.0.1:{}", answer.port);
    bench.site.infrastructure["settings"]["vault"]["address"] = json!(page);
    says(&refused(&bench), "vault_login", &["not JSON"]);

    // Each of these problems may be over in a moment, so the run waits. They are tested in parallel.
    bench.site.infrastructure["settings"]["vault"]["address"] = json!(bench.address());
    bench.site.infrastructure["settings"]["vault"]["retry_for"] = json!("1s");
    bench.post("sys/seal", &json!({}));
    let closed = free_port();
    let mut away = Site::new();
    away.infrastructure["settings"]["vault"] = bench.site.infrastructure["settings"]["vault"].clone();
    away.infrastructure["settings"]["vault"]["address"] = json!(format!("http://127.0.0.1:{closed}"));
    let secrets = json!({ "secrets": { "given": bench.secret("net#password") } });
    away.component("net", "variable \"given\" {}", secrets);
    std::thread::scope(|scope| {
        let away = scope.spawn(|| away.run("orchestrate", json!({})));
        says(&refused_by(&bench), "vault_sealed", &["sealed"]);
        says(error(&away.join().unwrap(), "net"), "vault_unreachable", &["refused"]);
    });
}

#[test]
fn the_same_references_work_in_terraforms_environment_and_in_headers() {
    let Some(mut bench) = Bench::new("everywhere").map(|bench| bench.with(json!({}))) else { return };
    bench.put("net", json!({ "token": SECRET, "cookie": "hunter2-of-the-gate" }));
    let web = Web::always(200);
    let http = json!({
        "url": format!("http://127.0.0.1:{}", web.port), "headers": { "Authorization": bench.secret("net#cookie") },
        "min_healthy_time": 0, "interval": "50ms",
    });
    let token = bench.secret("net#token");
    bench.settings("terraform", json!({ "env": { "MY_TOKEN": token } }));
    bench.shell("net", "printf %s \"$MY_TOKEN\" > \"$SAID/from\"", json!({ "health": [{ "http": http }] }));
    bench.well();
    assert_eq!(bench.heard("from"), SECRET);
    assert!(web.asked().iter().all(|request| request.contains("hunter2-of-the-gate")));
}

#[test]
fn a_query_masks_vault_secrets_in_its_answer() {
    let Some(mut bench) = Bench::new("answers").map(|bench| bench.with(json!({}))) else { return };
    bench.put("net", json!({ "password": SECRET }));
    let module = "variable \"given\" {}\nresource \"terraform_data\" \"it\" { input = var.given }\noutput \"it\" { value = \"x ${terraform_data.it.output}\" }";
    let given = bench.secret("net#password");
    bench.site.component("net", module, json!({ "secrets": { "given": given } }));
    let before = bench.tokens();
    bench.well();
    let report = bench.site.run("outputs", json!({}));
    assert_eq!(report["outputs"]["net"]["it"], "x (sensitive)", "{report:#}");
    bench.until_as_before(&before);
}

#[test]
fn a_run_without_vault_references_sends_no_request_to_vault() {
    let Some(mut bench) = Bench::alone("nothing").map(|bench| bench.with(json!({}))) else { return };
    bench.post("sys/seal", &json!({}));
    bench.shell("net", "true", json!({}));
    bench.well();
}
