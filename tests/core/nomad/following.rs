//! The result of a registration, at any time and for any caller.

use eos::nomad::{JobHealth, NomadError};
use serde_json::json;

use super::servers::{self, Job, client, ending, eventually, job_name, pair, until};
use crate::support::server::Server;

fn said(found: &JobHealth) -> &str {
    match found {
        JobHealth::Passing(said)
        | JobHealth::Waiting(said, _)
        | JobHealth::Failed(said)
        | JobHealth::Stopped(said)
        | JobHealth::Superseded(said)
        | JobHealth::AwaitingPromotion(said) => said,
        JobHealth::Unseen(trouble) => trouble.text(),
    }
}

#[test]
fn a_service_whose_deployment_ends_well_passes() {
    let Some(pair) = pair() else { return };
    let job = Job { count: 2, ..Job::new("fine") };
    let index = pair.register(&job.text());
    assert_eq!(ending(&pair.follow("fine", index)), JobHealth::Passing("web: 2 of 2 running".to_owned()));
}

#[test]
fn a_version_that_ends_at_once_fails_and_the_revert_to_the_previous_one_is_awaited() {
    let Some(pair) = pair() else { return };
    let job = Job { update: "auto_revert = true".to_owned(), ..Job::new("reverts") };
    pair.runs(&job.text(), "reverts");
    let bad = Job { config: "run_for = \"1ms\"\n exit_code = 3".to_owned(), proof: "20s", ..job };
    let index = pair.register(&bad.text());
    let follow = pair.follow("reverts", index);
    let found = ending(&follow);
    assert!(matches!(found, JobHealth::Failed(_)), "{found:?}");
    let said = said(&found);
    assert!(said.contains("rolling back to job version 0"), "{said}");
    assert!(said.ends_with("the previous version runs again"), "{said}");
    // The reverted version was already stable at that time.
    assert_eq!(pair.job("reverts").unwrap()["Version"], 2);
    assert_eq!(pair.running("reverts", 2), 1);
}

#[test]
fn a_version_that_never_becomes_healthy_fails_in_nomads_words() {
    let Some(pair) = pair() else { return };
    // Nobody listens at the check's port.
    let group = "network {\n port \"http\" {}\n }\n service {\n name = \"never\"\n port = \"http\"\n provider = \"nomad\"\n check {\n type = \"tcp\"\n interval = \"1s\"\n timeout = \"1s\"\n }\n }";
    let job = Job { group: group.to_owned(), deadline: 3, ..Job::new("never") };
    let index = pair.register(&job.text());
    let found = ending(&pair.follow("never", index));
    assert!(matches!(found, JobHealth::Failed(_)), "{found:?}");
    assert!(
        said(&found)
            .contains("Failed due to unhealthy allocations; web: 1 of 1 placed, 0 healthy, 1 unhealthy"),
        "{found:?}"
    );
}

#[test]
fn a_check_that_never_passed_is_reported_also_after_nomad_has_reverted() {
    let Some(pair) = pair() else { return };
    let web = crate::support::web::Web::always(200);
    let group = |port: &str| {
        format!(
            "network {{\n port \"http\" {{\n {port}\n }}\n }}\n service {{\n name = \"deaf\"\n port = \"http\"\n provider = \"nomad\"\n check {{\n name = \"up\"\n type = \"http\"\n path = \"/\"\n interval = \"1s\"\n timeout = \"1s\"\n }}\n }}"
        )
    };
    let update = "auto_revert = true".to_owned();
    let good = Job { group: group(&format!("static = {}", web.port)), update, ..Job::new("told-after") };
    pair.runs(&good.text(), "told-after");
    let index = pair.register(&Job { group: group(""), deadline: 12, ..good }.text());
    let follow = pair.follow("told-after", index);
    let found = ending(&follow);
    assert!(said(&found).ends_with("the previous version runs again"), "{found:?}");
    let seen = follow.seen_failing().unwrap();
    assert!(seen.contains("check up of service deaf is failing: "), "{seen}");
}

#[test]
fn a_job_without_a_node_is_waited_for_and_the_missing_resources_are_named() {
    let Some(pair) = pair() else { return };
    let index = pair.register(&Job { memory: 9_000_000, ..Job::new("huge") }.text());
    let lacks =
        |found: &JobHealth| said(found).contains("web has no node to run on: memory is exhausted on 1 node");
    let found = until(&pair.follow("huge", index), lacks);
    // Nomad's own deadline begins with the first placement, and there is no placement.
    let JobHealth::Waiting(_, more) = found else { panic!("{found:?}") };
    assert!(more <= std::time::Duration::from_secs(40 + 60 + 30), "{more:?}");
}

#[test]
fn healthy_canaries_wait_for_a_person_and_continue_when_they_are_promoted() {
    let Some(pair) = pair() else { return };
    let job = Job { update: "canary = 1".to_owned(), ..Job::new("canary") };
    pair.runs(&job.text(), "canary");
    let index = pair.register(&Job { config: "run_for = \"2h\"".to_owned(), ..job }.text());
    let follow = pair.follow("canary", index);
    let found = ending(&follow);
    assert!(matches!(found, JobHealth::AwaitingPromotion(_)), "{found:?}");
    assert_eq!(pair.running("canary", 0), 1);
    let deployment = pair.nomad.get("/v1/job/canary/deployment").unwrap()["ID"].as_str().unwrap().to_owned();
    servers::block(follow.nomad.promote("default", &deployment)).unwrap();
    let found =
        until(&follow, |found| !matches!(found, JobHealth::AwaitingPromotion(_) | JobHealth::Waiting(..)));
    assert!(matches!(found, JobHealth::Passing(_)), "{found:?}");
}

#[test]
fn a_batch_job_passes_by_its_exit_code() {
    let Some(pair) = pair() else { return };
    let batch = |name: &str, exit: u8| Job {
        job: "type = \"batch\"".to_owned(),
        config: format!("run_for = \"100ms\"\n exit_code = {exit}"),
        ..Job::new(name)
    };
    let index = pair.register(&batch("done", 0).text());
    assert_eq!(ending(&pair.follow("done", index)), JobHealth::Passing("web: 1 of 1 complete".to_owned()));
    let index = pair.register(&batch("spoilt", 3).text());
    let found = ending(&pair.follow("spoilt", index));
    assert!(matches!(found, JobHealth::Failed(_)), "{found:?}");
    assert!(said(&found).ends_with("failed: task web: Exit Code: 3"), "{found:?}");
}

#[test]
fn a_system_job_passes_where_it_runs_on_each_node() {
    let Some(pair) = pair() else { return };
    let job = Job { job: "type = \"system\"".to_owned(), reschedule: false, ..Job::new("on-each-node") };
    // Without this update block, it would be healthy only after Nomad's default of ten seconds.
    let text = job.text().replacen("group", "update {\n min_healthy_time = \"100ms\"\n }\n group", 1);
    let index = pair.register(&text);
    assert_eq!(
        ending(&pair.follow("on-each-node", index)),
        JobHealth::Passing("web: 1 of 1 running".to_owned())
    );
}

#[test]
fn a_service_without_a_deployment_passes_by_its_allocations() {
    let Some(pair) = pair() else { return };
    let job = Job { update: "max_parallel = 0".to_owned(), ..Job::new("plain") };
    let index = pair.register(&job.text());
    assert_eq!(ending(&pair.follow("plain", index)), JobHealth::Passing("web: 1 of 1 running".to_owned()));
    assert_eq!(pair.nomad.get("/v1/job/plain/deployments").unwrap(), json!([]));
    let bad = Job { config: "run_for = \"1ms\"\n exit_code = 4".to_owned(), proof: "20s", ..job };
    let index = pair.register(&bad.text());
    let found = ending(&pair.follow("plain", index));
    assert!(matches!(found, JobHealth::Failed(_)) && said(&found).contains("Exit Code: 4"), "{found:?}");
}

#[test]
fn a_version_replaced_by_another_owner_is_superseded_and_the_latest_is_not_followed() {
    let Some(pair) = pair() else { return };
    let slow = "min_healthy_time = \"20s\"";
    let job = |config: &str| {
        let text = Job { config: config.to_owned(), ..Job::new("raced") }.text();
        text.replace("min_healthy_time = \"100ms\"", slow)
    };
    let ours = pair.register(&job("run_for = \"1h\""));
    eventually("our deployment", || {
        pair.nomad.get("/v1/job/raced/deployment").is_some_and(|one| one.is_object())
    });
    let theirs = pair.register(&job("run_for = \"2h\""));
    let found = ending(&pair.follow("raced", ours));
    assert!(matches!(found, JobHealth::Superseded(_)), "{found:?}");
    let found = servers::block(pair.follow("raced", theirs).look());
    assert!(matches!(found, JobHealth::Waiting(..)), "{found:?}");
}

#[test]
fn health_checks_existing_services_now_and_reports_stopped_ones() {
    let Some(pair) = pair() else { return };
    let index = pair.runs(&Job::new("stopped").text(), "stopped");
    let (status, _) = pair.nomad.call("DELETE", "/v1/job/stopped", "");
    assert_eq!(status, 200);
    let follow = pair.follow("stopped", index);
    assert_eq!(ending(&follow), JobHealth::Stopped("the job was stopped".to_owned()));
    pair.nomad.call("DELETE", "/v1/job/stopped?purge=true", "");
    let gone = JobHealth::Failed("job stopped does not exist in namespace default".to_owned());
    assert_eq!(ending(&follow), gone);
}

#[test]
fn a_nomad_check_counts_also_after_the_deployment() {
    let Some(pair) = pair() else { return };
    let web = crate::support::web::Web::always(200);
    let group = format!(
        "network {{\n port \"http\" {{\n static = {}\n }}\n }}\n service {{\n name = \"own\"\n port = \"http\"\n provider = \"nomad\"\n check {{\n name = \"up\"\n type = \"http\"\n path = \"/\"\n interval = \"1s\"\n timeout = \"1s\"\n }}\n }}",
        web.port
    );
    let job = Job { group, ..Job::new("own") };
    let index = pair.runs(&job.text(), "own");
    web.answers_now(500);
    let follow = pair.follow("own", index);
    let found = until(&follow, |found| !matches!(found, JobHealth::Passing(_)));
    assert!(matches!(found, JobHealth::Waiting(..)), "{found:?}");
    assert!(said(&found).contains("check up of service own is failing"), "{found:?}");
    web.answers_now(200);
    until(&follow, |found| matches!(found, JobHealth::Passing(_)));
}

#[test]
fn a_gate_waits_for_a_server_that_is_briefly_unreachable() {
    let Some(nomad) = Server::nomad() else { return };
    let asked = json!({ "JobHCL": Job::new("patient").text(), "Canonicalize": true }).to_string();
    let (_, job) = nomad.call("PUT", "/v1/jobs/parse", &asked);
    nomad.call("PUT", "/v1/jobs", &format!("{{\"Job\":{job}}}"));
    let client = client(&format!("http://127.0.0.1:{}", nomad.port));
    let follow = eos::nomad::DeploymentWatch::new(client, job_name("patient"), None);
    until(&follow, |found| matches!(found, JobHealth::Passing(_)));
    nomad.signal(rustix::process::Signal::STOP);
    // A stopped process may still have an answer on its way.
    let found = until(&follow, |found| matches!(found, JobHealth::Unseen(_)));
    let JobHealth::Unseen(NomadError::Unreachable(away)) = found else { panic!("{found:?}") };
    assert_eq!(away.text, "no answer in time");
    assert!(away.cause.is_some());
    nomad.signal(rustix::process::Signal::CONT);
    assert!(matches!(until(&follow, |found| matches!(found, JobHealth::Passing(_))), JobHealth::Passing(_)));
}

#[test]
fn an_unreachable_or_denying_server_is_not_a_failed_job() {
    let port = crate::support::ports::free_port();
    let away =
        eos::nomad::DeploymentWatch::new(client(&format!("http://127.0.0.1:{port}")), job_name("x"), None);
    let found = servers::block(away.look());
    assert!(
        matches!(&found, JobHealth::Unseen(NomadError::Unreachable(why)) if why.text.contains("refused")),
        "{found:?}"
    );
    let Some(strict) = Server::nomad_with(&json!({ "acl": { "enabled": true } })) else { return };
    let denied = eos::nomad::DeploymentWatch::new(
        client(&format!("http://127.0.0.1:{}", strict.port)),
        job_name("x"),
        None,
    );
    let found = servers::block(denied.look());
    assert!(matches!(found, JobHealth::Unseen(NomadError::Denied(_))), "{found:?}");
}
