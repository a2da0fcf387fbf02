//! The exact texts of the jobs that services become, and Nomad's validation of each.

use std::path::Path;

use serde_json::{Value, json};

use super::{generate, parsed, refusals, site};
use crate::support::pair::{Pair, pair};

fn services() -> Vec<(&'static str, Value)> {
    vec![
        (
            "docker",
            json!({
                "image": "jenkins/jenkins:lts", "port": 8080, "health_path": "/login", "replicas": 2,
                "datacenter": "dc1", "env": { "JAVA_OPTS": "-Xmx512m", "QUOTES": "a \"b\" ${c}" },
                "data_path": { "source": "/opt/services/data/jenkins", "path": "/var/jenkins_home" },
                "tags": ["ci"], "config": { "labels": { "team": "ci" }, "force_pull": true },
                "restart": { "attempts": 3, "interval": "10m", "delay": "15s", "mode": "fail" }, "shutdown_delay": "1500ms",
                "constraints": [{ "attribute": "${attr.kernel.name}", "value": "linux" }],
            }),
        ),
        (
            "connect",
            json!({
                "image": "example/api:1", "port": 9090, "health_path": "/health",
                "connect": { "upstreams": [{ "name": "db", "port": 5432 }] },
            }),
        ),
        (
            "volumes",
            json!({
                "image": "postgres:16", "port": 5432, "check": { "type": "tcp", "interval": "5s" },
                "volumes": {
                    "data": { "source": "pg-data", "path": "/var/lib/postgresql/data" },
                    "seed": { "path": "/seed", "read_only": true },
                },
            }),
        ),
        (
            "csi",
            json!({
                "image": "postgres:16", "replicas": 1,
                "storage": "redundant", "data_path": { "path": "/var/lib/postgresql/data" },
                "volumes": {
                    "wal": {
                        "type": "csi", "path": "/wal", "per_alloc": true, "attachment_mode": "file-system",
                        "mount_options": { "fs_type": "ext4", "mount_flags": ["noatime"] },
                    },
                    "seed": { "type": "csi", "source": "pg-seed", "path": "/seed", "read_only": true },
                },
            }),
        ),
        (
            "ephemeral",
            json!({ "image": "redis:7", "storage": "ephemeral", "data_path": { "path": "/data" } }),
        ),
        ("persistent", json!({ "image": "grafana/grafana:11", "data_path": { "path": "/var/lib/grafana" } })),
        ("replicated", json!({ "image": "x", "storage": "redundant", "data_path": { "path": "/data" } })),
        (
            "canary",
            json!({
                "command": "/usr/bin/api", "args": ["--listen", "${NOMAD_ADDR_http}"], "ports": { "http": {} },
                "health_path": "/", "provider": "nomad",
                "update": {
                    "max_parallel": 2, "canary": 1, "auto_promote": false, "auto_revert": true,
                    "min_healthy_time": "500ms", "healthy_deadline": "2m", "progress_deadline": "5m",
                },
            }),
        ),
        (
            "ports",
            json!({
                "image": "example/bus:2", "port": "bus",
                "ports": { "bus": { "to": 5672, "static": 5672 }, "admin": 15672, "metrics": {} },
                "check": { "type": "tcp" },
            }),
        ),
        (
            "secrets",
            json!({
                "image": "example/api:1", "secrets": { "API_TOKEN": "env:API_TOKEN", "KEY": { "from": "file:/key" } },
            }),
        ),
        (
            "batch",
            json!({ "type": "batch", "image": "example/import:1", "config": { "args": ["--once"] }, "cpu": 50 }),
        ),
        (
            "raw-exec",
            json!({
                "command": "/usr/bin/python3", "args": ["-m", "http.server", "8000"], "port": 8000,
                "health_path": "/", "namespace": "default", "region": "global", "memory": 32,
                "shutdown_delay": "0s",
            }),
        ),
    ]
}

#[test]
fn a_service_becomes_exactly_this_job_and_nomad_accepts_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/service/golden");
    let all = services().into_iter().map(|(name, service)| (name.to_owned(), service)).collect();
    let site = site(Value::Object(all));
    let pair = pair();
    for (name, _) in services() {
        let report = generate(&site, name);
        let job = report["job"].as_str().unwrap();
        let golden = folder.join(format!("{name}.nomad.hcl"));
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&golden, job).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(job, expected, "{name}; `GOLDEN=1` writes what is made today");
        if let Some(Pair { nomad, .. }) = pair.as_deref() {
            let job = parsed(nomad, job);
            assert_eq!(job["ID"], *name);
            assert_eq!(refusals(nomad, &job), Value::Null, "{name}: {job:#}");
        }
    }
}
