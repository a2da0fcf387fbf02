use serde_json::{Value, json};

use super::{each_with, tls};

pub fn all() -> Vec<Value> {
    let mut more = general();
    more.extend(health());
    let steps = [
        json!({ "target": "web*", "sls": "web.post", "target_type": "glob", "pillar": { "a": 1 }, "timeout": 600,
            "batch": "25%" }),
        json!({ "target": ["a"], "target_type": "list", "function": "test.echo", "args": ["a"], "kwargs": { "a": 1 },
            "batch": 1 }),
    ];
    let steps = steps.into_iter().map(|step| json!({ "salt": step }));
    each_with(&json!({ "source": "/srv/modules/web" }), more).chain(steps).collect()
}

fn general() -> Vec<Value> {
    vec![
        json!({ "template": "jinja", "enabled": true, "depends_on": ["dns"], "inherit_hooks": false,
            "data": ["aws_db_instance"] }),
        json!({ "variables": { "a": { "b": [1] } }, "from_outputs": { "b": "net.id", "c": ["net.a", "net.b"] },
            "secrets": { "d": "vault:secret/web#token" } }),
    ]
}

/// Health gates, each as the only gate.
pub fn health() -> Vec<Value> {
    let times = json!({ "interval": 5, "timeout": 5, "min_healthy_time": 0, "healthy_deadline": 31_622_400 });
    let output = json!({ "output": "host" });
    let gates = [
        (
            "http",
            json!({ "url": "https://web.example", "path": "/health", "method": "GET", "status": [200, "3xx"],
            "headers": { "X-Token": "env:TOKEN" }, "tls": tls() }),
        ),
        ("http", json!({ "url": output, "status": 204, "tls": { "insecure": true } })),
        ("tcp", json!({ "host": "web.example", "port": 443 })),
        ("tcp", json!({ "host": output, "port": output })),
        ("nomad", json!({ "job": "web", "namespace": "apps" })),
        ("nomad", json!({ "job": output })),
        ("consul", json!({ "service": "web", "least": 2 })),
        ("consul", json!({ "service": output })),
    ];
    let timed = gates.into_iter().enumerate().map(|(at, (kind, gate))| match at % 2 {
        0 => json!({ kind: each_with(&times, vec![gate]).next() }),
        _ => json!({ kind: gate }),
    });
    timed.map(|gate| json!({ "health": [gate] })).collect()
}
