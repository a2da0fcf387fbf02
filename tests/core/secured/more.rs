//! The rights that only some environments need: those of volumes and of hooks.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::policies::{Policies, each_taken_away};

/// The policies of the page, with these rules for volumes.
fn with_volumes(volumes: &str) -> Policies {
    let mut policies = Policies::of_the_page();
    policies.nomad.push_str(volumes);
    policies
}

/// A group with this volume. A program of raw_exec does not mount it, but Nomad asks for the same rights.
fn volume(name: &str, kind: &str, source: &str) -> Value {
    let volume = json!({ "type": kind, "source": source });
    let csi = json!({ "access_mode": "single-node-writer", "attachment_mode": "file-system" });
    let mut volume = volume;
    if kind == "csi" {
        volume.as_object_mut().unwrap().extend(csi.as_object().unwrap().clone());
    }
    json!({ "job": { "group": { name: { "volume": { "store": volume } } } } })
}

/// The doctor misses no right.
fn has_all_rights(bench: &Bench) {
    let doctor = bench.doctor();
    let checks = doctor["checks"].as_array().unwrap();
    let rights: Vec<_> = checks.iter().filter(|check| check["name"] == "rights").collect();
    assert!(rights.len() > 1 && rights.iter().all(|check| check["status"] == "ok"), "{doctor:#}");
}

#[test]
fn a_token_without_the_right_to_mount_a_volume_is_refused_before_anything_changes() {
    let Some(mut bench) = Bench::new("shelved") else { return };
    let rules = Policies::of_the_page().volumes;
    let said = |right: &str| match right {
        "mount-readwrite shelf" => ("host", "mount-readwrite the host volume shelf"),
        "csi-mount-volume default" => ("csi", "csi-mount-volume in namespace default"),
        "plugin" => ("csi", "read CSI plugins"),
        other => panic!("{other}"),
    };
    let each = each_taken_away(&rules);
    assert_eq!(each.len(), 3, "{each:?}");
    for (number, (right, rest)) in each.into_iter().enumerate() {
        let (kind, expected) = said(&right);
        bench.serves(volume("shelved", kind, "shelf"));
        bench.allowed(&with_volumes(&rest), &format!("without-{number}"));
        let report = bench.orchestrate();
        let error = &bench.of(&report)["error"];
        assert_eq!((&error["code"], bench.job()), (&json!("nomad_denied"), None), "{right}: {report:#}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(expected) && message.contains("nothing was changed"), "{message}");

        // The doctor knows the volumes that the keys of the service name.
        let store = json!({ "store": { "type": kind, "source": "shelf", "path": "/data" } });
        let mounted = json!({ "driver": "mock_driver", "config": { "run_for": "1h" }, "command": null, "args": null, "volumes": store });
        bench.serves(mounted);
        let doctor = bench.doctor().to_string();
        assert!(doctor.contains(expected), "{right}: {doctor}");
    }

    bench.allowed(&with_volumes(&rules), "whole");
    has_all_rights(&bench);
    // Nobody has registered a CSI volume of this name: that is all that is missing.
    bench.serves(volume("shelved", "csi", "shelf"));
    let report = bench.orchestrate();
    assert_eq!(bench.of(&report)["error"]["code"], "nomad_unplaceable", "{report:#}");
    bench.serves(volume("shelved", "host", "shelf"));
    bench.ends("applied");
    bench.destroy();
}

#[test]
fn a_hook_that_consul_denies_is_told_with_the_right_that_it_needs() {
    let Some(mut bench) = Bench::new("hooked") else { return };
    bench.serves(json!({ "hooks": [
        { "consul_kv": { "on_failure": "fail" } },
        { "consul_service": { "name": "web", "address": "127.0.0.1", "port": 8080, "on_failure": "fail" } },
    ] }));
    let rules = Policies::of_the_page().hooks;
    let each = each_taken_away(&rules);
    assert_eq!(each.len(), 3, "{each:?}");
    for (number, (right, rest)) in each.into_iter().enumerate() {
        let mut policies = Policies::of_the_page();
        policies.gates.push_str(&rest);
        bench.allowed(&policies, &format!("without-{number}"));
        let report = bench.orchestrate();
        let component = bench.of(&report);
        assert_eq!(component["reason"], "hook_failed", "{right}: {report:#}");
        let message = component["error"]["message"].as_str().unwrap();
        let resource = right.split('_').next().unwrap();
        assert!(message.contains("denies access") && message.contains(resource), "{right}: {message}");
    }
    let mut policies = Policies::of_the_page();
    policies.gates.push_str(&rules);
    bench.allowed(&policies, "whole");
    has_all_rights(&bench);
    bench.ends("unchanged");
    let consul = &bench.servers.consul;
    assert!(consul.get("/v1/kv/terraform/staging/nomad-hooked/metadata").is_some());
    assert_eq!(consul.get("/v1/catalog/service/web").unwrap()[0]["Node"], "eos-staging-nomad-hooked");
    bench.destroy();
    assert_eq!(bench.servers.consul.get("/v1/catalog/service/web").unwrap(), json!([]));
}
