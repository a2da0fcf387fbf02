use serde_json::{Value, json};

use super::{each_with, job};

pub fn all() -> Vec<Value> {
    let mut more = general();
    more.extend(storage());
    more.extend(network());
    more.extend(job::all());
    let others = [
        json!({ "command": "/bin/web", "args": ["--port", 80], "driver": "exec" }),
        json!({ "driver": "java", "config": { "jar_path": "local/a.jar" }, "type": "batch" }),
        json!({ "template": "salt://jobs/web.nomad.tpl", "variables": { "a": [1] },
            "from_outputs": { "image": "build.image" } }),
    ];
    each_with(&json!({ "image": "nginx" }), more).chain(others).collect()
}

/// What only the notation `nomad_service` has.
pub fn mapped() -> Vec<Value> {
    let secret = json!("vault:secret/web#key");
    let keys = [
        "admin_password",
        "api_token",
        "database_password",
        "file_private_key",
        "file_public_key",
        "invite_salt",
        "jwt_secret",
        "secret_key",
    ];
    let values = [
        secret.clone(),
        json!({ "generate": "hex", "key": "token" }),
        json!({ "from": secret }),
        json!({ "output": "net.password", "literal": true }),
    ];
    let mut all: Vec<_> = (0..4)
        .map(|turn| {
            let secrets =
                keys.iter().enumerate().map(|(at, key)| ((*key).to_owned(), values[(at + turn) % 4].clone()));
            let config = secrets.chain([("image".to_owned(), json!("nginx"))]).collect();
            json!({ "name": "web", "config": Value::Object(config) })
        })
        .collect();
    all.push(json!({ "name": "web", "environment": "production", "config": { "image": "nginx" } }));
    all.push(json!([{ "name": "web", "environment": "production", "config": { "image": "nginx" } },
        { "name": "other", "config": { "command": "/bin/other" } }]));
    all
}

fn general() -> Vec<Value> {
    vec![
        json!({ "driver": "docker", "config": { "force_pull": true }, "detach": false, "enabled": true,
            "inherit_hooks": false, "data": ["nomad_job"], "depends_on": ["net"], "type": "service" }),
        json!({ "replicas": 2, "cpu": 100, "memory": 256, "datacenters": ["dc1", "eu-*"], "namespace": "apps",
            "region": "eu" }),
        json!({ "datacenter": "dc1", "env": { "A": "text", "B": 1 }, "meta": { "a": "b", "c": 1 },
            "from_outputs": { "C": "net.id" } }),
        json!({ "secrets": {
            "D": "vault:secret/web#token",
            "E": { "from": "env:E", "literal": true },
            "F": { "output": "net.token", "literal": false },
            "G": { "generate": "password", "key": "g" },
        } }),
        json!({ "update": { "max_parallel": 1, "canary": 1, "auto_revert": true, "auto_promote": false,
            "min_healthy_time": 10, "healthy_deadline": 31_622_400, "progress_deadline": 0 } }),
        json!({ "update": { "min_healthy_time": 0, "healthy_deadline": 1, "progress_deadline": 2 } }),
        json!({ "restart": { "attempts": 2, "interval": 60, "delay": 15, "mode": "fail" },
            "constraints": [{ "attribute": "${attr.kernel.name}", "operator": "=", "value": "linux" }] }),
        json!({ "constraints": [{ "operator": "distinct_hosts" }] }),
    ]
}

fn network() -> Vec<Value> {
    vec![
        json!({ "port": 80, "provider": "consul", "health_path": "/health", "tags": ["a"], "shutdown_delay": 3 }),
        json!({ "ports": { "http": { "to": 80, "static": 8080, "host_network": "public" }, "admin": 81, "any": {} },
            "port": "admin", "check": { "type": "http", "path": "/", "interval": 10, "timeout": 2 } }),
        json!({ "port": 80, "check": { "type": "tcp" }, "connect": false }),
        json!({ "port": 80, "connect": { "upstreams": [{ "name": "db", "port": 5432 }] } }),
    ]
}

fn storage() -> Vec<Value> {
    vec![
        json!({ "data_path": "/srv/web" }),
        json!({ "data_path": { "path": "/data" }, "storage": "ephemeral" }),
        json!({ "data_path": { "source": "/srv/a", "path": "/data" } }),
        json!({ "volumes": { "data": { "type": "csi", "source": "data", "path": "/data", "read_only": false,
            "access_mode": "single-node-writer", "attachment_mode": "file-system", "per_alloc": false,
            "mount_options": { "fs_type": "ext4", "mount_flags": ["noatime"] } } } }),
        json!({ "volumes": { "host": { "type": "host", "path": "/host", "access_mode": "single-node-writer" } } }),
    ]
}
