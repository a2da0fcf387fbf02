//! Nothing is changed if Nomad does not answer, denies the request, refuses a name, or runs another owner's job.

use eos::model::{NomadServer, RETRY_FOR, Tls};
use eos::nomad::NomadClient;
use serde_json::{Value, json};

use crate::support::pair::pair;
use crate::support::ports::free_port;
use crate::support::server::Server;
use crate::support::world::World;
use crate::support::{Site, statuses};

/// A site with a service that uses the mock driver.
fn site(world: &World, address: &str, name: &str) -> Site {
    let mut site = Site::new();
    site.infrastructure["settings"]["terraform"] = json!({ "cli_config_file": world.cli_config() });
    site.infrastructure["settings"]["nomad"] = json!({ "address": address });
    site.infrastructure["services"][name] = json!({
        "driver": "mock_driver", "config": { "run_for": "1h" }, "replicas": 1, "cpu": 20, "memory": 20,
        "update": { "min_healthy_time": "100ms" },
    });
    site
}

fn address(nomad: &Server) -> String {
    format!("http://127.0.0.1:{}", nomad.port)
}

/// Checks that a run fails with this code and these words, and leaves no state.
fn refused(site: &Site, name: &str, code: &str, words: &[&str]) {
    let report = site.run("orchestrate", json!({}));
    let error = &report["components"][format!("nomad-{name}")]["error"];
    assert_eq!((&error["code"], &error["phase"]), (&json!(code), &json!("planning")), "{report:#}");
    let message = error["message"].as_str().unwrap();
    for word in words.iter().chain(&["nothing was changed"]) {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(!error["remedy"].as_str().unwrap().is_empty());
    assert!(!site.folder.path().join(format!("root/staging/nomad-{name}/terraform.tfstate")).exists());
}

#[test]
fn an_unreachable_nomad_is_named_before_anything_changes() {
    let Some(world) = World::new() else { return };
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    refused(&site(&world, &address, "web"), "web", "nomad_unreachable", &[&address, "Connection refused"]);
}

/// Runs a future to its end.
fn asked<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Makes a token with these capabilities.
async fn token(root: &NomadClient, name: &str, capabilities: &[&str]) -> String {
    let rules = json!({ "namespace": { "default": { "capabilities": capabilities } } }).to_string();
    let policy = json!({ "Name": name, "Rules": rules });
    // Nomad's answer has no body. That does not matter here.
    let _ = root.put::<Value>(&["acl", "policy", name], &[], &policy).await;
    let wanted = json!({ "Name": name, "Type": "client", "Policies": [name] });
    let made: Value = root.put(&["acl", "token"], &[], &wanted).await.unwrap();
    made["SecretID"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_without_submit_permission_is_refused_before_anything_changes() {
    let Some(world) = World::new() else { return };
    let Some(nomad) = Server::nomad_with(&json!({ "acl": { "enabled": true } })) else { return };
    let mut site = site(&world, &address(&nomad), "web");
    refused(&site, "web", "nomad_denied", &[&address(&nomad), "Permission denied"]);

    let adopted = site.run("adopt_job", json!({ "jobs": "web" }));
    assert_eq!(adopted["components"]["nomad-web"]["reason"], "nomad_denied", "{adopted:#}");

    let server = NomadServer {
        address: address(&nomad),
        token: None,
        region: None,
        namespace: "default".to_owned(),
        secrets: Default::default(),
        tls: Tls::default(),
        retry_for: RETRY_FOR,
    };
    let root = NomadClient::open(&server, Some(nomad.management_token().into())).unwrap();
    let looks = ["list-jobs", "read-job", "parse-job"];
    let works = [&looks[..], &["submit-job", "read-logs"]].concat();
    let file = site.folder.path().join("token");
    site.infrastructure["settings"]["nomad"]["token"] = json!(format!("file:{}", file.display()));
    let reader = asked(token(&root, "reader", &looks));
    std::fs::write(&file, &reader).unwrap();
    refused(&site, "web", "nomad_denied", &[&address(&nomad), "Permission denied"]);
    assert_eq!(asked(root.get::<Value>(&["jobs"], &[])), Ok(json!([])));
    std::fs::write(&file, asked(token(&root, "writer", &works))).unwrap();
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-web"], "applied", "{report:#}");

    // The same token may not see the nodes. That does not mean that Nomad is down.
    let layer = || site.run("status", json!({ "layers": true }))["layers"]["nomad"].clone();
    let blind = layer();
    assert_eq!(
        (&blind["status"], &blind["faults"][0]["code"]),
        (&json!("unknown"), &json!("nomad_denied")),
        "{blind:#}"
    );
    let cluster = &blind["facts"]["clusters"][0];
    assert!(cluster["leader"].as_str().is_some_and(|leader| !leader.is_empty()), "{blind:#}");
    assert_eq!(
        (&cluster["token"]["policies"], &cluster["token"]["ttl"]),
        (&json!(["writer"]), &json!(null)),
        "{blind:#}"
    );
    // With a token that Nomad does not know, every run fails.
    std::fs::write(&file, "00000000-dead-4000-8000-00000000000a").unwrap();
    let unknown = layer();
    assert_eq!(
        (&unknown["status"], &unknown["faults"][0]["code"]),
        (&json!("unhealthy"), &json!("nomad_denied")),
        "{unknown:#}"
    );
    assert_eq!(unknown["faults"].as_array().unwrap().len(), 1, "{unknown:#}");
}

#[test]
fn names_that_nomad_refuses_are_refused_before_anything_changes() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = site(&world, &pair.address(), "misnamed");
    site.infrastructure["services"]["misnamed"]["namespace"] = json!("nowhere");
    refused(&site, "misnamed", "nomad_invalid", &["nowhere"]);
    let template = site.folder.path().join("web.nomad.tpl");
    let job =
        "job \"a b\" {\n  group \"g\" {\n    task \"t\" {\n      driver = \"mock_driver\"\n    }\n  }\n}\n";
    std::fs::write(&template, job).unwrap();
    site.infrastructure["services"]["misnamed"] = json!({ "template": template });
    refused(&site, "misnamed", "nomad_invalid", &["space"]);
    let jobs = pair.nomad.get("/v1/jobs").unwrap();
    let ids: Vec<_> = jobs.as_array().unwrap().iter().map(|job| &job["ID"]).collect();
    assert!(ids.iter().all(|id| *id != "misnamed" && *id != "a b"), "{ids:?}");
}

#[test]
fn a_service_with_the_name_of_a_foreign_job_does_not_change_that_job() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let (nomad, site) = (&pair.nomad, site(&world, &pair.address(), "anothers"));
    let theirs = "job \"anothers\" {\n  group \"theirs\" {\n    task \"t\" {\n      driver = \"mock_driver\"\n      config {\n        run_for = \"2h\"\n      }\n    }\n  }\n}\n";
    let job = super::parsed(nomad, theirs);
    assert_eq!(nomad.call("PUT", "/v1/jobs", &json!({ "Job": job }).to_string()).0, 200);
    let index = || nomad.get("/v1/job/anothers").unwrap()["JobModifyIndex"].clone();
    let before = index();
    refused(&site, "anothers", "nomad_job_foreign", &["anothers", "namespace default"]);
    assert_eq!(index(), before);
}

#[test]
fn a_service_that_becomes_another_kind_of_job_is_refused_before_the_apply_with_the_way_there() {
    let (Some(pair), Some(world)) = (pair(), World::new()) else { return };
    let mut site = site(&world, &pair.address(), "turned");
    let keys = site.infrastructure["services"]["turned"].as_object_mut().unwrap();
    keys.remove("update");
    keys.insert("type".to_owned(), json!("batch"));
    keys.insert("config".to_owned(), json!({ "run_for": "10ms" }));
    let report = site.run("orchestrate", json!({}));
    assert_eq!(statuses(&report)["nomad-turned"], "applied", "{report:#}");
    site.infrastructure["services"]["turned"]["type"] = json!("service");
    for test in [true, false] {
        let report = site.run("orchestrate", json!({ "test": test }));
        let error = &report["components"]["nomad-turned"]["error"];
        assert_eq!(
            (&error["code"], &error["phase"]),
            (&json!("nomad_invalid"), &json!("planning")),
            "{report:#}"
        );
        let message = error["message"].as_str().unwrap();
        for part in ["turned in namespace default as a batch job", "a service job", "nothing was changed"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(error["remedy"].as_str().unwrap().contains("components=nomad-turned"), "{error:#}");
    }
    let destroyed = site.run("destroy", json!({ "components": ["nomad-turned"], "confirm": "staging" }));
    assert_eq!(statuses(&destroyed)["nomad-turned"], "destroyed", "{destroyed:#}");
    let report = site.run("orchestrate", json!({ "test": true }));
    assert_eq!(statuses(&report)["nomad-turned"], "planned", "{report:#}");
}
