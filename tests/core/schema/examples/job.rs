//! Keys of a service that only Nomad interprets.

use serde_json::{Value, json};

pub fn all() -> Vec<Value> {
    let mut all = of_the_job();
    all.extend(of_the_group());
    all.extend([of_the_task(), registered(), json!({ "port": 80, "consul_name": "{service}" })]);
    all
}

fn of_the_job() -> Vec<Value> {
    vec![
        json!({ "priority": 50, "node_pool": "all",
            "affinity": [{ "attribute": "${node.class}", "operator": "=", "value": "big", "weight": 50 }],
            "spread": [{ "attribute": "${node.datacenter}", "weight": 50, "targets": { "dc1": 70 } }],
            "job": { "group": { "web": { "restart!": null, "network": [{ "mode": "host" }] } },
                "meta": { "a": "b" } } }),
        json!({ "affinity": { "attribute": "${node.class}" }, "spread": { "attribute": "${node.datacenter}" } }),
        json!({ "type": "batch", "periodic": { "cron": "@daily", "prohibit_overlap": true, "time_zone": "UTC",
            "enabled": true } }),
        json!({ "type": "batch", "periodic": { "crons": ["@daily", "@weekly"] } }),
        json!({ "type": "sysbatch", "dispatch_payload": { "file": "in" },
            "parameterized": { "payload": "required", "meta_required": ["a"], "meta_optional": ["b"] } }),
    ]
}

fn of_the_group() -> Vec<Value> {
    vec![
        json!({ "scaling": { "enabled": true, "min": 0, "max": i32::MAX },
            "migrate": { "max_parallel": 1, "health_check": "checks", "min_healthy_time": 0, "healthy_deadline": 1 },
            "disconnect": { "lost_after": 60, "stop_on_client_after": 60, "replace": true, "reconcile": "best_score" },
            "ephemeral_disk": { "size": 300, "sticky": true, "migrate": true } }),
        json!({ "reschedule": { "attempts": 0, "interval": 60, "delay": 5, "delay_function": "constant",
            "max_delay": 60, "unlimited": false },
            "tasks": { "other": { "image": "nginx", "lifecycle": { "hook": "prestart", "sidecar": false } } } }),
    ]
}

fn of_the_task() -> Value {
    let mut task = files();
    let own = json!({ "memory": 10, "memory_max": 64, "user": "nobody", "kill_timeout": 5, "kill_signal": "SIGTERM",
        "leader": true, "logs": { "max_files": 1, "max_file_size": 1, "disabled": false } });
    task.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    task
}

fn files() -> Value {
    let texts = json!([
        { "data": "a", "destination": "local/a", "change_mode": "noop", "env": true, "error_on_missing_key": true,
          "left_delimiter": "[[", "right_delimiter": "]]", "perms": "0640", "uid": 0, "gid": 0, "once": false,
          "splay": 0, "wait": { "min": 0, "max": 1 } },
        { "source": "salt://web/b.tpl", "destination": "local/b", "change_mode": "signal", "change_signal": "SIGHUP" },
        { "data": "c", "destination": "local/c", "change_mode": "script",
          "change_script": { "command": "/bin/true", "args": ["a"], "timeout": 5, "fail_on_error": true } },
    ]);
    json!({ "templates": texts,
        "artifacts": [{ "source": "https://files.example/a", "destination": "local/a", "mode": "any",
            "options": { "checksum": "md5:a" }, "headers": { "A": "b" }, "insecure": false, "chown": true }] })
}

fn checks() -> Value {
    json!([
        { "path": "/", "name": "a", "type": "https", "expose": false, "interval": 10, "timeout": 2, "port": "admin",
          "method": "GET", "header": { "Host": ["a"] }, "body": "a", "protocol": "http", "tls_skip_verify": false,
          "tls_server_name": "a", "task": "web", "address_mode": "host", "initial_status": "passing",
          "success_before_passing": 1, "failures_before_critical": 1, "failures_before_warning": 1,
          "on_update": "ignore", "check_restart": { "limit": 3, "grace": 0, "ignore_warnings": false } },
        { "path": "/" },
        { "type": "grpc", "grpc_service": "a", "grpc_use_tls": true },
        { "type": "script", "command": "/bin/true", "args": ["a"] },
        { "type": "tcp", "port": 81 },
    ])
}

fn registered() -> Value {
    json!({ "ports": { "http": 80, "admin": 81 }, "check": checks(),
        "registration": { "name": "there", "canary_tags": ["a"], "address_mode": "auto", "enable_tag_override": true },
        "registrations": [{ "name": "admin", "port": "admin", "provider": "nomad", "tags": ["a"], "canary_tags": ["b"],
            "meta": { "a": "b" }, "task": "web", "address_mode": "host", "enable_tag_override": false }] })
}

/// Keys of the main task and of its registration in other tasks and other registrations.
pub fn at_other_places() -> Vec<Value> {
    let mut other = files();
    let own = json!({ "command": "/bin/true", "args": ["a"], "driver": "exec", "config": { "a": [1] },
        "env": { "A": "b" }, "cpu": 1, "memory": 10, "memory_max": 10, "user": "nobody", "kill_timeout": 5,
        "kill_signal": "SIGTERM", "leader": false, "logs": { "max_files": 1, "max_file_size": 1, "disabled": false } });
    other.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let dispatched = json!({ "image": "nginx", "dispatch_payload": { "file": "in" } });
    vec![
        json!({ "tasks": { "other": other } }),
        json!({ "type": "sysbatch", "parameterized": {}, "tasks": { "other": dispatched } }),
        json!({ "ports": { "http": 80, "admin": 81 },
            "registrations": { "name": "admin", "port": 81, "check": checks() } }),
    ]
}
