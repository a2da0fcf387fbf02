use serde_json::{Value, json};

use super::{checked, draft, module, name, pillar, problems};
use crate::model::{BodyFormat, Hook, Reference, RunHookAction, RunMoment};

fn components(settings: Value, components: Value) -> Vec<(String, Vec<&'static str>)> {
    let read = draft(&pillar(settings, components));
    let kinds = |hooks: &[Hook]| hooks.iter().map(Hook::kind).collect();
    read.components.values().map(|one| (one.name.to_string(), kinds(&one.hooks))).collect()
}

#[test]
fn hooks_of_the_settings_run_before_those_of_a_component_which_may_refuse_them() {
    let webhook = json!({ "webhook": { "url": "http://chat/x" } });
    let found = components(
        json!({ "hooks": [webhook] }),
        json!({
            "alone": { "source": "/m", "inherit_hooks": false, "hooks": [{ "consul_kv": {} }] },
            "both": { "source": "/m", "hooks": [{ "consul_kv": {} }] },
            "none": { "source": "/m" },
            "step": { "salt": { "target": "*", "sls": "x" } },
        }),
    );
    let expected = [
        ("alone", vec!["consul_kv"]),
        ("both", vec!["webhook", "consul_kv"]),
        ("none", vec!["webhook"]),
        ("step", vec!["webhook"]),
    ];
    assert_eq!(found, expected.map(|(name, kinds)| (name.to_owned(), kinds)));
}

#[test]
fn the_hooks_of_an_environment_replace_those_of_all_environments() {
    let mut infrastructure = pillar(
        json!({ "hooks": [{ "consul_kv": {} }], "run_hooks": [{ "consul_kv": {} }] }),
        json!({ "web": { "source": "/m" } }),
    );
    let webhook = json!({ "webhook": { "url": "env:CHAT", "format": "slack" } });
    infrastructure["environments"]["staging"] =
        json!({ "settings": { "hooks": [webhook], "run_hooks": [webhook] } });
    let read = draft(&infrastructure);
    assert_eq!(read.components[&name("web")].hooks[0].kind(), "webhook");
    let [hook] = &read.settings.run_hooks[..] else { panic!("{:?}", read.settings.run_hooks) };
    let RunHookAction::Webhook(webhook) = &hook.action else { panic!("{hook:?}") };
    assert_eq!((&webhook.url, webhook.format), (&Reference::Env("CHAT".to_owned()), BodyFormat::Slack));
    assert_eq!(hook.when, [RunMoment::Finished, RunMoment::Failed].into());
    assert_eq!(hook.path.to_string(), "infrastructure:environments:staging:settings:run_hooks:0");
}

#[test]
fn a_shared_hook_that_reads_outputs_is_for_the_components_that_have_them() {
    let hook = |output: &str, file: &str| json!({ "prometheus": { "file": file, "targets": [{ "output": output }] } });
    let file = "/p/{environment}-{component}.json";
    let settings = |hooks: Value| json!({ "hooks": hooks });
    let both = json!({ "web": { "source": "/m" }, "net": { "source": "/n" } });
    let modules = || vec![("web", module(&[], &["targets", "key"])), ("net", module(&[], &["cidr"]))];
    let read = checked(&pillar(settings(json!([hook("targets", file)])), both.clone()), modules()).unwrap();
    assert_eq!(read.nodes[&name("web")].component.hooks.len(), 1);
    assert_eq!(read.nodes[&name("net")].component.hooks.len(), 0);
    let lost = checked(&pillar(settings(json!([hook("target", file)])), both.clone()), modules());
    assert_eq!(lost.unwrap_err(), ["infrastructure:settings:hooks:0: reads outputs that no component has"]);
    let mut secret = modules();
    secret[0].1.outputs.get_mut("key").unwrap().sensitive = true;
    let refused = checked(&pillar(settings(json!([hook("key", file)])), both), secret).unwrap_err();
    assert_eq!(
        refused,
        [
            "infrastructure:settings:hooks:0:prometheus:targets:0:output: is a sensitive output of web, and hooks do \
          not send secrets"
        ]
    );
}

#[test]
fn all_problems_of_shared_hooks_and_of_hooks_of_a_run_are_reported_once() {
    let found = problems(&pillar(
        json!({
            "hooks": [
                { "prometheus": { "file": "/p/{component}.json", "targets": [] } },
                { "webhook": { "url": "vault:secret/chat#url" } },
            ],
            "run_hooks": [
                { "salt": { "target": "*" } },
                { "consul_kv": { "on_failure": "fail" } },
                { "prometheus": { "file": "/p/x.prom", "labels": { "operation": "x" } } },
                { "prometheus": { "file": "/p/{environment}.json", "when": ["started"] } },
                { "webhook": { "url": "ftp://h", "format": "teams", "body": { "message": "x" } } },
                { "webhook": { "url": "vault:secret/chat#url", "format": "slack", "body": { "text": "x" } } },
                { "webhook": { "url": "http://h", "when": ["ended"], "timeout": "61s" } },
                7,
            ],
        }),
        json!({ "web": { "source": "/m" }, "net": { "source": "/n" } }),
    ));
    let place = "infrastructure:settings:";
    let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    let expected = [
        "hooks:0:prometheus:file",
        "hooks:1:webhook:url",
        "run_hooks:0:salt",
        "run_hooks:1:consul_kv:on_failure",
        "run_hooks:2:prometheus:file",
        "run_hooks:2:prometheus:labels:operation",
        "run_hooks:3:prometheus:file",
        "run_hooks:4:webhook:body:message",
        "run_hooks:4:webhook:format",
        "run_hooks:4:webhook:url",
        "run_hooks:5:webhook:body:text",
        "run_hooks:5:webhook:url",
        "run_hooks:6:webhook:timeout",
        "run_hooks:6:webhook:when",
        "run_hooks:7",
    ];
    assert_eq!(places, expected.map(|end| format!("{place}{end}")), "{found:#?}");
}

#[test]
fn the_profile_adds_no_hooks_beside_those_of_the_settings() {
    let mut settings = json!({ "profile": "documents", "consul": { "address": "http://127.0.0.1:8500" } });
    let web = json!({ "web": { "source": "/m" } });
    assert_eq!(components(settings.clone(), web.clone())[0].1, ["consul_kv"]);
    settings["hooks"] = json!([{ "webhook": { "url": "http://chat/x" } }]);
    assert_eq!(components(settings.clone(), web.clone())[0].1, ["webhook"]);
    settings["hooks"] = json!([]);
    assert_eq!(components(settings, web)[0].1, Vec::<&str>::new());
}
