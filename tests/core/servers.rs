//! The servers that other tests lean on answer, and leave nothing behind.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[path = "support/server.rs"]
mod server;

use server::Server;

#[test]
fn consul_knows_its_own_node() {
    let Some(consul) = Server::consul() else { return };
    let own = consul.get("/v1/agent/self").unwrap();
    assert_eq!(own["Config"]["NodeName"], consul.get("/v1/catalog/nodes").unwrap()[0]["Node"]);
}

#[test]
fn nomad_has_drivers_that_run_and_that_fail_as_they_are_asked_to() {
    let Some(nomad) = Server::nomad() else { return };
    let node = nomad.get("/v1/nodes").unwrap()[0]["ID"].as_str().unwrap().to_owned();
    let node = nomad.get(&format!("/v1/node/{node}")).unwrap();
    for driver in ["raw_exec", "mock_driver"] {
        assert_eq!(node["Drivers"][driver]["Healthy"], true, "{driver}");
    }
}

#[test]
fn vault_is_unsealed_and_keeps_secrets_in_versions() {
    let Some(vault) = Server::vault() else { return };
    assert_eq!(vault.get("/v1/sys/seal-status").unwrap()["sealed"], false);
    assert_eq!(vault.get("/v1/sys/mounts/secret").unwrap()["data"]["options"]["version"], "2");
}

#[test]
fn a_server_is_gone_when_its_test_is() {
    let Some(consul) = Server::consul() else { return };
    let port = consul.port;
    drop(consul);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
#[ignore = "the other half of the test below"]
fn started_by_another_process() {
    if let Some(consul) = Server::consul() {
        println!("\nport {}", consul.port);
        std::thread::sleep(Duration::from_secs(300));
    }
    println!("\nport none");
}

#[test]
fn a_server_is_gone_when_the_process_that_started_it_was_killed() {
    let mut starter = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "started_by_another_process", "--nocapture", "--ignored"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(starter.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.strip_prefix("port ").map(str::to_owned)).unwrap();
    starter.kill().unwrap();
    starter.wait().unwrap();
    let Ok(port) = port.parse::<u16>() else { return };
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < deadline, "the server on port {port} still listens");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is to be read from it after it was killed and has begun again.
fn outlives(server: Option<Server>, write: (&str, &str, &str), read: &str, part: &str) {
    let Some(mut server) = server else { return };
    let (method, path, body) = write;
    let (status, said) = server.call(method, path, body);
    assert!(matches!(status, 200 | 204), "{path}: {status} {said}");
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
    server.begin_again();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !server.get(read).is_some_and(|found| found.to_string().contains(part)) {
        assert!(Instant::now() < deadline, "{read}: never {part}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_consul_on_disk_that_was_killed_has_its_keys_when_it_begins_again() {
    outlives(Server::consul_on_disk(), ("PUT", "/v1/kv/key", "kept"), "/v1/kv/key", "a2VwdA==");
}

#[test]
fn a_nomad_on_disk_that_was_killed_runs_its_jobs_when_it_begins_again() {
    let task = r#"{ "Name": "task", "Driver": "mock_driver", "Config": { "run_for": "1h" } }"#;
    let job = format!(
        r#"{{ "Job": {{ "ID": "job", "Name": "job", "Type": "service", "Datacenters": ["*"],
        "TaskGroups": [{{ "Name": "group", "Count": 1, "Tasks": [{task}] }}] }} }}"#
    );
    let running = "\"ClientStatus\":\"running\"";
    outlives(Server::nomad_on_disk(None), ("PUT", "/v1/jobs", &job), "/v1/job/job/allocations", running);
}

#[test]
fn a_vault_on_disk_that_was_killed_has_its_secrets_when_it_begins_again() {
    let write = ("POST", "/v1/secret/data/path", r#"{ "data": { "key": "kept" } }"#);
    outlives(Server::vault_on_disk(), write, "/v1/secret/data/path", "kept");
}
