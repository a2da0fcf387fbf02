//! Claims about health gates, with a real terraform and real servers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::ports::free_port;
use crate::support::web::Web;
use crate::support::{Site, statuses};

/// Long enough for any machine: the wait ends as soon as the condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

const WEB: &str = r#"
variable "endpoint" { default = "" }
variable "revision" { default = 1 }
resource "terraform_data" "web" { input = var.revision }
output "endpoints" { value = [{ url = var.endpoint }] }
output "secret_url" {
  value     = var.endpoint
  sensitive = true
}
"#;

fn gate(mut http: Value) -> Value {
    for (key, value) in [("interval", "50ms"), ("min_healthy_time", "100ms"), ("healthy_deadline", "1m")] {
        let fields = http.as_object_mut().unwrap();
        fields.entry(key).or_insert(value.into());
    }
    json!([{ "http": http }])
}

/// A gate with a short deadline.
fn hopeless(mut http: Value) -> Value {
    http["healthy_deadline"] = json!("1s");
    gate(http)
}

/// `web` with these gates, and `app` that depends on it.
fn site(health: Value) -> Site {
    let mut site = Site::new();
    site.component("web", WEB, json!({ "health": health }));
    site.component("app", "resource \"terraform_data\" \"app\" {}", json!({ "depends_on": ["web"] }));
    site
}

fn outcome(site: &Site) -> Value {
    let path = site.folder.path().join("root/staging/.eos/components/web/record.json");
    let record: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    record["outcome"].clone()
}

fn both(web: &str, app: &str) -> std::collections::BTreeMap<String, String> {
    [("web".to_owned(), web.to_owned()), ("app".to_owned(), app.to_owned())].into()
}

fn error(report: &Value) -> &Value {
    &report["components"]["web"]["error"]
}

fn message(report: &Value) -> &str {
    error(report)["message"].as_str().unwrap_or_else(|| panic!("no error in {report:#}"))
}

fn until(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "{what}: never");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn dependents_start_when_all_gates_hold() {
    let web = Web::always(204);
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "hunter2-of-the-gate\n").unwrap();
    let mut health = gate(json!({
        "url": { "output": "endpoints.0.url" }, "path": "/healthz?full=1", "method": "HEAD", "status": [204, "3xx"],
        "headers": { "Authorization": format!("file:{}", token.path().display()), "Host": "web.example" },
    }));
    health.as_array_mut().unwrap().push(json!({ "tcp": {
        "host": "127.0.0.1", "port": web.port, "interval": "50ms", "min_healthy_time": "100ms",
    } }));
    let mut site = site(health);
    site.infrastructure["components"]["web"]["variables"] =
        json!({ "endpoint": format!("{}/base/", web.url()) });
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("applied", "applied"), "{report:#}");
    assert_eq!(outcome(&site), "applied");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
    let asked = web.asked();
    // One measurement is not enough for `min_healthy_time`.
    assert!(asked.len() >= 2, "{asked:?}");
    let head = asked[0].to_lowercase();
    for part in [
        "head /base/healthz?full=1 http/1.1\r\n",
        "authorization: hunter2-of-the-gate\r\n",
        "host: web.example\r\n",
    ] {
        assert!(head.contains(part), "{part} in {head}");
    }
}

#[test]
fn a_component_that_never_becomes_healthy_fails_and_its_dependents_are_skipped() {
    let web = Web::always(503);
    let site = site(hopeless(json!({ "url": web.url() })));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    assert_eq!(report["result"], false);
    let part = &report["components"]["web"];
    assert_eq!((&part["reason"], &part["changes"]["add"]), (&json!("unhealthy"), &json!(1)), "{part:#}");
    assert_eq!(
        (&error(&report)["phase"], &error(&report)["layer"]),
        (&json!("verification"), &json!("service"))
    );
    let said = message(&report);
    let expected =
        format!("http GET {} did not hold for 100ms within 1s: its last answer was HTTP 503", web.url());
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(error(&report)["details"]["gate"], "infrastructure:components:web:health:0");
    assert_eq!(outcome(&site), "failed");
    // The component is applied. The next run measures again and changes nothing.
    web.answers_now(200);
    let again = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&again), both("unchanged", "applied"), "{again:#}");
    assert_eq!(outcome(&site), "unchanged");
}

#[test]
fn a_gate_that_flaps_does_not_hold_however_often_it_passes() {
    let web = Web::new(|number| Some(if number % 2 == 0 { 200 } else { 500 }));
    let report = site(hopeless(json!({ "url": web.url() }))).run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    let gate = &error(&report)["details"]["gates"][0];
    assert!(gate["measured"].as_u64() > Some(0), "{gate}");
    assert!(gate["passed"].as_u64() < gate["measured"].as_u64(), "{gate}");
}

#[test]
fn a_gate_that_has_flapped_holds_when_it_is_stable() {
    let web = Web::new(|number| Some(if number < 6 && number % 2 == 0 { 500 } else { 200 }));
    let report = site(gate(json!({ "url": web.url() }))).run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("applied", "applied"), "{report:#}");
    // The last bad answer is the fourth, and one good answer after it is not enough.
    assert!(web.asked().len() >= 6, "{:?}", web.asked().len());
}

#[test]
fn an_answer_after_the_timeout_does_not_count() {
    let web = Web::new(|_| None);
    let report =
        site(hopeless(json!({ "url": web.url(), "timeout": "100ms" }))).run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    assert!(message(&report).contains("its last answer was no answer within 100ms"), "{}", message(&report));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let web = Web::always(302);
    let report = site(hopeless(json!({ "url": web.url(), "path": "/" }))).run("orchestrate", json!({}));
    assert!(message(&report).contains("HTTP 302, expected 200-299"), "{}", message(&report));
    assert!(web.asked().iter().all(|head| head.starts_with("GET / ")), "{:?}", web.asked());
}

#[test]
fn a_port_that_opens_late_is_waited_for() {
    let port = free_port();
    let site = site(json!([{ "tcp": {
        "host": "127.0.0.1", "port": port, "interval": "50ms", "min_healthy_time": "100ms", "healthy_deadline": "1m",
    } }]));
    let record = site.folder.path().join("root/staging/.eos/components/web/record.json");
    let report = std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            until("the record of what was applied", || record.exists());
            std::thread::sleep(Duration::from_millis(200));
            std::net::TcpListener::bind(("127.0.0.1", port)).unwrap()
        });
        let report = site.run("orchestrate", json!({}));
        drop(opening.join().unwrap());
        report
    });
    assert_eq!(statuses(&report), both("applied", "applied"), "{report:#}");
}

#[test]
fn a_closed_port_is_reported_in_the_words_of_the_system() {
    let port = free_port();
    let tcp = json!({ "host": "127.0.0.1", "port": port, "min_healthy_time": 0, "healthy_deadline": "1s" });
    let report = site(json!([{ "tcp": tcp }])).run("orchestrate", json!({}));
    let said = message(&report);
    assert!(said.starts_with(&format!("tcp 127.0.0.1 port {port} did not hold")), "{said}");
    assert!(said.contains("cannot connect: Connection refused"), "{said}");
}

#[test]
fn a_gate_counts_also_if_terraform_plans_no_change() {
    let web = Web::always(200);
    let mut site = site(gate(json!({ "url": web.url() })));
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);
    web.answers_now(500);
    site.infrastructure["components"]["web"]["health"] = hopeless(json!({ "url": web.url() }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    assert_eq!(report["components"]["web"]["changes"]["add"], 0);
    assert_eq!(outcome(&site), "failed");
}

#[test]
fn a_gate_counts_also_without_a_state() {
    let web = Web::always(500);
    let mut site = site(hopeless(json!({ "url": web.url() })));
    let component = site.infrastructure["components"]["web"].clone();
    site.component("web", "locals { nothing = true }", component);
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    assert_eq!(report["components"]["web"]["reason"], "unhealthy");
}

#[test]
fn a_test_and_a_destroy_check_no_gate() {
    let web = Web::always(500);
    let site = site(gate(json!({ "url": web.url() })));
    let test = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&test), both("planned", "planned"), "{test:#}");
    let gone = site.run("destroy", json!({ "confirm": "staging" }));
    assert_eq!(gone["result"], true, "{gone:#}");
    assert_eq!(web.asked(), Vec::<String>::new());
}

#[test]
fn an_applied_saved_plan_has_to_become_healthy_too() {
    let web = Web::always(500);
    let site = site(hopeless(json!({ "url": web.url() })));
    let plan = site.run("plan", json!({}));
    assert_eq!(web.asked(), Vec::<String>::new());
    let report = site.run("apply", json!({ "plan_id": plan["plan_id"] }));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
}

#[test]
fn a_run_cancelled_while_watching_health_has_recorded_its_apply() {
    let web = Web::always(500);
    let site = site(gate(json!({ "url": web.url() })));
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| site.run("orchestrate", json!({})));
        until("a gate is measured", || !web.asked().is_empty());
        let status = site.run("status", json!({}));
        let cancelled = site.run("cancel", json!({ "run_id": status["running"][0] }));
        assert_eq!(cancelled["result"], true, "{cancelled:#}");
        run.join().unwrap()
    });
    assert_eq!(statuses(&report), both("cancelled", "skipped"), "{report:#}");
    assert_eq!(report["components"]["web"]["reason"], "cancelled");
    assert_eq!(outcome(&site), "applied");
    // The run was not successful, so resume does not skip the component.
    web.answers_now(200);
    let resumed = site.run("resume", json!({}));
    assert_eq!(statuses(&resumed), both("unchanged", "applied"), "{resumed:#}");
    assert_eq!(resumed["components"]["web"]["reason"], "");
}

#[test]
fn components_skipped_by_resume_are_checked_for_health_again() {
    let web = Web::always(200);
    let mut site = site(gate(json!({ "url": web.url() })));
    site.component("app", "resource \"terraform_data\" \"app\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}", json!({ "depends_on": ["web"] }));
    assert_eq!(statuses(&site.run("orchestrate", json!({}))), both("applied", "failed"));
    web.answers_now(500);
    site.infrastructure["components"]["web"]["health"] = hopeless(json!({ "url": web.url() }));
    let report = site.run("resume", json!({}));
    assert_eq!(statuses(&report), both("failed", "skipped"), "{report:#}");
    assert_eq!(report["components"]["web"]["reason"], "unhealthy");
}

#[test]
fn an_address_that_is_a_sensitive_output_is_shown_nowhere() {
    let web = Web::always(500);
    let closed = free_port();
    for (url, said) in [
        (format!("http://127.0.0.1:{}/s3cret-path", web.port), "HTTP 500"),
        (format!("http://127.0.0.1:{closed}/s3cret-path"), "cannot connect"),
    ] {
        let mut site = site(hopeless(json!({ "url": { "output": "secret_url" }, "path": "/up" })));
        site.component(
            "endpoint",
            "output \"url\" {\n  value     = \"URL\"\n  sensitive = true\n}".replace("URL", &url).as_str(),
            json!({}),
        );
        site.infrastructure["components"]["web"]["from_outputs"] = json!({ "endpoint": "endpoint.url" });
        // A variable that is not marked as sensitive. Nothing else shows the address.
        let module = WEB.replace("output \"endpoints\" { value = [{ url = var.endpoint }] }", "");
        site.component("web", &module, site.infrastructure["components"]["web"].clone());
        let report = site.run("orchestrate", json!({ "components": "web,endpoint" }));
        assert_eq!(report["components"]["web"]["reason"], "unhealthy", "{report:#}");
        let message = message(&report);
        assert!(
            message.starts_with("http GET (sensitive) did not hold") && message.contains(said),
            "{message}"
        );
        let now = site.run("health", json!({ "components": "web" }));
        let run = site.folder.path().join("root/staging/.eos/runs").join(report["run_id"].as_str().unwrap());
        let kept = std::fs::read_to_string(run.join("report.json")).unwrap();
        for text in [report.to_string(), now.to_string(), kept] {
            assert!(!text.contains("s3cret-path") && !text.contains(&format!(":{closed}")), "{text}");
        }
    }
}

#[test]
fn an_output_that_is_not_an_address_fails_at_once_and_is_not_shown() {
    for (endpoint, said) in [
        ("hunter2-is-no-url", "output endpoints.0.url must begin with http:// or https://"),
        ("http://joe:hunter2@a", "output endpoints.0.url must not contain a user or a password"),
    ] {
        let mut site = site(gate(json!({ "url": { "output": "endpoints.0.url" } })));
        site.infrastructure["components"]["web"]["variables"] = json!({ "endpoint": endpoint });
        let report = site.run("orchestrate", json!({}));
        assert_eq!(report["components"]["web"]["reason"], "health_gate", "{report:#}");
        assert!(message(&report).contains(said) && !message(&report).contains("hunter2"), "{report:#}");
    }
    let site = site(gate(json!({ "url": { "output": "endpoints.1.url" } })));
    let report = site.run("orchestrate", json!({}));
    assert!(message(&report).ends_with("output endpoints.1.url: there is no \"1\""), "{report:#}");
}

#[test]
fn an_encrypted_address_is_verified_by_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let Some(web) = Web::encrypted(folder.path(), 200) else { return };
    let url = format!("https://127.0.0.1:{}", web.port);
    let now = |deadline: &str, tls: Value| {
        let site = site(gate(json!({ "url": url, "tls": tls, "healthy_deadline": deadline })));
        site.run("orchestrate", json!({ "components": "web" }))
    };
    for good in [json!({ "ca_file": folder.path().join("ca.pem") }), json!({ "insecure": true })] {
        let report = now("1m", good);
        assert_eq!(report["result"], true, "{report:#}");
    }
    let report = now("1s", json!({}));
    assert!(message(&report).contains("cannot connect: invalid peer certificate"), "{report:#}");
    let report = now("1m", json!({ "ca_file": folder.path().join("nothing.pem") }));
    assert_eq!(report["components"]["web"]["reason"], "health_gate", "{report:#}");
    assert!(message(&report).contains("nothing.pem"), "{report:#}");
}

#[test]
fn health_is_checked_once_and_now() {
    let web = Web::always(200);
    let mut site = site(gate(json!({ "url": web.url() })));
    let never = site.run("health", json!({ "components": "web" }));
    assert_eq!(never["components"]["web"]["reason"], "never_ran_here", "{never:#}");
    assert_eq!(never["result"], false);
    assert_eq!(site.run("orchestrate", json!({}))["result"], true);

    let asked = web.asked().len();
    let report = site.run("health", json!({}));
    assert_eq!(statuses(&report), both("healthy", "healthy"), "{report:#}");
    assert_eq!(
        (&report["result"], &report["components"]["app"]["reason"]),
        (&json!(true), &json!("no_gates"))
    );
    assert_eq!(web.asked().len(), asked + 1);
    let gate = &report["health"]["web"][0];
    assert_eq!((&gate["healthy"], &gate["said"]), (&json!(true), &json!("HTTP 200")), "{report:#}");

    let healthy = |site: &Site, component: &str| {
        let answer = site.run("module.component_is_healthy", json!({ "component": component }));
        (answer["result"].clone(), answer["retcode"].clone())
    };
    assert_eq!(healthy(&site, "web"), (json!(true), json!(0)));
    web.answers_now(500);
    assert_eq!(healthy(&site, "web"), (json!(false), json!(1)));
    assert_eq!(healthy(&site, "nobody"), (json!(false), json!(1)));
    let report = site.run("health", json!({}));
    assert_eq!(statuses(&report), both("unhealthy", "healthy"), "{report:#}");
    assert_eq!((&report["result"], &report["retcode"]), (&json!(false), &json!(1)));
    assert_eq!(error(&report)["code"], "unhealthy");
    assert_eq!(outcome(&site), "applied", "a question writes nothing down");

    // Without gates, only the result of the last run counts.
    site.component("app", "resource \"terraform_data\" \"more\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}", json!({}));
    site.infrastructure["components"]["app"]["policy"] = json!({ "allow_destroy": true });
    assert_eq!(site.run("orchestrate", json!({ "components": "app" }))["result"], false);
    let report = site.run("health", json!({ "components": "app" }));
    assert_eq!(report["components"]["app"]["reason"], "last_run_failed", "{report:#}");
    assert_eq!(site.run("destroy", json!({ "components": "app", "confirm": "staging" }))["result"], true);
    let report = site.run("health", json!({ "components": "app" }));
    assert_eq!(report["components"]["app"]["reason"], "no_state", "{report:#}");
}
