//! Claims about what others are told of a whole run: events, hooks of runs, and what becomes of a run that was killed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eos::host::{Host, MinionReturn, SaltJob, StartedJob};
use eos::operation::CallerIdentity;
use serde_json::{Value, json};

use crate::support::listener::{Listener, scheduled_check};
use crate::support::salt::Salt;
use crate::support::web::Web;
use crate::support::{Site, statuses};

const NET: &str = r#"resource "terraform_data" "net" {}"#;
/// Fails, and its message repeats the secret.
const APP: &str = r#"
variable "token" { default = "" }
resource "terraform_data" "app" {
  lifecycle {
    precondition {
      condition     = var.token == ""
      error_message = "no <capacity> for ${var.token}"
    }
  }
}
"#;
const SECRET: &str = "hunter2-of-the-pillar";

fn site() -> Site {
    let mut site = Site::new();
    site.component("net", NET, json!({}));
    site.component("app", APP, json!({ "depends_on": ["net"] }));
    site
}

/// Writes a secret into a file. Returns the reference.
fn secret(site: &Site, name: &str, text: &str) -> Value {
    let file = site.folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    json!(format!("file:{}", file.display()))
}

/// Lets app fail, with a secret in the message.
fn fails(site: &mut Site) {
    let token = secret(site, "token", SECRET);
    site.infrastructure["components"]["app"]["secrets"] = json!({ "token": token });
}

fn caller() -> CallerIdentity {
    CallerIdentity { jid: "2026".to_owned(), user: "ann".to_owned(), ..CallerIdentity::default() }
}

/// Runs it, and returns the events of the whole run too: the last word of the tag, and the data.
fn run(site: &Site, operation: &str, mut arguments: Value) -> (Value, Vec<(String, Value)>) {
    let host = Listener::default();
    arguments["environment"] = "staging".into();
    let report = site.call(&host, caller(), operation, arguments);
    (report, of_runs(host.events()))
}

fn of_runs(events: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let word = |tag: &str| tag.strip_prefix("eos/staging/run/").map(str::to_owned);
    events.into_iter().filter_map(|(tag, data)| Some((word(&tag)?, data))).collect()
}

fn words(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(word, _)| word.as_str()).collect()
}

fn message(data: &Value) -> &str {
    data["message"].as_str().unwrap_or_else(|| panic!("no message in {data:#}"))
}

/// The body of each request as JSON.
fn bodies(web: &Web) -> Vec<Value> {
    let bodies = web.asked().into_iter().map(|asked| asked.split_once("\r\n\r\n").unwrap().1.to_owned());
    bodies.map(|body| serde_json::from_str(&body).unwrap()).collect()
}

/// The files of a run that was killed: its journal has no end, and its process is gone.
fn kill(site: &Site, run_id: &Value) {
    let run = run_folder(site, run_id);
    std::fs::remove_file(run.join("report.json")).unwrap();
    let text = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let kept: Vec<_> = text.lines().filter(|line| !line.contains("\"step\":\"finished\"")).collect();
    assert_eq!(kept.len() + 1, text.lines().count(), "{text}");
    std::fs::write(run.join("journal.jsonl"), kept.join("\n").replace(boot.trim(), "another boot") + "\n")
        .unwrap();
}

fn run_folder(site: &Site, run_id: &Value) -> PathBuf {
    site.folder.path().join("root/staging/.eos/runs").join(run_id.as_str().unwrap())
}

#[test]
fn a_run_says_that_it_starts_and_how_it_ends_and_a_test_says_nothing() {
    let site = site();
    for (operation, arguments) in [("orchestrate", json!({ "test": true })), ("plan", json!({}))] {
        let (report, events) = run(&site, operation, arguments);
        assert_eq!((&report["result"], events), (&Value::Null, vec![]));
    }
    let host = Listener::default();
    let report = site.call(&host, caller(), "orchestrate", json!({ "environment": "staging" }));
    let id = report["run_id"].as_str().unwrap();
    let all = host.events();
    assert_eq!(all.first().unwrap().0, "eos/staging/run/started", "{all:#?}");
    assert_eq!(all.last().unwrap().0, "eos/staging/run/finished", "{all:#?}");
    let events = of_runs(all);
    assert_eq!(words(&events), ["started", "finished"]);
    for (_, data) in &events {
        assert_eq!(
            (&data["run_id"], &data["user"], &data["jid"]),
            (&json!(id), &json!("ann"), &json!("2026"))
        );
        assert_eq!((&data["operation"], &data["total"]), (&json!("orchestrate"), &json!(2)));
    }
    assert_eq!(message(&events[0].1), format!("staging: orchestrate by ann started: 2 components, run {id}"));
    let data = &events[1].1;
    assert!(
        message(data).starts_with("staging: orchestrate by ann finished: 2 applied, +2 ~0 -0, "),
        "{data:#}"
    );
    assert_eq!((&data["counts"], &data["changes"]["add"]), (&json!({ "applied": 2 }), &json!(2)));

    let (_, events) = run(&site, "orchestrate", json!({}));
    assert_eq!(words(&events), ["started", "finished"], "a run with nothing to do");
    assert_eq!(events[1].1["counts"], json!({ "unchanged": 2 }));
    let (_, events) = run(&site, "module.apply", json!({ "component": "net", "auto_approve": true }));
    assert_eq!((words(&events), &events[0].1["total"]), (vec!["started", "finished"], &json!(1)));
    for question in ["status", "drift", "history"] {
        assert_eq!(run(&site, question, json!({})).1, vec![]);
    }
}

#[test]
fn every_event_of_a_failure_says_why_and_has_no_secret() {
    let mut site = site();
    fails(&mut site);
    site.component("last", NET, json!({ "depends_on": ["app"] }));
    let host = Listener::default();
    let report = site.call(&host, caller(), "orchestrate", json!({ "environment": "staging" }));
    assert_eq!(report["result"], false);
    let events = host.events();
    let of = |tag: &str| {
        let found = events.iter().find(|(one, _)| one == tag);
        found.unwrap_or_else(|| panic!("no {tag} in {events:#?}")).1.clone()
    };
    let app = of("eos/staging/app/failed");
    assert!(message(&app).contains("no <capacity> for"), "{app:#}");
    assert_eq!(app["reason"], report["components"]["app"]["reason"]);
    let last = of("eos/staging/last/skipped");
    assert_eq!(message(&last), "not started, because app failed");
    let data = of("eos/staging/run/failed");
    assert!(message(&data).contains("failed: 1 failed, 1 applied, 1 skipped, +1 ~0 -0, "), "{data:#}");
    assert!(message(&data).contains("\napp: failed: "), "{data:#}");
    assert_eq!((&data["failed"][0]["component"], &data["failed"][1]), (&json!("app"), &Value::Null));
    assert!(!format!("{events:?}").contains(SECRET), "{events:#?}");
}

#[test]
fn a_run_that_failed_before_it_began_is_told_of_and_a_wrong_call_is_not() {
    let mut site = site();
    let web = Web::always(200);
    site.infrastructure["settings"]["run_hooks"] =
        json!([{ "webhook": { "url": web.url(), "when": "failed" } }]);
    site.infrastructure["components"]["app"]["depends_on"] = json!(["nett"]);
    let (report, events) = run(&site, "orchestrate", json!({}));
    assert_eq!(words(&events), ["failed"], "{report:#}");
    assert!(
        message(&events[0].1).starts_with("staging: orchestrate by ann failed: 1 problem"),
        "{events:#?}"
    );
    assert_eq!(bodies(&web)[0]["reason"], report["error"]["code"]);
    let (report, events) = run(&site, "orchestrate", json!({ "parallelsm": 3 }));
    assert_eq!((&report["result"], events), (&json!(false), vec![]), "{report:#}");
}

#[test]
fn hooks_of_a_run_get_its_facts_in_their_format() {
    let mut site = site();
    let (chat, other) = (Web::always(200), Web::always(200));
    let url = secret(&site, "url", &format!("{}/services/T0/B0/xyzzy-of-the-chat\n", chat.url()));
    let file = site.folder.path().join("{environment}.prom");
    site.infrastructure["settings"]["run_hooks"] = json!([
        { "webhook": { "url": url, "format": "slack", "when": ["started", "finished", "failed"],
                       "body": { "channel": "#ops" } } },
        { "webhook": { "url": other.url(), "body": { "team": "a" } } },
        { "prometheus": { "file": file, "labels": { "team": "a" } } },
    ]);
    let (report, events) = run(&site, "orchestrate", json!({}));
    assert_eq!((&report["result"], &report["failed_hooks"]), (&json!(true), &Value::Null), "{report:#}");
    let told = bodies(&chat);
    assert!(chat.asked()[0].starts_with("POST /services/T0/B0/xyzzy-of-the-chat HTTP"));
    assert_eq!(told[0], json!({ "channel": "#ops", "text": message(&events[0].1) }));
    assert_eq!((told.len(), &told[1]["text"]), (2, &events[1].1["message"]));
    let facts = &bodies(&other)[0];
    assert_eq!(
        (&facts["moment"], &facts["team"], &facts["jid"]),
        (&json!("finished"), &json!("a"), &json!("2026"))
    );
    assert_eq!(facts["components"]["net"]["status"], "applied");
    let written = site.folder.path().join("staging.prom");
    let metrics = || std::fs::read_to_string(&written).unwrap();
    let labels = "environment=\"staging\",operation=\"orchestrate\",team=\"a\"";
    assert!(metrics().contains(&format!("\neos_run_success{{{labels}}} 1\n")), "{}", metrics());

    fails(&mut site);
    let (_, events) = run(&site, "orchestrate", json!({}));
    assert!(metrics().contains(&format!("\neos_run_success{{{labels}}} 0\n")), "{}", metrics());
    assert!(metrics().contains(&format!("\neos_run_components{{{labels},status=\"failed\"}} 1\n")));
    let text = bodies(&chat)[3]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("no &lt;capacity&gt; for") && !text.contains(SECRET), "{text}");
    assert_eq!(bodies(&other)[1]["failed"], events[1].1["failed"]);
    run(&site, "orchestrate", json!({ "test": true }));
    assert_eq!((bodies(&chat).len(), bodies(&other).len()), (4, 2), "a test tells nobody");
}

#[test]
fn hooks_of_a_run_that_fail_or_hang_are_named_in_the_report_and_change_nothing_else() {
    let mut site = site();
    let (refuses, hangs) = (Web::always(500), Web::new(|_| None));
    let url = secret(&site, "url", &format!("{}/xyzzy-of-the-chat", hangs.url()));
    let hook = |url: Value| json!({ "webhook": { "url": url, "when": ["started", "finished"], "timeout": "300ms" } });
    let lost = json!({ "prometheus": { "file": "/nowhere/{environment}.prom" } });
    let unread = hook(json!(format!("file:{}", site.folder.path().join("absent").display())));
    site.infrastructure["settings"]["run_hooks"] =
        json!([hook(json!(refuses.url())), hook(url), lost, unread]);
    let began = Instant::now();
    let (report, events) = run(&site, "orchestrate", json!({}));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!((&report["result"], &report["retcode"]), (&json!(true), &json!(0)), "{report:#}");
    assert_eq!((words(&events), statuses(&report)["net"].as_str()), (vec!["started", "finished"], "applied"));
    let failed: Vec<_> =
        report["failed_hooks"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let place = "infrastructure:settings:run_hooks:";
    // Each hook is named once, with the moments.
    assert_eq!(failed.len(), 4, "{failed:#?}");
    let both = "failed at the start of the run and at the end of the run";
    assert_eq!(failed[0], format!("{place}0 (webhook) {both}: it answered HTTP 500"));
    assert_eq!(failed[1], format!("{place}1 (webhook) {both}: no answer in time"));
    assert!(
        failed[2].contains("absent cannot be read") && failed[2].starts_with(&format!("{place}3")),
        "{failed:#?}"
    );
    let metrics = format!("{place}2 (prometheus) failed at the end of the run: cannot write");
    assert!(failed[3].starts_with(&metrics), "{failed:#?}");
    let text = eos::view::text(&report, false);
    assert!(
        text.contains(&format!("hook of the run: {place}0 (webhook) {both}:")) && text.contains("HTTP 500"),
        "{text}"
    );
    let kept = std::fs::read_to_string(run_folder(&site, &report["run_id"]).join("report.json")).unwrap();
    assert!(kept.contains("it answered HTTP 500") && !kept.contains("xyzzy"), "{kept}");
    assert!(!report.to_string().contains("xyzzy"), "{report:#}");
    assert_eq!(site.run("history", json!({}))["runs"][0]["state"], "complete");
}

#[test]
fn a_run_that_was_stopped_tells_that_it_failed() {
    let mut site = site();
    let web = Web::always(200);
    site.infrastructure["settings"]["run_hooks"] = json!([{ "webhook": { "url": web.url() } }]);
    let salt = Salt { stops_after: Some(0), ..Salt::well() };
    let report = site.run_on(&salt, "orchestrate", json!({}));
    assert_eq!(report["result"], false, "{report:#}");
    assert_eq!(report["failed_hooks"], Value::Null, "{report:#}");
    assert_eq!(bodies(&web)[0]["moment"], "failed");
}

#[test]
fn the_next_run_or_scheduled_check_tells_once_that_a_run_was_killed() {
    let mut site = site();
    let web = Web::always(200);
    site.infrastructure["settings"]["run_hooks"] =
        json!([{ "webhook": { "url": web.url(), "when": "failed", "format": "slack" } }]);
    let (first, _) = run(&site, "orchestrate", json!({}));
    kill(&site, &first["run_id"]);
    let (_, events) = run(&site, "orchestrate", json!({}));
    assert_eq!(words(&events), ["failed", "started", "finished"]);
    let died = &events[0].1;
    assert_eq!(
        (&died["run_id"], &died["died"], &died["jid"]),
        (&first["run_id"], &json!(true), &json!("2026"))
    );
    let said = "staging: orchestrate by ann failed: it was killed or crashed on ";
    assert!(message(died).starts_with(said), "{died:#}");
    assert_eq!(bodies(&web), [json!({ "text": message(died) })]);
    let (second, events) = run(&site, "orchestrate", json!({}));
    assert_eq!(words(&events), ["started", "finished"], "once");

    kill(&site, &second["run_id"]);
    let (_, events) = scheduled_check(&site);
    assert_eq!(of_runs(events)[0].1["run_id"], second["run_id"]);
    assert_eq!(of_runs(scheduled_check(&site).1), vec![]);
    assert_eq!(site.run("history", json!({}))["runs"][1]["state"], "complete");
    let tested = site.run("orchestrate", json!({ "test": true }));
    kill(&site, &tested["run_id"]);
    assert_eq!(
        words(&run(&site, "orchestrate", json!({})).1),
        ["started", "finished"],
        "a test was not told of"
    );
}

#[test]
fn hooks_tell_of_all_killed_runs_at_the_same_time() {
    let mut site = site();
    let chat = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", chat.local_addr().unwrap());
    let killed: Vec<_> = (0..3).map(|_| run(&site, "orchestrate", json!({})).0["run_id"].clone()).collect();
    killed.iter().for_each(|run_id| kill(&site, run_id));
    site.infrastructure["settings"]["run_hooks"] =
        json!([{ "webhook": { "url": url, "when": "failed", "timeout": "30s" } }]);
    // It answers nobody before all three have asked.
    let answers = std::thread::spawn(move || {
        let asked: Vec<_> = (0..3).map(|_| chat.accept().unwrap().0).collect();
        for mut one in asked {
            assert_ne!(one.read(&mut [0; 4096]).unwrap(), 0);
            one.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    let (report, events) = run(&site, "orchestrate", json!({}));
    assert_eq!(report["failed_hooks"], Value::Null, "{report:#}");
    assert_eq!(words(&events), ["failed", "failed", "failed", "started", "finished"]);
    answers.join().unwrap();
}

#[test]
fn a_request_to_stop_ends_a_hook_whose_sdb_hangs() {
    let mut site = site();
    site.infrastructure["settings"]["run_hooks"] =
        json!([{ "webhook": { "url": "sdb://slow/chat", "when": "started" } }]);
    let slow = Slow::default();
    let report = site.run_on(&slow, "orchestrate", json!({}));
    assert!(report["failed_hooks"][0].as_str().unwrap().contains("stopped on request"), "{report:#}");
    assert_eq!(*slow.ended.borrow(), ["sdb://slow/chat"]);
}

/// A Salt whose sdb never answers. Somebody stops the run once it reads there.
#[derive(Default)]
struct Slow {
    begun: Cell<u32>,
    ended: RefCell<Vec<String>>,
}

impl Host for Slow {
    fn tick(&self) -> u32 {
        self.begun.get()
    }
    fn start_sdb(&self, uri: &str, _: Duration) -> Result<String, String> {
        self.begun.set(1);
        Ok(uri.to_owned())
    }
    fn stop_sdb(&self, id: &str) {
        self.ended.borrow_mut().push(id.to_owned());
    }
    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn fetch(&self, _: &str) -> Result<BTreeMap<String, PathBuf>, String> {
        unreachable!("the sources are folders")
    }
    fn render(&self, _: &Path) -> Result<String, String> {
        unreachable!("nothing is a template")
    }
    fn start(&self, _: &SaltJob) -> Result<StartedJob, String> {
        unreachable!("there is no step")
    }
    fn poll(&self, _: &str) -> Result<BTreeMap<String, MinionReturn>, String> {
        unreachable!("there is no step")
    }
    fn stop(&self, _: &str) {}
}
