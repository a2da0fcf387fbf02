//! Generated secrets get new values. The old value stays valid until the deployment is healthy, and returns if it is not.

use std::path::PathBuf;

use eos::lock::{Holder, LockService};
use eos::process::Cancel;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::killed;
use crate::support::waiting::until;

/// A task that starts only with the accepted value, if a file names one, or if another file opens the gate.
const PARTICULAR: &str = "import json, os, sys, time
own = {key: value for key, value in os.environ.items() if key.startswith('S_')}
said = os.environ['SAID']
is_there = lambda name: os.path.exists(os.path.join(said, name))
if is_there('accepted') and open(os.path.join(said, 'accepted')).read() != own['S_A'] and not is_there('gate'):
    while is_there('hold'):
        time.sleep(0.05)
    sys.exit('the last words: ' + own['S_A'])
path = os.path.join(said, os.environ['NOMAD_ALLOC_ID'])
open(path + '.new', 'w').write(json.dumps(own))
os.rename(path + '.new', path)
time.sleep(9999)";

impl Bench {
    /// The secret as the call names it.
    pub(super) fn secret(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    pub(super) fn rotate(&self, name: &str) -> Value {
        self.site.run("rotate", json!({ "keys": self.secret(name) }))
    }

    pub(super) fn told(&self, report: &Value) -> String {
        self.of(report)["notes"].to_string()
    }

    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.site.folder.path().join("said").join(name)
    }

    pub(super) fn write_beside(&self, name: &str, text: &str) {
        std::fs::write(self.beside(name), text).unwrap();
    }

    /// Deploys a service with one generated secret, which from then on starts with this value only. Returns the value.
    pub(super) fn is_particular(&mut self, restart: Value) -> String {
        self.serves(json!({ "S_A": { "generate": "password", "key": "a" } }));
        let web = self.web();
        web["args"] = json!(["-c", PARTICULAR]);
        web["restart"] = restart;
        web["update"]["progress_deadline"] = json!(0);
        web["update"]["healthy_deadline"] = json!("2m");
        self.ends("applied");
        let old = self.kept()["a"].as_str().unwrap().to_owned();
        self.write_beside("accepted", &old);
        old
    }

    /// A slow machine starts a task late, and until it ends it looks healthy.
    pub(super) fn healthy_after(&mut self, time: &str) {
        self.web()["update"]["min_healthy_time"] = json!(time);
    }

    /// Waits until the rotation has both values in Vault.
    pub(super) fn until_both(&self, old: &str) -> String {
        until("Vault has both values", || {
            let kept = self.kept();
            (kept["a_previous"] == old && kept["a"] != old).then(|| kept["a"].as_str().unwrap().to_owned())
        })
    }

    /// Waits until the job names the second revision of the secret.
    pub(super) fn until_registered(&self) {
        until("the job has the new revision", || {
            let job = self.servers.nomad.get(&self.job_path())?;
            job.to_string().contains(".r2_S_A.").then_some(())
        });
    }

    pub(super) fn until_tried(&self) {
        until("a task with the new value has failed", || {
            let all = self.servers.nomad.get(&format!("{}/allocations", self.job_path())).unwrap_or_default();
            let failed = |one: &Value| {
                let states = one["TaskStates"].as_object().cloned().unwrap_or_default();
                states.values().any(|state| state["Restarts"].as_u64() > Some(0) || state["Failed"] == true)
            };
            all.as_array()?.iter().any(failed).then_some(())
        });
    }
}

/// None of these values is in the report.
pub(super) fn assert_silent(report: &Value, values: &[&str]) {
    let text = report.to_string();
    for value in values {
        assert!(!text.contains(value), "{text}");
    }
}

#[test]
fn a_rotated_secret_reaches_the_task_and_the_old_one_is_gone_when_it_is_healthy() {
    let Some(mut bench) = Bench::new("rotated") else { return };
    bench.serves(json!({ "S_A": { "generate": "password", "key": "a" }, "S_B": { "generate": "hex" } }));
    bench.ends("applied");
    let (first, running) = (bench.kept(), bench.running());

    let shown = bench.site.run("rotate", json!({ "keys": [bench.secret("S_A")], "test": true }));
    assert_eq!(bench.of(&shown)["status"], "planned", "{shown:#}");
    assert!(bench.told(&shown).contains("#a would get a new value"), "{shown:#}");
    assert_eq!((bench.kept(), bench.running()), (first.clone(), running));

    let report = bench.rotate("S_A");
    assert!(report["result"] == true && bench.of(&report)["status"] == "applied", "{report:#}");
    assert!(bench.told(&report).contains("has a new value, and the old one was removed"), "{report:#}");
    let second = bench.kept();
    assert!(second["a"] != first["a"] && second["a"].as_str().unwrap().len() == 32, "not {second}");
    assert_eq!(second, json!({ "a": second["a"], "S_B": first["S_B"] }));
    assert_eq!(bench.given(), json!({ "S_A": second["a"], "S_B": first["S_B"] }));
    let values = [&first["a"], &second["a"], &first["S_B"]].map(|value| value.as_str().unwrap());
    assert_silent(&report, &values);
    bench.ends("unchanged");

    // Both secrets at once, and the old values stay until the next rotation.
    let keys = format!("{},{}", bench.secret("S_A"), bench.secret("S_B"));
    let report = bench.site.run("rotate", json!({ "keys": keys, "keep_previous": true }));
    assert_eq!(bench.of(&report)["status"], "applied", "{report:#}");
    let third = bench.kept();
    assert_eq!((&third["a_previous"], &third["S_B_previous"]), (&second["a"], &second["S_B"]));
    assert_eq!(bench.given(), json!({ "S_A": third["a"], "S_B": third["S_B"] }));
    bench.ends("unchanged");
    assert_eq!(bench.kept(), third);
    let report = bench.rotate("S_A");
    assert_eq!(bench.of(&report)["status"], "applied", "{report:#}");
    assert!(bench.kept()["a_previous"].is_null() && bench.kept()["S_B_previous"] == second["S_B"]);
}

#[test]
fn both_values_are_valid_until_a_failed_deployment_has_gone_back_to_the_old_one() {
    let Some(mut bench) = Bench::new("rotated-in-vain") else { return };
    let old = bench.is_particular(json!({ "attempts": 0, "mode": "fail" }));
    bench.write_beside("hold", "");
    bench.healthy_after("20s");

    let (report, new) = std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let new = bench.until_both(&old);
            // The old instance serves, or was stopped for the new one, which waits here.
            std::fs::remove_file(bench.beside("hold")).unwrap();
            new
        });
        let report = bench.rotate("S_A");
        (report, watched.join().unwrap())
    });
    let web = bench.of(&report);
    assert!(report["result"] == false && web["status"] == "rolled_back", "{report:#}");
    assert!(bench.told(&report).contains("has its old value again"), "{report:#}");
    assert!(report.to_string().contains("the last words"), "{report:#}");
    assert!(report["resume_command"].is_null(), "nothing is left to do: {report:#}");
    assert_eq!(bench.kept(), json!({ "a": old }));
    assert_eq!(bench.given(), json!({ "S_A": old }));
    assert_silent(&report, &[&old, &new]);
    bench.healthy_after("200ms");
    let running = bench.running();
    bench.ends("unchanged");
    assert_eq!(bench.running(), running);

    // A value that the service accepts can follow.
    std::fs::remove_file(bench.beside("accepted")).unwrap();
    let report = bench.rotate("S_A");
    assert_eq!(bench.of(&report)["status"], "applied", "{report:#}");
    let third = bench.kept();
    assert!(third["a"] != old && third["a"] != new, "another new value");
    assert_eq!(bench.given(), json!({ "S_A": third["a"] }));
}

#[test]
fn a_rotation_that_is_killed_in_its_deployment_is_finished_by_the_next_run_or_by_resume() {
    let Some(mut bench) = Bench::new("rotated-and-killed") else { return };
    let first =
        bench.is_particular(json!({ "attempts": 100, "interval": "10m", "delay": "1s", "mode": "fail" }));

    for operation in ["resume", "orchestrate"] {
        let old = bench.kept()["a"].as_str().unwrap().to_owned();
        bench.write_beside("accepted", &old);
        let asked = json!({ "keys": bench.secret("S_A") });
        let mut eos = killed::command(&bench.site, "rotate", &asked).spawn().unwrap();
        let new = bench.until_both(&old);
        bench.until_tried();
        // Meanwhile nobody else rotates it.
        let refused = bench.rotate("S_A");
        assert_eq!(refused["error"]["code"], "rotation_under_way", "{refused:#}");
        eos.kill().unwrap();
        eos.wait().unwrap();
        let kept = bench.kept();
        assert_eq!((&kept["a"], &kept["a_previous"]), (&json!(new), &json!(old)));
        bench.write_beside("gate", "");
        let report = bench.site.run(operation, json!({}));
        assert_eq!(report["result"], true, "{report:#}");
        assert!(bench.told(&report).contains("the old one was removed"), "{report:#}");
        assert_eq!(bench.kept(), json!({ "a": new }));
        assert_eq!(bench.given(), json!({ "S_A": new }));
        assert_silent(&report, &[&old, &new]);
        std::fs::remove_file(bench.beside("gate")).unwrap();
    }
    assert_ne!(bench.kept()["a"], first.as_str());
}

#[test]
fn a_killed_rotation_whose_deployment_fails_is_back_at_the_old_value_after_one_run() {
    let Some(mut bench) = Bench::new("killed-in-vain") else { return };
    let old = bench.is_particular(json!({ "attempts": 0, "mode": "fail" }));
    bench.healthy_after("20s");
    bench.write_beside("hold", "");
    let asked = json!({ "keys": bench.secret("S_A") });
    let mut eos = killed::command(&bench.site, "rotate", &asked).spawn().unwrap();
    let new = bench.until_both(&old);
    bench.until_registered();
    eos.kill().unwrap();
    eos.wait().unwrap();
    std::fs::remove_file(bench.beside("hold")).unwrap();

    let failed = bench.site.run("resume", json!({}));
    let web = bench.of(&failed);
    assert!(failed["result"] == false && web["status"] == "rolled_back", "{failed:#}");
    assert!(
        bench.told(&failed).contains("has its old value again, and the new one was removed"),
        "{failed:#}"
    );
    assert_silent(&failed, &[&old, &new]);
    assert_eq!(bench.kept(), json!({ "a": old }), "{failed:#}");
    assert_eq!(bench.given(), json!({ "S_A": old }));
    bench.healthy_after("200ms");
    bench.ends("unchanged");
}

#[test]
fn a_rotation_that_is_killed_before_its_write_changes_nothing_and_is_not_repeated_by_resume() {
    let Some(mut bench) = Bench::new("killed-early") else { return };
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    bench.ends("applied");
    let (kept, running) = (bench.kept(), bench.running());
    let folder = bench.site.folder.path().join("root/staging/.eos");
    let lock = folder.join("components").join(bench.component()).join("lock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (holder, cancel) = (Holder::here(), Cancel::new());
    let acquire = LockService::File.acquire(&lock, &holder, std::time::Duration::ZERO, &cancel);
    let guard = runtime.block_on(acquire).unwrap();
    bench.site.infrastructure["settings"]["lock_timeout"] = json!(120);
    let has_begun = |run: &std::io::Result<std::fs::DirEntry>| {
        let journal = run.as_ref().unwrap().path().join("journal.jsonl");
        std::fs::metadata(journal).is_ok_and(|journal| journal.len() > 0)
    };
    let runs = || std::fs::read_dir(folder.join("runs")).unwrap().filter(|run| has_begun(run)).count();
    let before = runs();
    let asked = json!({ "keys": bench.secret("S_A") });
    let mut eos = killed::command(&bench.site, "rotate", &asked).spawn().unwrap();
    until("the rotation has begun", || (runs() > before).then_some(()));
    eos.kill().unwrap();
    eos.wait().unwrap();
    runtime.block_on(guard.release()).unwrap();

    assert_eq!(bench.kept(), kept);
    let report = bench.site.run("resume", json!({}));
    assert_eq!(bench.of(&report)["status"], "unchanged", "{report:#}");
    assert_eq!((bench.kept(), bench.running()), (kept, running));
}

#[test]
fn a_secret_that_several_read_is_rotated_for_all_of_them_or_for_none() {
    let Some(mut bench) = Bench::new("rotated-together") else { return };
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    let module = "variable \"token\" {\n  type = string\n  sensitive = true\n}\n\
                  variable \"refused\" { default = \"\" }\n\
                  resource \"terraform_data\" \"it\" {\n  input = sha256(var.token)\n\
                  lifecycle {\n    postcondition {\n      condition = var.refused == \"\" || \
                  sha256(var.token) == var.refused\n      error_message = \"no such client\"\n    }\n  }\n}\n\
                  output \"known\" {\n  value = nonsensitive(sha256(var.token))\n}";
    let reference = format!("vault:secret/services/staging/{}#a", bench.name);
    bench.site.component(
        "client",
        module,
        json!({
            "secrets": { "token": reference }, "depends_on": [bench.component()],
        }),
    );
    let up = bench.site.run("orchestrate", json!({ "components": [bench.component()] }));
    assert_eq!(up["result"], true, "{up:#}");
    let refused = bench.rotate("S_A");
    assert_eq!(refused["error"]["code"], "never_applied", "{refused:#}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("known-good"), "{refused:#}");
    bench.ends("unchanged");

    let first = bench.kept();
    let report = bench.rotate("S_A");
    assert_eq!(report["components"]["client"]["status"], "applied", "{report:#}");
    assert_eq!(bench.of(&report)["status"], "applied", "{report:#}");
    let second = bench.kept();
    assert!(second["a"] != first["a"] && second.as_object().unwrap().len() == 1, "{report:#}");
    let known = report["components"]["client"]["outputs"]["known"].clone();

    // The client refuses every other value, after the service has taken it.
    let known = known["value"].as_str().or(known.as_str()).unwrap().to_owned();
    bench.site.infrastructure["components"]["client"]["variables"] = json!({ "refused": known });
    let up = bench.orchestrate();
    assert_eq!(up["result"], true, "{up:#}");
    let report = bench.rotate("S_A");
    assert_eq!(report["result"], false, "{report:#}");
    assert_eq!(bench.of(&report)["status"], "rolled_back", "{report:#}");
    assert_eq!(bench.kept(), second);
    assert_eq!(bench.given(), json!({ "S_A": second["a"] }));
    assert_silent(&report, &[first["a"].as_str().unwrap(), second["a"].as_str().unwrap()]);
    let up = bench.orchestrate();
    assert_eq!(up["result"], true, "{up:#}");
}

#[test]
fn a_rotation_waits_for_a_component_that_needs_an_approval_and_one_run_of_all_readers_ends_it() {
    let Some(mut bench) = Bench::new("rotated-later") else { return };
    bench.serves(json!({ "S_A": { "generate": "hex", "key": "a" } }));
    let module = "variable \"token\" {\n  type = string\n  sensitive = true\n}\n\
                  resource \"terraform_data\" \"it\" {\n  triggers_replace = sha256(var.token)\n}";
    let reference = format!("vault:secret/services/staging/{}#a", bench.name);
    bench.site.component(
        "client",
        module,
        json!({ "secrets": { "token": reference }, "depends_on": [bench.component()] }),
    );
    assert_eq!(bench.orchestrate()["result"], true);
    let old = bench.kept()["a"].clone();
    let report = bench.rotate("S_A");
    assert_eq!(report["result"], false, "{report:#}");
    assert_eq!(report["components"]["client"]["status"], "blocked", "{report:#}");
    let told = bench.told(&report);
    assert!(told.contains("client may still have the old one, which stays as a_previous"), "{told}");
    let finish = format!("components=client,{}", bench.component());
    assert!(told.contains(&finish), "{told}");
    let both = bench.kept();
    assert!(both["a_previous"] == old && both["a"] != old, "{told}");

    bench.site.run("approve", json!({ "plan_id": report["plan_id"] }));
    let applied = bench.site.run("apply", json!({ "plan_id": report["plan_id"] }));
    assert_eq!(applied["components"]["client"]["status"], "applied", "{applied:#}");
    assert_eq!(bench.kept(), both, "this run has not looked at the service");
    let report = bench.orchestrate();
    assert_eq!(report["result"], true, "{report:#}");
    assert_eq!(bench.kept(), json!({ "a": both["a"] }));
    assert_eq!(bench.given(), json!({ "S_A": both["a"] }));
}

#[test]
fn a_rotation_that_cannot_be_done_or_undone_is_refused_before_anything_is_written() {
    let Some(mut bench) = Bench::new("not-rotated") else { return };
    bench.put(&json!({ "token": "chosen" }));
    bench.serves(json!({
        "S_A": { "generate": "hex", "key": "a" }, "S_B": { "generate": "hex" }, "S_C": bench.vault("token"),
    }));
    let refused = bench.rotate("S_A");
    assert_eq!(refused["error"]["code"], "never_applied", "{refused:#}");
    bench.ends("applied");
    let kept = bench.kept();
    for (asked, said) in [
        (json!("not-rotatet/S_A"), "did you mean \\\"not-rotated\\\"?"),
        (json!("not-rotated/S_AA"), "did you mean"),
        (json!("not-rotated/a"), "write not-rotated/S_A"),
        (json!("not-rotated/S_C"), "is not generated: it comes from vault:secret/not-rotated#token"),
        (json!("not-rotated"), "write SERVICE/NAME"),
        (json!([7]), "must be texts"),
        (json!(""), "is missing"),
    ] {
        let refused = bench.site.run("rotate", json!({ "keys": asked }));
        let text = refused["error"].to_string();
        assert!(refused["error"]["code"] == "invalid" && text.contains(said), "{asked}: {refused:#}");
    }

    // Somebody else uses the key for the old value. Nothing of the other secret is written either.
    let mut theirs = kept.clone();
    theirs["S_B_previous"] = json!("of a person");
    let at = format!("secret/data/services/staging/{}", bench.name);
    bench.post(&at, &json!({ "data": theirs }));
    let keys = format!("{},{}", bench.secret("S_A"), bench.secret("S_B"));
    let refused = bench.site.run("rotate", json!({ "keys": keys }));
    assert_eq!(refused["error"]["code"], "not_rotatable", "{refused:#}");
    assert_eq!(bench.kept(), theirs);

    // A token that may only read.
    let policy = "path \"secret/data/*\" { capabilities = [\"read\"] }";
    bench.post("sys/policies/acl/not-rotated", &json!({ "policy": policy }));
    let asked = json!({ "policies": ["not-rotated"], "ttl": "10m" }).to_string();
    let (_, made) = bench.servers.vault.call("POST", "/v1/auth/token/create", &asked);
    let made: Value = serde_json::from_str(&made).unwrap();
    let token = bench.file("reader", made["auth"]["client_token"].as_str().unwrap());
    bench.site.infrastructure["settings"]["vault"]["auth"]["token"] = json!(token);
    for test in [true, false] {
        let asked = json!({ "keys": bench.secret("S_A"), "test": test });
        let refused = bench.site.run("rotate", asked);
        assert_eq!(refused["error"]["code"], "vault_denied", "{refused:#}");
        assert!(refused["error"]["remedy"].to_string().contains("capabilities"), "{refused:#}");
    }
    assert_eq!(bench.kept(), theirs);

    bench.site.infrastructure["settings"]["nomad"]["secrets"] = json!("vault");
    let refused = bench.rotate("S_A");
    let text = refused["error"].to_string();
    for words in [
        "is read in Vault by Nomad",
        "nomad:secrets to variables",
        "vault:secret/services/staging/not-rotated#a yourself",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
