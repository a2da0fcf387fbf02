use serde_json::{Value, json};

use super::tls;

/// Hooks of components, each as the only hook.
pub fn of_components() -> Vec<Value> {
    let file = "/srv/{environment}/{component}.json";
    let all = [
        json!({ "consul_kv": { "prefix": "terraform", "on_failure": "warn" } }),
        json!({ "consul_service": { "name": "web", "address": "10.0.0.1", "port": 80, "tags": ["a"],
            "checks": [{ "name": "up", "http": "http://10.0.0.1", "interval": 10 }], "on_failure": "warn" } }),
        json!({ "consul_service": { "name": "web", "address": { "output": "ip" }, "port": { "output": "port" },
            "checks": { "name": 1, "tcp": "a:1" } } }),
        json!({ "prometheus": { "file": file, "targets": ["a:1", { "output": "endpoint" }], "labels": { "a": 1 },
            "on_failure": "fail" } }),
        json!({ "prometheus": { "file": file, "targets": "a:1" } }),
        json!({ "prometheus": { "file": file, "targets": { "output": "endpoint" } } }),
        json!({ "salt": { "target": "web*", "sls": "web.post", "on_failure": "fail", "pillar": { "a": 1 },
            "timeout": 600 } }),
        json!({ "salt": { "target": ["a", "b"], "target_type": "list", "function": "test.echo", "args": ["a"],
            "kwargs": { "a": 1 }, "batch": 2 } }),
        json!({ "webhook": webhook(json!({ "on_failure": "fail", "tls": tls() })) }),
        json!({ "webhook": { "url": "env:URL", "tls": { "insecure": true } } }),
    ];
    all.into_iter().map(|hook| json!({ "hooks": [hook] })).collect()
}

pub fn of_runs() -> Vec<Value> {
    let all = [
        json!({ "consul_kv": { "prefix": "terraform", "when": "failed" } }),
        json!({ "prometheus": { "file": "/srv/{environment}.prom", "labels": { "a": true }, "when": ["finished"] } }),
        json!({ "webhook": webhook(json!({ "when": ["started", "finished"], "tls": tls() })) }),
        json!({ "webhook": { "url": "file:/etc/url", "tls": { "insecure": true } } }),
    ];
    all.into_iter().map(|hook| json!({ "run_hooks": [hook] })).collect()
}

fn webhook(more: Value) -> Value {
    let mut hook = json!({ "url": "https://hook.example", "headers": { "X-Eos": "a" }, "format": "json",
        "body": { "a": [1] }, "timeout": 10 });
    hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    hook
}
