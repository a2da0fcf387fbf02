//! Components with a `nomad_job`, with a real terraform and the provider for tests.

use std::sync::Arc;

use serde_json::{Value, json};

use super::servers::{Job, Pair, eventually, pair};
use crate::support::server::Server;
use crate::support::world::World;
use crate::support::{Site, statuses};

pub struct Scene {
    pub pair: Arc<Pair>,
    world: World,
    pub site: Site,
}

impl Scene {
    pub fn new() -> Option<Self> {
        Self::on(pair()?)
    }

    /// A scene with its own Nomad and Consul, for a test that would disturb others.
    pub fn alone() -> Option<Self> {
        let consul = Server::consul()?;
        let nomad = Server::nomad_beside(&consul)?;
        Self::on(Arc::new(Pair { consul, nomad }))
    }

    fn on(pair: Arc<Pair>) -> Option<Self> {
        let world = World::new()?;
        let mut site = Site::new();
        site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
        site.infrastructure["settings"]["nomad"] = json!({ "address": pair.address() });
        let consul = format!("http://127.0.0.1:{}", pair.consul.port);
        site.infrastructure["settings"]["consul"] = json!({ "address": consul });
        Some(Self { pair, world, site })
    }

    /// Sets up the component `web` with this job, and with `more` text.
    pub fn component(&mut self, job: &Job, more: &str, rest: Value) {
        self.component_with(job, "", more, rest);
    }

    /// Sets up the component as `component` does, with more arguments of its `nomad_job`.
    pub fn component_with(&mut self, job: &Job, arguments: &str, more: &str, rest: Value) {
        let main = format!(
            "terraform {{\n  required_providers {{\n    nomad = {{ source = \"hashicorp/nomad\" }}\n    \
             world = {{ source = \"eos.test/eos/world\" }}\n  }}\n}}\n\
             provider \"nomad\" {{\n  address = {address}\n}}\n\
             provider \"world\" {{\n  world = {world}\n  component = \"web\"\n}}\n\
             resource \"nomad_job\" \"web\" {{\n  purge_on_destroy = true\n  {arguments}\n  jobspec = <<-SPEC\n{spec}  SPEC\n}}\n\
             output \"job\" {{\n  value = nomad_job.web.id\n}}\n{more}",
            address = json!(self.pair.address()),
            world = json!(self.world.path("")),
            spec = job.text().replace("${attr", "$${attr"),
        );
        self.site.component("web", &main, rest);
    }

    pub fn run(&self) -> Value {
        self.site.run("orchestrate", json!({}))
    }
}

pub fn gate(name: &str) -> Value {
    json!([{ "nomad": {
        "job": name, "interval": "500ms", "min_healthy_time": 0, "healthy_deadline": "1m",
    } }])
}

pub fn web(report: &Value) -> &Value {
    &report["components"]["web"]
}

pub fn message(report: &Value) -> &str {
    web(report)["error"]["message"].as_str().unwrap_or_else(|| panic!("no error in {report:#}"))
}

#[test]
fn a_job_is_healthy_when_nomad_says_so_and_each_later_run_checks_again() {
    let Some(mut scene) = Scene::new() else { return };
    let mut gates = gate("deployed");
    gates[0]["nomad"]["job"] = json!({ "output": "job" });
    scene.component(&Job::new("deployed"), "", json!({ "health": gates }));
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    let notes = web(&report)["notes"].to_string();
    assert!(notes.contains("Nomad's plan for deployed.web: Place 1"), "{notes}");
    assert_eq!(scene.pair.running("deployed", 0), 1);
    let again = scene.run();
    assert_eq!(statuses(&again)["web"], "unchanged", "{again:#}");
    let health = scene.site.run("health", json!({}));
    assert_eq!(health["health"]["web"][0]["said"], "web: 1 of 1 running", "{health:#}");
    assert_eq!(health["result"], true);
    // Terraform sees no difference here.
    scene.pair.nomad.call("DELETE", "/v1/job/deployed", "");
    let stopped = scene.run();
    assert_eq!(web(&stopped)["reason"], "job_stopped", "{stopped:#}");
    assert!(stopped.to_string().contains("nomad job start deployed"), "{stopped:#}");
    assert!(message(&stopped).starts_with("nomad job deployed: the job was stopped"), "{stopped:#}");
    assert_eq!(scene.site.run("health", json!({}))["result"], false);
}

#[test]
fn a_bad_version_fails_early_with_its_reason_and_the_previous_one_still_serves() {
    let Some(mut scene) = Scene::new() else { return };
    let job = Job { update: "auto_revert = true".to_owned(), ..Job::new("spoilt-later") };
    let mut gates = gate("spoilt-later");
    // A run that waited for this deadline would not end in this test's time.
    gates[0]["nomad"]["healthy_deadline"] = json!("1h");
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "hunter2-of-the-job").unwrap();
    let rest = json!({ "health": gates, "secrets": { "token": format!("file:{}", token.path().display()) } });
    let variable = "variable \"token\" {\n  sensitive = true\n}\n";
    scene.component(&job, variable, rest.clone());
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    let bad = job.script("echo it needs hunter2-of-the-job >&2; exit 7");
    scene.component(&bad, variable, rest);
    let report = scene.run();
    assert_eq!(web(&report)["reason"], "deployment_failed", "{report:#}");
    let said = message(&report);
    for part in [
        "rolling back to job version 0",
        "the previous version runs again",
        "failed: task web: Exit Code: 7",
        "web | it needs (sensitive)",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let details = &web(&report)["error"]["details"]["nomad"];
    assert_eq!(
        details["allocations"][0]["tasks"]["web"]["stderr"],
        json!(["it needs (sensitive)"]),
        "{details:#}"
    );
    assert_eq!(details["deployment"]["status"], "failed", "{details:#}");
    assert!(!report.to_string().contains("hunter2"), "{report:#}");
    assert_eq!(scene.pair.running("spoilt-later", 2), 1);
    // The running version is not the wanted one, and Eos does not try it again by itself.
    let again = scene.run();
    assert_eq!(
        (&web(&again)["status"], &web(&again)["reason"]),
        (&json!("blocked"), &json!("failed_version")),
        "{again:#}"
    );
    assert!(!again.to_string().contains("hunter2"), "{again:#}");
}

#[test]
fn a_failed_version_starts_the_rollback_after_nomads_own_revert_has_ended() {
    let Some(mut scene) = Scene::new() else { return };
    let job = Job { update: "auto_revert = true".to_owned(), ..Job::new("goes-back") };
    let rest = json!({ "health": gate("goes-back"), "on_failure": "rollback" });
    scene.component(&job, "", rest.clone());
    assert_eq!(statuses(&scene.run())["web"], "applied");
    let bad = Job { config: "run_for = \"1ms\"\n exit_code = 3".to_owned(), proof: "20s", ..job };
    scene.component(&bad, "", rest);
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "rolled_back", "{report:#}");
    assert_eq!(web(&report)["reason"], "deployment_failed");
    let now = scene.pair.job("goes-back").unwrap();
    assert_eq!(now["TaskGroups"][0]["Tasks"][0]["Config"]["run_for"], "1h", "{now:#}");
}

#[test]
fn a_job_without_a_possible_node_is_refused_before_anything_changes() {
    let Some(mut scene) = Scene::new() else { return };
    let nowhere = "constraint {\n attribute = \"${attr.kernel.name}\"\n value = \"plan9\"\n }";
    let job = Job { job: nowhere.to_owned(), ..Job::new("unplaceable") };
    scene.component(&job, "resource \"world_thing\" \"beside\" {\n  name = \"beside\"\n}\n", json!({}));
    for (operation, arguments) in [("orchestrate", json!({})), ("plan", json!({}))] {
        let report = scene.site.run(operation, arguments);
        assert_eq!(web(&report)["reason"], "nomad_unplaceable", "{report:#}");
        assert_eq!(web(&report)["error"]["layer"], "nomad");
        let expected = "nomad_job.web: job unplaceable would have no node to run on: web: constraint \
                        \"${attr.kernel.name} = plan9\" excludes 1 node; nothing was changed";
        assert_eq!(message(&report), expected);
    }
    assert!(scene.world.names().is_empty());
    assert_eq!(scene.pair.job("unplaceable"), None);
}

#[test]
fn a_jobspec_that_nomad_finds_invalid_is_refused_before_anything_changes() {
    let Some(mut scene) = Scene::new() else { return };
    let job = Job { group: "scaling {\n min = 5\n max = 2\n }".to_owned(), ..Job::new("invalid") };
    scene.component(&job, "resource \"world_thing\" \"beside\" {\n  name = \"beside\"\n}\n", json!({}));
    let report = scene.run();
    assert_eq!(web(&report)["reason"], "nomad_invalid", "{report:#}");
    assert!(scene.world.names().is_empty());
}

#[test]
fn a_refusal_of_a_sensitive_jobspec_is_shown_without_the_secret() {
    let Some(mut scene) = Scene::new() else { return };
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "hunter2-of-the-job").unwrap();
    let secret = json!({ "secrets": { "token": format!("file:{}", token.path().display()) } });
    // The pillar may also give a sensitive variable a plain value.
    let plain = json!({ "variables": { "token": "hunter2-of-the-job" } });
    let odd = "constraint {\n attribute = \"${attr.kernel.name}\"\n operator = \"${var.token}\"\n value = \"linux\"\n }";
    let job = Job { job: odd.to_owned(), ..Job::new("secretive") };
    for rest in [secret, plain] {
        scene.component(&job, "variable \"token\" {\n  sensitive = true\n}\n", rest);
        let report = scene.run();
        assert_eq!(web(&report)["reason"], "nomad_invalid", "{report:#}");
        let said = message(&report);
        assert!(said.contains("constraint") && said.contains("(sensitive)"), "{said}");
        assert!(!report.to_string().contains("hunter2"), "{report:#}");
    }
    // It cannot be masked, because it is too short.
    scene.component(
        &job,
        "variable \"token\" {\n  sensitive = true\n}\n",
        json!({ "variables": { "token": "q7" } }),
    );
    let report = scene.run();
    assert!(message(&report).contains("Nomad's message is not shown"), "{report:#}");
    assert!(!message(&report).contains("q7"), "{report:#}");
}

#[test]
fn a_note_of_a_sensitive_jobspec_is_left_out_only_if_it_repeats_a_secret() {
    let Some(mut scene) = Scene::new() else { return };
    let token = "variable \"token\" {\n  sensitive = true\n}\n";
    let meta = "meta {\n token = \"${var.token}\"\n }";
    let job = Job { job: meta.to_owned(), ..Job::new("noted") };
    let planned = "Nomad's plan for noted.web: Place 1";
    // The number of allocations, a part of a word, and the name of the group.
    for (secret, is_shown) in [("1", true), ("o", true), ("web", false)] {
        scene.component(&job, token, json!({ "variables": { "token": secret } }));
        let report = scene.site.run("orchestrate", json!({ "test": true }));
        let notes = web(&report)["notes"].to_string();
        assert_eq!(notes.contains(planned), is_shown, "{secret}: {report:#}");
        assert_eq!(notes.contains("because of a possible secret"), !is_shown, "{secret}: {report:#}");
    }
}

#[test]
fn a_secret_that_no_list_of_the_plan_has_is_not_in_a_refusal() {
    let Some(mut scene) = Scene::new() else { return };
    let odd = |expression: &str| {
        format!(
            "constraint {{\n attribute = \"${{attr.kernel.name}}\"\n operator = \"${{{expression}}}\"\n value = \"linux\"\n }}"
        )
    };
    let nowhere = |expression: &str| {
        format!("constraint {{\n attribute = \"${{attr.kernel.name}}\"\n value = \"${{{expression}}}\"\n }}")
    };
    let token = "variable \"token\" {\n  sensitive = true\n}\n";
    let local = "locals {\n  word = sensitive(\"hunter2-literal\")\n}\n";
    for (block, more, variables, code) in [
        (odd("sensitive(\"hunter2-literal\")"), "", json!({}), "nomad_invalid"),
        (odd("local.word"), local, json!({}), "nomad_invalid"),
        (nowhere("local.word"), local, json!({}), "nomad_unplaceable"),
        (nowhere("var.token"), token, json!({ "token": "hunter2-plain" }), "nomad_unplaceable"),
        (odd("upper(var.token)"), token, json!({ "token": "hunter2-plain" }), "nomad_invalid"),
    ] {
        let job = Job { job: block.clone(), ..Job::new("secretive-made") };
        scene.component(&job, more, json!({ "variables": variables }));
        let report = scene.run();
        assert_eq!(web(&report)["reason"], code, "{block}: {report:#}");
        let said = message(&report);
        assert!(said.contains("constraint") && said.contains("(sensitive)"), "{block}: {said}");
        assert!(!report.to_string().to_lowercase().contains("hunter2"), "{block}: {report:#}");
    }
}

#[test]
fn a_job_of_another_owner_is_not_taken_over() {
    let Some(mut scene) = Scene::new() else { return };
    let job = Job::new("foreign");
    let theirs = scene.pair.runs(&job.text(), "foreign");
    scene.component(&Job { memory: 20, ..job }, "", json!({ "health": gate("foreign") }));
    let report = scene.run();
    assert_eq!(web(&report)["reason"], "nomad_job_foreign", "{report:#}");
    assert_eq!(scene.pair.job("foreign").unwrap()["JobModifyIndex"], theirs);
    assert_eq!(scene.pair.running("foreign", 0), 1);
}

#[test]
fn a_jobspec_known_only_after_apply_is_reported_as_unchecked() {
    let Some(mut scene) = Scene::new() else { return };
    let mut job = Job::new("later");
    job.job = "meta {\n made = \"${world_thing.first.id}\"\n }".to_owned();
    scene.component(&job, "resource \"world_thing\" \"first\" {\n  name = \"first\"\n}\n", json!({}));
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    assert!(web(&report)["notes"].to_string().contains("known only after apply"), "{report:#}");
}

#[test]
fn canaries_that_wait_for_a_person_are_blocked_and_not_rolled_back() {
    let Some(mut scene) = Scene::new() else { return };
    let job = Job { update: "canary = 1".to_owned(), ..Job::new("by-hand") };
    let rest = json!({ "health": gate("by-hand"), "on_failure": "rollback" });
    scene.component(&job, "", rest.clone());
    assert_eq!(statuses(&scene.run())["web"], "applied");
    scene.component(&Job { config: "run_for = \"2h\"".to_owned(), ..job }, "", rest);
    let report = scene.run();
    assert_eq!(
        (&web(&report)["status"], &web(&report)["reason"]),
        (&json!("blocked"), &json!("awaiting_promotion"))
    );
    assert_eq!(report["result"], false);
    let deployment = scene.pair.nomad.get("/v1/job/by-hand/deployment").unwrap();
    assert_eq!(deployment["Status"], "running", "{deployment:#}");
    let promoted = scene.site.run("promote", json!({ "components": "web" }));
    assert_eq!(
        (&web(&promoted)["status"], &web(&promoted)["reason"]),
        (&json!("applied"), &json!("promoted"))
    );
    let id = deployment["ID"].as_str().unwrap();
    assert_eq!(web(&promoted)["notes"], json!([format!("promoted deployment {id} of job by-hand")]));
    let audit = scene.site.folder.path().join("root/staging/.eos/audit.jsonl");
    let audit = std::fs::read_to_string(audit).unwrap();
    assert!(audit.contains("\"did\":\"promote\"") && audit.contains(id), "{audit}");
    let again = scene.site.run("promote", json!({}));
    assert_eq!(web(&again)["reason"], "nothing_to_promote", "{again:#}");
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "unchanged", "{report:#}");
}

#[test]
fn a_passing_old_instance_does_not_count_for_the_new_one() {
    let Some(mut scene) = Scene::new() else { return };
    let web_server = crate::support::web::Web::always(200);
    let service = |port: &str| {
        format!(
            "network {{\n {port}\n }}\n service {{\n name = \"old-and-new\"\n port = \"http\"\n check {{\n name = \"up\"\n type = \"http\"\n path = \"/\"\n interval = \"1s\"\n timeout = \"1s\"\n }}\n }}"
        )
    };
    let served = service(&format!("port \"http\" {{\n static = {}\n }}", web_server.port));
    let job = Job { group: served, update: "canary = 1".to_owned(), ..Job::new("old-and-new") };
    let gates = |deadline: &str| {
        json!({ "health": [{ "consul": {
            "service": "old-and-new", "interval": "500ms", "min_healthy_time": "1s", "healthy_deadline": deadline,
        } }] })
    };
    scene.component(&job, "", gates("1m"));
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    // A new version with a port where nobody listens, beside the old version.
    let deaf = Job { group: service("port \"http\" {}"), deadline: 10, ..job };
    scene.component(&deaf, "", gates("1m"));
    let report = scene.run();
    assert_eq!(web(&report)["reason"], "deployment_failed", "{report:#}");
    assert!(message(&report).contains("seen before: check up is critical"), "{report:#}");
    let passing = || {
        let path = "/v1/health/service/old-and-new?passing";
        scene.pair.consul.get(path).is_some_and(|all| all.as_array().is_some_and(|all| !all.is_empty()))
    };
    assert!(passing(), "the old instance is to pass all the while");
}

#[test]
fn a_service_in_consul_has_to_pass_several_times() {
    let Some(mut scene) = Scene::new() else { return };
    let check = json!({ "Name": "by-hand-1", "TTL": "1h", "Status": "passing" });
    let service = json!({ "ID": "plain-1", "Name": "plain-service", "Port": 1, "Check": check }).to_string();
    scene.pair.consul.call("PUT", "/v1/agent/service/register", &service);
    // For a gate that must pass, the deadline is long enough for any machine.
    let gates = |least: u64, deadline: &str| {
        json!({ "health": [{ "consul": {
            "service": "plain-service", "least": least, "interval": "200ms", "min_healthy_time": "400ms",
            "healthy_deadline": deadline,
        } }] })
    };
    scene.site.component("web", "resource \"terraform_data\" \"x\" {}", gates(1, "1m"));
    let report = scene.run();
    assert_eq!(statuses(&report)["web"], "applied", "{report:#}");
    scene.site.component("web", "resource \"terraform_data\" \"x\" {}", gates(2, "2s"));
    let report = scene.run();
    assert_eq!(web(&report)["reason"], "unhealthy", "{report:#}");
    assert!(message(&report).contains("1 of 1 instance passing, 2 needed"), "{report:#}");
    // A warning does not pass, and an unknown service does not pass.
    scene.pair.consul.call("PUT", "/v1/agent/check/warn/service:plain-1", "");
    scene.site.component("web", "resource \"terraform_data\" \"x\" {}", gates(1, "2s"));
    eventually("the catalogue has the warning", || {
        let all = scene.pair.consul.get("/v1/health/checks/plain-service").unwrap();
        all[0]["Status"] == "warning"
    });
    let report = scene.run();
    assert!(message(&report).contains("check by-hand-1 is warning"), "{report:#}");
}
