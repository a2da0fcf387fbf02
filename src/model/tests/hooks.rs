use serde_json::{Value, json};

use super::{checked, draft, module, name, pillar, problems};
use crate::model::{HookAction, HookFailure, ValueOrOutput};

fn said(hooks: Value) -> Vec<String> {
    let place = "infrastructure:components:web:hooks:";
    let messages = problems(&pillar(json!({}), json!({ "web": { "source": "/m", "hooks": hooks } })));
    messages.iter().map(|line| line.strip_prefix(place).unwrap_or(line).to_owned()).collect()
}

#[test]
fn hooks_are_read_in_order_with_their_defaults() {
    let hooks = json!([
        { "consul_kv": {} },
        { "consul_service": { "name": "web", "address": { "output": "ip" }, "port": 80, "on_failure": "fail" } },
        { "prometheus": { "file": "/p/web.json", "targets": ["a:1", { "output": "addresses" }], "labels": { "a": 1 } } },
        { "salt": { "target": "*", "sls": "monitoring" } },
        { "webhook": { "url": "https://chat/x", "headers": { "Authorization": "env:T" }, "body": { "channel": "ops" } } },
    ]);
    let read = draft(&pillar(json!({}), json!({ "web": { "source": "/m", "hooks": hooks } })));
    let hooks = &read.components[&name("web")].hooks;
    let kinds: Vec<_> = hooks.iter().map(|hook| hook.kind()).collect();
    assert_eq!(kinds, ["consul_kv", "consul_service", "prometheus", "salt", "webhook"]);
    let failing: Vec<_> = hooks.iter().map(|hook| hook.on_failure == HookFailure::Fail).collect();
    assert_eq!(failing, [false, true, false, false, false]);
    assert_eq!(hooks[0].action, HookAction::ConsulKv { prefix: "terraform".to_owned() });
    let HookAction::Prometheus(prometheus) = &hooks[2].action else { panic!() };
    assert_eq!(prometheus.targets[0], ValueOrOutput::Literal("a:1".to_owned()));
    assert_eq!(prometheus.labels["a"], "1");
}

#[test]
fn all_problems_of_hooks_are_reported_together() {
    let messages = said(json!([
        "x",
        { "consul_kv": { "prefix": "/a//b" } },
        { "consul_kvs": {} },
        { "consul_service": { "checks": [{ "name": "up" }], "on_failure": "stop" } },
        { "prometheus": { "file": "relative", "targets": ["no port"], "labels": { "__x": 1 } } },
        { "salt": { "target": "*" } },
        { "webhook": { "url": "https://u:p@h", "headers": { "Authorization": "Bearer x" }, "body": { "report": 1 } } },
    ]));
    let places: Vec<_> = messages.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "0",
            "1:consul_kv:prefix",
            "2:consul_kvs",
            "3:consul_service:address",
            "3:consul_service:checks:0",
            "3:consul_service:name",
            "3:consul_service:on_failure",
            "4:prometheus:file",
            "4:prometheus:labels:__x",
            "4:prometheus:targets:0",
            "5:salt",
            "6:webhook:body:report",
            "6:webhook:headers:Authorization",
            "6:webhook:url",
        ],
        "{messages:#?}"
    );
    assert!(!messages.concat().contains("u:p@h") && !messages.concat().contains("Bearer x"), "{messages:#?}");
}

#[test]
fn a_hook_sends_only_existing_outputs_that_are_not_sensitive() {
    let hooks = json!([
        { "consul_service": { "name": "web", "address": { "output": "ip" }, "port": { "output": "key" } } },
        { "prometheus": { "file": "/p/web.json", "targets": [{ "output": "lost" }] } },
    ]);
    let mut web = module(&[], &["ip", "key"]);
    web.outputs.get_mut("key").unwrap().sensitive = true;
    let infrastructure = pillar(json!({}), json!({ "web": { "source": "/m", "hooks": hooks } }));
    assert_eq!(
        checked(&infrastructure, vec![("web", web)]).unwrap_err(),
        [
            "infrastructure:components:web:hooks:0:consul_service:port:output: is a sensitive output, and \
             hooks do not send secrets",
            "infrastructure:components:web:hooks:1:prometheus:targets:0:output: web has no output 'lost'; its \
             outputs: ip, key",
        ]
    );
}
