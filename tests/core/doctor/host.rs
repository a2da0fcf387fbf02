//! This host: terraform, the disk, the clock, and Salt's configuration.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use eos::host::Host;
use serde_json::{Value, json};

use super::{doctor, found, report, tree, with_code};
use crate::support::Site;
use crate::support::disk::Disk;
use crate::support::http_backend::HttpBackend;
use crate::support::script::executable;
use crate::support::without_salt;

/// A host whose Salt is configured as the test says.
struct Configured(Value);

impl Host for Configured {
    without_salt!();

    fn emit(&self, _: &str, _: &Value) {}
    fn log(&self, _: tracing::Level, _: &str) {}
    fn configuration(&self) -> Value {
        self.0.clone()
    }
}

#[test]
fn each_way_in_which_the_program_is_wrong_has_its_code() {
    let mut site = Site::with_net();
    let program = site.folder.path().join("terraform");
    for (script, code) in [
        (
            "#!/bin/sh\necho '{\"terraform_version\": \"1.3.0\", \"terraform_outdated\": true}'\n",
            "terraform_version",
        ),
        ("#!/bin/sh\necho hello\n", "terraform_garbage"),
        ("not a program", "terraform_not_started"),
    ] {
        executable(&program, script);
        site.infrastructure["settings"]["terraform"] = json!({ "binary": program });
        let report = doctor(&site);
        assert_eq!(found(&report, &["program"]), [format!("terraform program wrong {code}")], "{report:#}");
        assert_eq!(found(&report, &["disk"]), ["host disk ok -"]);
    }
    site.infrastructure["settings"]["terraform"] = json!({ "binary": "/nonexistent/terraform" });
    assert_eq!(found(&doctor(&site), &["program"]), ["terraform program wrong terraform_missing"]);
}

#[test]
fn a_full_disk_and_a_read_only_disk_are_wrong_and_nothing_is_written_to_them() {
    let site = Site::with_net();
    let root = site.folder.path().join("root");
    let Some(disk) = Disk::mount(&root) else { return };
    disk.leave(2);
    let before = tree(&root);
    let full = doctor(&site);
    let check = with_code(&full, "disk_full");
    assert_eq!((&check["group"], &check["status"]), (&json!("host"), &json!("wrong")), "{check:#}");
    assert!(check["message"].as_str().unwrap().contains("has 0 MiB of 16 MiB free"), "{check:#}");
    assert_eq!(tree(&root), before);
    disk.clear();
    disk.read_only(true);
    let read_only = doctor(&site);
    assert_eq!(found(&read_only, &["root"]), ["host root wrong read_only"], "{read_only:#}");
}

#[test]
fn a_server_with_another_time_shows_that_the_clock_is_wrong() {
    // It answers every request as a Consul that has a leader, with a date of the past.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nDate: Fri, 06 Nov 2020 08:49:37 GMT\r\nContent-Length: 16\r\n\
                  Connection: close\r\n\r\n\"127.0.0.1:8300\"",
            );
        }
    });
    let mut site = Site::with_net();
    site.infrastructure["settings"]["consul"] = json!({ "address": address });
    site.infrastructure["components"]["net"]["health"] = json!([{ "consul": { "service": "web" } }]);
    let report = doctor(&site);
    let check = with_code(&report, "clock_wrong");
    assert_eq!((&check["group"], &check["status"]), (&json!("host"), &json!("wrong")), "{check:#}");
    assert!(check["message"].as_str().unwrap().ends_with("ahead of the clock of consul"), "{check:#}");
}

#[test]
fn dead_servers_of_many_environments_take_one_time_limit() {
    // They accept connections, and say nothing.
    let silent = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [nomad, vault] = [0, 1].map(|at: usize| format!("http://{}", silent[at].local_addr().unwrap()));
    let mut site = Site::with_net();
    site.infrastructure["settings"]["vault"] =
        json!({ "address": vault, "auth": { "method": "token", "token": "env:PATH" } });
    site.infrastructure["settings"]["nomad"] = json!({ "address": nomad });
    site.infrastructure["components"]["net"]["health"] = json!([{ "nomad": { "job": "web" } }]);
    for number in 0..8 {
        site.infrastructure["environments"][format!("tenant{number}")] = json!({});
    }
    let began = Instant::now();
    let report = doctor(&site);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(with_code(&report, "nomad_unreachable")["status"], "wrong");
    assert_eq!(with_code(&report, "vault_unreachable")["status"], "wrong");
}

#[test]
fn a_file_lock_is_told_where_a_remote_backend_or_a_second_master_makes_it_unsafe() {
    let server = HttpBackend::new();
    let mut site = Site::with_net();
    site.infrastructure["settings"]["backend"] = json!({ "type": "http", "address": server.url() });
    let remote = doctor(&site);
    let check = with_code(&remote, "lock_not_shared");
    assert_eq!(check["status"], "warning", "{check:#}");
    assert!(check["message"].as_str().unwrap().contains("in the backend http"), "{check:#}");

    let told = json!({ "masters": ["m1", "m2"], "masters_in": "the option master of /etc/salt/minion" });
    let two = report(&site, &Configured(told), Some("staging"));
    let check = with_code(&two, "lock_not_shared");
    assert_eq!(check["status"], "wrong", "{check:#}");
    let message = check["message"].as_str().unwrap();
    assert!(message.contains("/etc/salt/minion names 2 masters (m1, m2)"), "{message}");
}

#[test]
fn salts_configuration_is_judged_and_an_unreadable_one_is_not_known() {
    let told = json!({
        "package": "0.0.1", "named": 1,
        "unknown": [{ "function": "infrastructure.sync", "place": "the job drift of the schedule" }],
    });
    let found_in_both = |report: &Value| found(report, &["eos", "schedules"]);
    let report_of = |told: Value| report(&Site::with_net(), &Configured(told), None);
    assert_eq!(
        found_in_both(&report_of(told)),
        ["salt eos wrong versions_differ", "salt schedules wrong no_such_function"]
    );
    assert_eq!(found_in_both(&report_of(Value::Null)), ["salt eos unknown -"]);
}
