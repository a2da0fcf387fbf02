//! Services on several nodes, while nodes and servers go away, and in two regions. `make matrix-services` runs those
//! that take long.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::server::{Cluster, Regions, Server};
use crate::support::world::World;

/// A site with the service `web`. It is healthy when the file exists that its argument names.
struct Scene {
    site: Site,
    _world: World,
}

/// A web server that answers 200 for a file that exists.
const SERVES: [&str; 4] = ["-m", "http.server", "--bind", "127.0.0.1"];

impl Scene {
    fn new(server: &Server) -> Option<Self> {
        let world = World::new()?;
        let mut site = Site::new();
        let settings = &mut site.infrastructure["settings"];
        settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
        settings["nomad"] = json!({ "address": format!("http://127.0.0.1:{}", server.port) });
        let mut scene = Self { site, _world: world };
        scene.serves("one", json!({}));
        scene.ready("one");
        Some(scene)
    }

    fn file(&self, version: &str) -> PathBuf {
        self.site.folder.path().join(version)
    }

    /// Makes this version healthy.
    fn ready(&self, version: &str) {
        std::fs::write(self.file(version), "").unwrap();
    }

    /// The service in this version, with more keys.
    fn serves(&mut self, version: &str, more: Value) {
        let mut args: Vec<_> = SERVES.iter().map(|one| json!(one)).collect();
        args.extend([json!("--directory"), json!(self.site.folder.path()), json!("${NOMAD_PORT_http}")]);
        let mut service = json!({
            "command": "python3", "args": args, "ports": { "http": {} }, "provider": "nomad", "replicas": 2,
            "check": { "type": "http", "path": format!("/{version}"), "interval": "1s", "timeout": "1s" },
            "cpu": 20, "memory": 32, "shutdown_delay": "0s", "env": { "VERSION": version },
            "spread": [{ "attribute": "${node.unique.name}" }],
            "update": { "max_parallel": 2, "min_healthy_time": "1s", "healthy_deadline": "60s", "progress_deadline": "90s" },
        });
        for (key, value) in more.as_object().unwrap() {
            service[key] = value.clone();
        }
        self.site.infrastructure["services"]["web"] = service;
    }

    fn run(&self, operation: &str) -> Value {
        let arguments = if operation == "destroy" { json!({ "confirm": "staging" }) } else { json!({}) };
        self.site.run(operation, arguments)
    }

    /// Runs, and checks that the run succeeded and that the service has this status.
    fn ends(&self, operation: &str, status: &str) -> Value {
        let report = self.run(operation);
        let web = &report["components"]["nomad-web"];
        assert!(report["result"] == true && web["status"] == status, "{operation} {status}: {report:#}");
        report
    }
}

/// Node of each allocation that runs and shall run, sorted.
fn running(server: &Server) -> Vec<String> {
    let all = server.get("/v1/job/web/allocations").unwrap_or_default();
    let is = |one: &&Value| one["ClientStatus"] == "running" && one["DesiredStatus"] == "run";
    let mut nodes: Vec<_> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter(is)
        .map(|one| one["NodeName"].as_str().unwrap().to_owned())
        .collect();
    nodes.sort();
    nodes
}

fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !fact() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn deployment(server: &Server) -> Value {
    server.get("/v1/job/web/deployment").unwrap_or_default()
}

/// Whether the deployment of this version of the job is under way, with both tasks started and none healthy.
fn is_amid(server: &Server, version: u64) -> bool {
    let found = deployment(server);
    let group = &found["TaskGroups"]["web"];
    found["JobVersion"] == version
        && found["Status"] == "running"
        && group["PlacedAllocs"] == 2
        && group["HealthyAllocs"] == 0
        && running(server).len() == 2
}

#[test]
#[ignore = "takes half a minute: make matrix-services"]
fn two_nodes_share_a_service_and_a_drained_node_is_neither_a_change_nor_drift() {
    let Some(cluster) = Cluster::new() else { return };
    let (_one, _two) = (cluster.client("one"), cluster.client("two"));
    let Some(scene) = Scene::new(&cluster.server) else { return };
    scene.ends("orchestrate", "applied");
    assert_eq!(running(&cluster.server), ["one", "two"]);
    let id = cluster.node("two")["ID"].as_str().unwrap().to_owned();
    let drain = |spec: Value, eligible: bool| {
        let asked = json!({ "DrainSpec": spec, "MarkEligible": eligible }).to_string();
        assert_eq!(cluster.server.call("POST", &format!("/v1/node/{id}/drain"), &asked).0, 200);
    };
    drain(json!({ "Deadline": 60_000_000_000_u64 }), false);
    until("both run on one node", || running(&cluster.server) == ["one", "one"]);
    let report = scene.ends("orchestrate", "unchanged");
    assert_eq!(report["retcode"], 0, "{report:#}");
    scene.ends("drift", "unchanged");
    let layers = scene.site.run("health", json!({ "layers": true }));
    assert_eq!(layers["result"], true, "{layers:#}");
    let nodes = &layers["layers"]["nomad"]["facts"]["clusters"][0]["datacenters"]["dc1"];
    assert_eq!((&nodes["ready"], &nodes["ineligible"]), (&json!(1), &json!(1)), "{layers:#}");
    drain(Value::Null, true);
    scene.ends("orchestrate", "unchanged");
    scene.ends("destroy", "destroyed");
}

#[test]
#[ignore = "takes half a minute: make matrix-services"]
fn a_node_that_is_lost_in_the_middle_of_a_deployment_does_not_fail_it() {
    let Some(cluster) = Cluster::new() else { return };
    let (_one, mut two) = (cluster.client("one"), cluster.client("two"));
    let Some(mut scene) = Scene::new(&cluster.server) else { return };
    scene.ends("orchestrate", "applied");
    scene.serves("two", json!({}));
    std::thread::scope(|threads| {
        let run = threads.spawn(|| scene.run("orchestrate"));
        until("the deployment is under way", || is_amid(&cluster.server, 1));
        two.kill();
        until("the node is down", || cluster.node("two")["Status"] == "down");
        until("both run on the other node", || running(&cluster.server) == ["one", "one"]);
        scene.ready("two");
        let report = run.join().unwrap();
        assert_eq!(report["components"]["nomad-web"]["status"], "applied", "{report:#}");
        assert_eq!(report["result"], true, "{report:#}");
    });
    assert_eq!(deployment(&cluster.server)["Status"], "successful");
    let doctor = scene.site.run("doctor", json!({}));
    assert!(doctor.to_string().contains("no answer from 1 node: two (dc1): down"), "{doctor:#}");
    scene.ends("orchestrate", "unchanged");
    scene.ends("drift", "unchanged");
    two.begin_again();
    until("the node is back", || cluster.node("two")["Status"] == "ready");
    scene.ends("orchestrate", "unchanged");
    scene.ends("destroy", "destroyed");
}

#[test]
#[ignore = "takes half a minute: make matrix-services"]
fn the_last_node_that_is_lost_for_good_fails_the_run() {
    let Some(cluster) = Cluster::new() else { return };
    let one = cluster.client("one");
    let Some(mut scene) = Scene::new(&cluster.server) else { return };
    scene.ends("orchestrate", "applied");
    let update = json!({ "max_parallel": 2, "min_healthy_time": "1s", "healthy_deadline": "8s", "progress_deadline": "10s" });
    scene.serves("two", json!({ "update": update }));
    std::thread::scope(|threads| {
        let run = threads.spawn(|| scene.run("orchestrate"));
        until("the deployment is under way", || is_amid(&cluster.server, 1));
        one.signal(Signal::KILL);
        let report = run.join().unwrap();
        assert_eq!(report["result"], false, "{report:#}");
    });
}

#[test]
#[ignore = "takes half a minute: make matrix-services"]
fn a_server_that_restarts_in_the_middle_of_a_deployment_does_not_fail_it() {
    let Some(mut cluster) = Cluster::new() else { return };
    let (_one, _two) = (cluster.client("one"), cluster.client("two"));
    let Some(mut scene) = Scene::new(&cluster.server) else { return };
    scene.ends("orchestrate", "applied");
    scene.serves("two", json!({}));
    std::thread::scope(|threads| {
        let run = threads.spawn(|| scene.run("orchestrate"));
        until("the deployment is under way", || is_amid(&cluster.server, 1));
        cluster.server.restart();
        scene.ready("two");
        let report = run.join().unwrap();
        assert_eq!(report["components"]["nomad-web"]["status"], "applied", "{report:#}");
    });
    assert_eq!(deployment(&cluster.server)["Status"], "successful");
    assert_eq!(running(&cluster.server).len(), 2);
    scene.ends("orchestrate", "unchanged");
    scene.ends("drift", "unchanged");
    scene.ends("destroy", "destroyed");
}

#[test]
fn a_service_lives_in_the_region_that_it_names() {
    let Some(regions) = Regions::new() else { return };
    let Some(mut scene) = Scene::new(&regions.global) else { return };
    let there = |version: &str, scene: &mut Scene| {
        scene.serves(version, json!({ "region": "west", "replicas": 1 }));
        scene.ready(version);
    };
    there("one", &mut scene);
    scene.ends("orchestrate", "applied");
    let job = |region: &str| regions.global.get(&format!("/v1/job/web?region={region}"));
    assert_eq!((job("global").is_some(), job("west").is_some()), (false, true));
    scene.ends("orchestrate", "unchanged");
    there("two", &mut scene);
    scene.ends("orchestrate", "applied");
    scene.ends("drift", "unchanged");
    let scale = json!({ "Count": 2, "Target": { "Group": "web" } }).to_string();
    assert_eq!(regions.west.call("POST", "/v1/job/web/scale", &scale).0, 200);
    scene.ends("drift", "drifted");
    let doctor = scene.site.run("doctor", json!({}));
    assert!(doctor["result"] == true && doctor.to_string().contains("region west"), "{doctor:#}");
    scene.ends("destroy", "destroyed");
    until("it is purged", || job("west").is_none());
    // A region that nobody knows.
    scene.serves("two", json!({ "region": "mars", "replicas": 1 }));
    let report = scene.run("orchestrate");
    let error = &report["components"]["nomad-web"]["error"];
    assert!(report["result"] == false && error.to_string().contains("region"), "{report:#}");
}
