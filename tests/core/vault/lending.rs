//! Leases: read once in a turn, renewed while it lasts, and revoked at the end of the run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bench::{Bench, error, statuses, until};

/// A bench with the user name as a variable and the password in terraform's environment.
fn bench(bench: Option<Bench>, script: &str, role: Value) -> Option<Bench> {
    let mut bench = bench?.with(json!({}));
    bench.leased("app", role);
    let (username, password) = (bench.lent("app#username"), bench.lent("app#password"));
    bench.settings("terraform", json!({ "env": { "PASSWORD": password } }));
    bench.shell("app", script, json!({ "secrets": { "given": username } }));
    Some(bench)
}

/// Writes one line each time that it runs.
const SAYS: &str = "printf '%s %s\\n' \"$FROM\" \"$PASSWORD\" >> \"$SAID/users\"";

#[test]
fn all_keys_of_one_path_share_one_lease_that_ends_with_the_run() {
    let script = format!("{SAYS}; while [ ! -e \"$SAID/go\" ]; do sleep 0.05; done");
    let Some(bench) = bench(Bench::new("one-lease"), &script, json!({ "ttl": "1h" })) else { return };
    let before = bench.tokens();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| bench.orchestrate());
        until("it runs", || bench.said("users").exists() && bench.heard("users").ends_with('\n'));
        let users: Vec<_> = bench.users().into_iter().collect();
        std::fs::write(bench.said("go"), "").unwrap();
        assert_eq!(run.join().unwrap()["result"], true);
        assert_eq!(users, [bench.heard("users").split(' ').next().unwrap()]);
    });
    bench.until_as_before(&before);
}

#[test]
fn a_lease_is_renewed_while_an_apply_runs() {
    let script =
        format!("{SAYS}; sleep 9; touch \"$SAID/slept\"; while [ ! -e \"$SAID/go\" ]; do sleep 0.05; done");
    let Some(bench) = bench(Bench::new("renewed"), &script, json!({ "ttl": "4s" })) else { return };
    let before = bench.tokens();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| bench.orchestrate());
        until("it has slept for longer than a lease lasts", || bench.said("slept").exists());
        let users = bench.users();
        std::fs::write(bench.said("go"), "").unwrap();
        assert_eq!(run.join().unwrap()["result"], true);
        assert_eq!(users.len(), 1);
    });
    bench.until_as_before(&before);
}

/// Checks that a run fails before it applies anything, and leaves nothing.
fn too_short(bench: &Bench, what: &str) {
    let before = bench.tokens();
    let report = bench.orchestrate();
    let told = error(&report, "app");
    assert_eq!(told["code"], "lease_too_short", "{report:#}");
    assert!(told["message"].as_str().unwrap().starts_with(what), "{told:#}");
    assert!(!bench.said("users").exists() && !bench.site.workdir("app").join("terraform.tfstate").exists());
    bench.until_as_before(&before);
}

#[test]
fn a_lease_shorter_than_the_longest_apply_is_refused_first() {
    let Some(mut bench) = bench(Bench::new("short-lease"), SAYS, json!({ "ttl": "1m", "max_ttl": "1h" }))
    else {
        return;
    };
    too_short(&bench, "the lease short-lease-leased/creds/app/");
    // 25 minutes and 5 minutes are less than one hour.
    bench.settings("timeouts", json!({ "apply": "25m", "stop_grace": "5m" }));
    bench.well();
    bench.leased("app", json!({ "ttl": "1m", "renewable": false }));
    std::fs::remove_file(bench.said("users")).unwrap();
    bench.site.infrastructure["components"]["app"]["variables"] = json!({ "round": 2 });
    let report = bench.orchestrate();
    assert_eq!(error(&report, "app")["code"], "lease_too_short", "one that is not renewable: {report:#}");
    assert!(!bench.said("users").exists());
}

#[test]
fn a_token_shorter_than_the_longest_apply_is_refused_first() {
    let Some(mut bench) = Bench::new("short-token") else { return };
    bench.put("app", json!({ "password": "hunter2-of-the-vault" }));
    let given = bench.secret("app#password");
    bench.shell("app", SAYS, json!({ "secrets": { "given": given } }));
    let mut bench = bench.with(json!({ "token_ttl": "1m", "token_max_ttl": "30m" }));
    too_short(&bench, "the run's token at Vault");
    let periodic = bench.approle(json!({ "token_ttl": 0, "token_max_ttl": 0, "token_period": "1m" }));
    bench.settings("vault", json!({ "address": bench.address(), "auth": periodic }));
    bench.well();
}

#[test]
fn an_apply_is_stopped_before_its_credentials_expire() {
    let script = format!("{SAYS}; sleep 60");
    let Some(mut bench) = bench(Bench::new("ends-early"), &script, json!({ "ttl": "6s" })) else { return };
    bench.settings("timeouts", json!({ "stop_grace": "20s" }));
    let before = bench.tokens();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| bench.orchestrate());
        until("it runs", || bench.said("users").exists());
        let began = Instant::now();
        bench.vault.call("PUT", "/v1/sys/leases/revoke-prefix/ends-early-leased/creds/app", "{}");
        let report = run.join().unwrap();
        let told = error(&report, "app");
        assert_eq!(told["code"], "lease_expiring", "{report:#}");
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    });
    bench.until_as_before(&before);
}

#[test]
fn a_rollback_has_its_own_credentials() {
    let Some(mut bench) = bench(Bench::new("goes-back"), SAYS, json!({ "ttl": "1h" })) else { return };
    // Dynamic credentials are only in the environment, because as a variable they would be a change each time.
    bench.settings("on_failure", json!("rollback"));
    let script = "printf '%s\\n' \"$PASSWORD\" >> \"$SAID/users\"";
    let rollback = json!({ "rollback": { "needs_approval_for": [] } });
    bench.shell("app", script, rollback.clone());
    let before = bench.tokens();
    bench.well();
    let mut failing = rollback;
    failing["variables"] = json!({ "round": 2 });
    bench.shell("app", &format!("{script}; exit 3"), failing);
    let report = bench.orchestrate();
    assert_eq!(statuses(&report)["app"], "rolled_back", "{report:#}");
    let said = bench.heard("users");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0] != lines[1] && lines[1] != lines[2], "{said}");
    bench.until_as_before(&before);
}

#[test]
fn leases_of_a_supplied_token_are_revoked_one_by_one() {
    let Some(mut bench) = bench(Bench::alone("supplied-lease"), SAYS, json!({ "ttl": "1h" })) else { return };
    let token = bench.file("supplied", crate::support::server::VAULT_TOKEN);
    bench.settings(
        "vault",
        json!({ "address": bench.address(), "auth": { "method": "token", "token": token } }),
    );
    let before = bench.tokens();
    bench.well();
    assert!(bench.users().is_empty() && bench.tokens() == before);
    assert_eq!(bench.heard("users").lines().count(), 1);
}

#[test]
fn a_run_waits_for_an_unreachable_vault_at_its_end() {
    let script = format!("{SAYS}; while [ ! -e \"$SAID/go\" ]; do sleep 0.05; done");
    let Some(bench) = bench(Bench::alone("away"), &script, json!({ "ttl": "1h" })) else { return };
    let before = bench.tokens();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| bench.orchestrate());
        until("it runs", || bench.said("users").exists());
        bench.vault.signal(rustix::process::Signal::STOP);
        std::fs::write(bench.said("go"), "").unwrap();
        // An apply is recorded, whatever happens to Vault.
        let record = bench.site.folder.path().join("root/staging/.eos/components/app/record.json");
        until("it is recorded", || record.exists());
        std::thread::sleep(Duration::from_secs(3));
        bench.vault.signal(rustix::process::Signal::CONT);
        assert_eq!(run.join().unwrap()["result"], true);
    });
    bench.until_as_before(&before);
}

#[test]
fn a_vault_that_is_gone_does_not_change_the_result_of_an_apply() {
    let script = format!("{SAYS}; while [ ! -e \"$SAID/go\" ]; do sleep 0.05; done");
    let Some(mut bench) = bench(Bench::alone("gone"), &script, json!({ "ttl": "1h" })) else { return };
    bench.site.infrastructure["settings"]["vault"]["retry_for"] = json!("1s");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| bench.orchestrate());
        until("it runs", || bench.said("users").exists());
        bench.vault.signal(rustix::process::Signal::KILL);
        std::fs::write(bench.said("go"), "").unwrap();
        let report = run.join().unwrap();
        assert_eq!(statuses(&report)["app"], "applied", "{report:#}");
    });
}
