//! The diagnosis of a job that does not run.

use serde_json::json;

use super::servers::{Job, block, client_with, ending, eventually, job_name, pair};
use crate::support::server::Server;

#[test]
fn a_task_that_ends_is_reported_with_its_exit_code_and_last_output() {
    let Some(pair) = pair() else { return };
    let job =
        Job::new("speaks").script("i=0; while [ $i -lt 70 ]; do echo line $i >&2; i=$((i+1)); done; exit 7");
    let index = pair.register(&job.text());
    let follow = pair.follow("speaks", index);
    ending(&follow);
    let found = block(follow.diagnose());
    let task = &found.details["allocations"][0]["tasks"]["web"];
    let terminated =
        task["events"].as_array().unwrap().iter().find(|event| event["type"] == "Terminated").unwrap();
    assert_eq!((&terminated["exit_code"], &terminated["oom_killed"]), (&json!(7), &json!(false)), "{task:#}");
    assert!(task["events"].as_array().unwrap().len() <= 10);
    let stderr = task["stderr"].as_array().unwrap();
    assert_eq!((stderr.len(), &stderr[49]), (50, &json!("line 69")), "{stderr:?}");
    assert_eq!(found.details["deployment"]["status"], "failed");
    assert_eq!(found.details["groups"]["web"]["unhealthy"], 1, "{:#}", found.details);
    let text = found.lines.join("\n");
    assert!(text.contains("failed: task web: Exit Code: 7") && text.contains("web | line 69"), "{text}");
}

#[test]
fn a_task_that_cannot_start_is_reported_with_the_cause() {
    let Some(pair) = pair() else { return };
    let job = Job {
        driver: "raw_exec",
        config: "command = \"/does/not/exist\"".to_owned(),
        ..Job::new("unstarted")
    };
    let index = pair.register(&job.text());
    let follow = pair.follow("unstarted", index);
    ending(&follow);
    let found = block(follow.diagnose());
    let text = found.lines.join("\n");
    assert!(text.contains("/does/not/exist"), "{text}");
    let notes = found.details["notes"].to_string();
    assert!(notes.contains("task web of") && notes.contains("has not started"), "{notes}");
}

#[test]
fn a_config_that_nomad_cannot_read_is_reported_in_nomads_words() {
    let Some(pair) = pair() else { return };
    let config = "command = \"/bin/echo\"\n args = [\"code=%%{http_code}\"]".to_owned();
    let index = pair.register(&Job { driver: "raw_exec", config, ..Job::new("unreadable") }.text());
    let follow = pair.follow("unreadable", index);
    ending(&follow);
    let text = block(follow.diagnose()).lines.join("\n");
    assert!(text.contains("failed to parse config: ") && text.contains("http_code"), "{text}");
}

#[test]
fn a_job_without_a_node_is_reported_with_the_missing_resources() {
    let Some(pair) = pair() else { return };
    let index = pair.register(&Job { driver: "missing_driver", ..Job::new("placeless") }.text());
    let follow = pair.follow("placeless", index);
    eventually("an evaluation that is blocked", || {
        let all = pair.nomad.get("/v1/job/placeless/evaluations").unwrap();
        all.as_array().unwrap().iter().any(|one| one["Status"] == "blocked")
    });
    let found = block(follow.diagnose());
    let expected = "web has no node to run on: constraint \"missing drivers\" excludes 1 node";
    assert_eq!(found.lines, [expected]);
    assert!(found.details["unplaced"]["web"].as_str().unwrap().contains("missing drivers"));
}

#[test]
fn a_failing_check_is_reported_with_its_output() {
    let Some(pair) = pair() else { return };
    let web = crate::support::web::Web::always(503);
    let group = format!(
        "network {{\n port \"http\" {{\n static = {}\n }}\n }}\n service {{\n name = \"ill\"\n port = \"http\"\n provider = \"nomad\"\n check {{\n name = \"up\"\n type = \"http\"\n path = \"/\"\n interval = \"1s\"\n timeout = \"1s\"\n }}\n }}",
        web.port
    );
    let index = pair.register(&Job { group, ..Job::new("ill") }.text());
    let follow = pair.follow("ill", index);
    eventually("the check was asked", || !web.asked().is_empty());
    eventually("the check failed", || {
        let found = block(follow.diagnose());
        found.lines.iter().any(|line| line.starts_with("check up of service ill is failing"))
    });
    let found = block(follow.diagnose());
    assert_eq!(found.details["allocations"][0]["checks"][0]["status"], "failure", "{:#}", found.details);
}

#[test]
fn sources_that_the_token_may_not_read_are_notes() {
    let Some(nomad) = Server::nomad_with(&json!({ "acl": { "enabled": true } })) else { return };
    let address = format!("http://127.0.0.1:{}", nomad.port);
    let root = client_with(&address, Some(&nomad.management_token()));
    let rules = "namespace \"default\" {\n capabilities = [\"read-job\"]\n}";
    let job = Job::new("shy").script("echo hunter2 >&2; exit 7");
    let token = block(async {
        let policy = json!({ "Name": "reader", "Rules": rules });
        // Nomad's answer has no body. That does not matter here.
        let _ = root.put::<serde_json::Value>(&["acl", "policy", "reader"], &[], &policy).await;
        let asked = json!({ "Name": "reader", "Type": "client", "Policies": ["reader"] });
        let token: serde_json::Value = root.put(&["acl", "token"], &[], &asked).await.unwrap();
        let job = root.parse(&job.text(), "").await.unwrap();
        root.put::<serde_json::Value>(&["jobs"], &[], &json!({ "Job": job })).await.unwrap();
        token["SecretID"].as_str().unwrap().to_owned()
    });
    let follow = eos::nomad::DeploymentWatch::new(client_with(&address, Some(&token)), job_name("shy"), None);
    ending(&follow);
    let found = block(follow.diagnose());
    let notes = found.details["notes"].to_string();
    assert!(notes.contains("cannot be read with this token"), "{notes}");
    assert!(found.lines.join("\n").contains("Exit Code: 7"), "{:?}", found.lines);
    assert!(!found.details.to_string().contains(&token));
}
