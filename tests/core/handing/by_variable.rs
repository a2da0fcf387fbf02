//! Secrets in a Nomad variable that Eos writes.

use serde_json::{Value, json};

use super::bench::Bench;

const HOSTILE: &str = "a \"b\" 'c' ${d} %{e} {{ f }} \\ \n\t# <&> ü \u{2028} 😀 -hostile-end";

#[test]
fn secrets_of_every_origin_reach_only_the_task_and_unchanged() {
    let Some(mut bench) = Bench::new("every-origin") else { return };
    bench.put(&json!({ "token": HOSTILE, "number": 7 }));
    bench.site.component(
        "db",
        "output \"password\" {\n  value = \"from-the-state\"\n  sensitive = true\n}",
        json!({}),
    );
    bench.serves(json!({
        "S_VAULT": bench.vault("token"),
        "S_NUMBER": { "from": bench.vault("number") },
        "S_FILE": bench.file("own", "of-this-host-itself\n"),
        "S_OUTPUT": { "output": "db.password" },
        "S_MADE": { "generate": "password" },
        "S_KEY": { "generate": "hex", "key": "secret_key" },
    }));

    // A test run makes nothing. The next revision is the only sign of values that it cannot know yet.
    let shown = bench.site.run("orchestrate", json!({ "test": true }));
    assert_eq!(bench.of(&shown)["status"], "pending_inputs", "{shown:#}");
    assert!(bench.kept().is_null() && bench.variable().is_none(), "{shown:#}");

    let report = bench.ends("applied");
    let notes = report["notes"].to_string();
    for made in ["S_MADE", "secret_key"] {
        let said = format!("generated, and stored at vault:secret/services/staging/{}#{made}", bench.name);
        assert!(notes.contains(&said), "{report:#}");
    }
    let kept = bench.kept();
    let expected = json!({
        "S_VAULT": HOSTILE, "S_NUMBER": "7", "S_FILE": "of-this-host-itself", "S_OUTPUT": "from-the-state",
        "S_MADE": kept["S_MADE"], "S_KEY": kept["secret_key"],
    });
    assert_eq!(bench.given(), expected);
    assert_eq!(kept["secret_key"].as_str().map(str::len), Some(64));

    let secrets: Vec<_> = expected.as_object().unwrap().values().filter_map(Value::as_str).collect();
    // In JSON the hostile value looks different, but its end is the same. A single digit proves nothing.
    let forms = |secret: &&str| secret.rsplit(' ').next().filter(|form| form.len() > 1).map(str::to_owned);
    let forms: Vec<_> = secrets.iter().filter_map(forms).collect();
    let (inspected, told) = (bench.inspected(), report.to_string());
    for secret in &forms {
        assert!(!inspected.contains(secret) && !told.contains(secret), "{secret}");
    }
    // Terraform's files of the other component do not count.
    let files = bench.files();
    let ours = files.iter().filter(|(path, _)| !path.to_string_lossy().contains("/db/"));
    for (path, text) in ours {
        assert!(!forms.iter().any(|secret| text.contains(secret)), "{}", path.display());
    }

    // Nothing has changed, so nothing is written and nothing is restarted.
    let (running, variable) = (bench.running(), bench.variable());
    bench.ends("unchanged");
    assert_eq!((bench.running(), bench.variable()), (running, variable));
}

#[test]
fn a_changed_secret_causes_a_deployment_and_a_lost_one_is_written_again() {
    let Some(mut bench) = Bench::new("another-value") else { return };
    bench.put(&json!({ "token": "one" }));
    bench.serves(json!({ "S_A": bench.vault("token") }));
    bench.ends("applied");
    assert_eq!(bench.given(), json!({ "S_A": "one" }));
    let first = bench.running();

    bench.put(&json!({ "token": "two" }));
    let shown = bench.site.run("orchestrate", json!({ "test": true }));
    assert_eq!(bench.of(&shown)["status"], "planned", "{shown:#}");
    assert_eq!(bench.variable().unwrap()["r1_S_A"], "one");
    // A saved plan uses the secrets at the time of its apply.
    let kept = bench.site.run("plan", json!({}));
    let report = bench.site.run("apply", json!({ "plan_id": kept["plan_id"] }));
    assert_eq!(bench.of(&report)["status"], "applied", "{report:#}");
    assert_eq!(bench.given(), json!({ "S_A": "two" }));
    assert_ne!(bench.running(), first);

    // Another client removes the variable. The next run writes it again, with a revision that no job has had.
    assert_eq!(bench.servers.nomad.call("DELETE", &bench.variable_path(), "").0, 204);
    bench.ends("applied");
    let handed = bench.variable().unwrap();
    assert!(handed["r3_S_A"] == "two" && handed["r2_S_A"].is_null(), "{handed}");
}

#[test]
fn a_failed_version_is_rolled_back_with_its_secrets_and_no_secret_is_shown() {
    let Some(mut bench) = Bench::new("taken-back") else { return };
    let (old, new) = ("the-secret-of-the-first", "the-secret-of-the-second");
    bench.put(&json!({ "token": old }));
    bench.serves(json!({ "S_A": bench.vault("token") }));
    let web = bench.web();
    web["on_failure"] = json!("rollback");
    web["restart"] = json!({ "attempts": 0, "mode": "fail" });
    web["update"] = json!({ "min_healthy_time": "1s", "healthy_deadline": "60s", "progress_deadline": 0 });
    let good = web.clone();
    bench.ends("applied");

    bench.put(&json!({ "token": new }));
    let web = bench.web();
    web["args"] = json!(["-c", "import os, sys; sys.exit('the last words: ' + os.environ['S_A'])"]);
    // A slow machine starts the task late, and until it ends it looks healthy.
    web["update"]["min_healthy_time"] = json!("20s");
    let report = bench.orchestrate();
    assert_eq!(bench.of(&report)["status"], "rolled_back", "{report:#}");
    assert!(report.to_string().contains("the last words"), "{report:#}");
    assert_eq!(
        bench.given(),
        json!({ "S_A": old }),
        "the version that runs again has what it was deployed with"
    );

    // The rollback fails too: its task prints the old secret.
    *bench.web() = good;
    bench.put(&json!({ "token": old }));
    let marked = bench.site.folder.path().join("marked");
    let script = format!(
        "import os, sys, time\nif os.path.exists({marked:?}): sys.exit('the last words: ' + os.environ['S_A'])\ntime.sleep(9999)"
    );
    bench.web()["args"] = json!(["-c", script]);
    bench.ends("applied");
    bench.put(&json!({ "token": new }));
    let web = bench.web();
    web["args"] = json!(["-c", format!("open({marked:?}, 'w'); raise SystemExit('no such luck')")]);
    let failed = bench.orchestrate();
    assert_eq!(bench.of(&failed)["status"], "rollback_failed", "{failed:#}");
    assert!(bench.of(&failed)["rollback"].to_string().contains("the last words"), "{failed:#}");

    let told = bench.site.run("module.diagnose", json!({ "service": bench.name }));
    for text in [report.to_string(), failed.to_string(), told.to_string()] {
        assert!(!text.contains(old) && !text.contains(new), "{text}");
    }
}

#[test]
fn a_destroyed_service_takes_its_secrets_with_it_and_leaves_those_of_others() {
    let Some(mut bench) = Bench::new("goes") else { return };
    let theirs = json!({ "Path": bench.variable_key(), "Items": { "theirs": "x" } }).to_string();
    assert_eq!(bench.servers.nomad.call("PUT", &bench.variable_path(), &theirs).0, 200);
    bench.serves(json!({ "S_A": { "generate": "base64" } }));
    bench.ends("applied");
    let handed = bench.variable().unwrap();
    assert!(handed["theirs"] == "x" && handed["r1_S_A"].is_string(), "{handed}");

    // The service is gone from the pillar and a person has purged its job. It can still be destroyed by its name.
    assert_eq!(bench.servers.nomad.call("DELETE", &format!("{}?purge=true", bench.job_path()), "").0, 200);
    bench.site.infrastructure["services"] = json!({});
    let destroyed =
        bench.site.run("destroy", json!({ "components": [bench.component()], "confirm": "staging" }));
    assert_eq!(destroyed["result"], true, "{destroyed:#}");
    assert_eq!(bench.variable(), Some(json!({ "theirs": "x" })));
    assert!(bench.kept()["S_A"].is_string(), "Vault keeps what was made");
}

#[test]
fn a_literal_secret_is_in_the_job_on_request_and_in_no_report() {
    let Some(mut bench) = Bench::new("literal") else { return };
    let secret = "a-literal-secret";
    bench.serves(json!({ "S_A": { "from": bench.file("own", secret), "literal": true } }));
    let report = bench.ends("applied");
    assert_eq!(bench.given(), json!({ "S_A": secret }));
    assert!(bench.inspected().contains(secret) && !report.to_string().contains(secret), "{report:#}");
}
