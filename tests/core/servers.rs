//! The servers that other tests use answer requests, and leave nothing behind.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::again;
use crate::support::server::Server;

#[test]
fn consul_knows_its_own_node() {
    let Some(consul) = Server::consul() else { return };
    let own = consul.get("/v1/agent/self").unwrap();
    assert_eq!(own["Config"]["NodeName"], consul.get("/v1/catalog/nodes").unwrap()[0]["Node"]);
}

#[test]
fn nomad_has_drivers_that_run_and_that_fail_on_request() {
    let Some(nomad) = Server::nomad() else { return };
    let node = nomad.get("/v1/nodes").unwrap()[0]["ID"].as_str().unwrap().to_owned();
    let node = nomad.get(&format!("/v1/node/{node}")).unwrap();
    for driver in ["raw_exec", "mock_driver"] {
        assert_eq!(node["Drivers"][driver]["Healthy"], true, "{driver}");
    }
}

#[test]
fn vault_is_unsealed_and_stores_versions_of_secrets() {
    let Some(vault) = Server::vault() else { return };
    assert_eq!(vault.get("/v1/sys/seal-status").unwrap()["sealed"], false);
    assert_eq!(vault.get("/v1/sys/mounts/secret").unwrap()["data"]["options"]["version"], "2");
}

#[test]
fn a_server_ends_with_its_test() {
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
fn a_server_ends_when_the_process_that_started_it_is_killed() {
    let mut starter =
        again(started_by_another_process).arg("--nocapture").stdout(Stdio::piped()).spawn().unwrap();
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
