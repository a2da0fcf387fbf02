use serde_json::{Value, json};

use super::super::super::{Component, Overrides, Reference, SecretOrigin};
use super::{draft, draft_with, name, problems, value};

/// A pillar with two environments, these mappings, and these services for both environments.
fn mapped(mapping: Value, services: Value) -> Value {
    json!({
        "nomad_service": mapping, "services": services,
        "environments": { "staging": {}, "production": {} },
    })
}

fn component(infrastructure: &Value) -> Component {
    draft(infrastructure).components[&name("nomad-web")].clone()
}

#[test]
fn a_mapping_is_a_service_of_one_environment_or_of_all() {
    let config =
        json!({ "image": "x", "port": 3000, "datacenter": "dc1", "replicas": 4, "data_path": "/srv/web" });
    for environment in [Value::Null, json!("staging")] {
        let mapping = json!({ "name": "web", "environment": environment, "config": config });
        let read = component(&mapped(mapping, json!({})));
        assert_eq!(read.path.to_string(), "infrastructure:nomad_service:config");
        assert_eq!((value(&read, "port"), value(&read, "replicas")), (json!(3000), json!(4)));
        assert_eq!(value(&read, "datacenters"), json!(["dc1"]));
        assert_eq!(read.variables["port"].to_string(), "infrastructure:nomad_service:config:port");
    }
    let elsewhere =
        json!({ "name": "web", "environment": "production", "config": { "port": "not looked at" } });
    assert!(draft(&mapped(elsewhere, json!({}))).components.is_empty());
    for nothing in [Value::Null, json!({}), json!([])] {
        assert!(draft(&mapped(nothing, json!({}))).components.is_empty());
    }
}

#[test]
fn services_wins_over_nomad_service_and_an_environment_over_both() {
    let said = |replicas: u64| json!({ "image": "x", "replicas": replicas });
    let everywhere =
        json!({ "name": "web", "config": { "image": "x", "replicas": 1, "cpu": 11, "memory": 111 } });
    let here = json!({ "name": "web", "environment": "staging", "config": { "replicas": 3 } });
    let both = json!([everywhere, here]);
    let replicas = |infrastructure: &Value| value(&component(infrastructure), "replicas");
    let common = mapped(everywhere.clone(), json!({ "web": said(2) }));
    assert_eq!(replicas(&common), json!(2), "both of every environment");
    assert_eq!(value(&component(&common), "cpu"), json!(11), "what one alone says stays");
    let mut all = mapped(both, json!({ "web": said(2) }));
    assert_eq!(replicas(&all), json!(3), "the environment's own mapping");
    all["environments"]["staging"] = json!({ "services": { "web": { "replicas": 4 } } });
    assert_eq!(replicas(&all), json!(4), "the environment's own service");
    let call = Overrides { service: Some((name("web"), json!({ "replicas": 5 }))), ..Overrides::default() };
    let read = draft_with(&all, &call);
    assert_eq!(value(&read.components[&name("nomad-web")], "replicas"), json!(5), "the call");
}

#[test]
fn problems_of_a_mapping_are_reported_with_their_path_in_it() {
    for (mapping, expected) in [
        (json!("web"), "nomad_service: must be a mapping"),
        (json!({ "config": {} }), "nomad_service:name: is missing"),
        (json!([null]), "nomad_service:0:name: is missing"),
        (json!({ "name": "a_b" }), "nomad_service:name: is not a service name"),
        (json!({ "name": 7 }), "nomad_service:name: must be a text"),
        (
            json!([{ "name": "web", "environment": "stagin", "config": { "image": "x" } }]),
            "nomad_service:0:environment: no environment \"stagin\"; did you mean \"staging\"?",
        ),
        (
            json!({ "name": "web", "confg": {}, "config": { "image": "x" } }),
            "nomad_service:confg: unknown key",
        ),
        (json!({ "name": "web" }), "nomad_service:config: the service has nothing to run"),
        (json!([{ "name": "web", "config": { "image": "x", "port": 0 } }]), "nomad_service:0:config:port: "),
        (
            json!({ "name": "web", "config": { "image": "x", "prot": 1 } }),
            "nomad_service:config:prot: unknown key",
        ),
        (json!({ "name": "web", "config": 7 }), "nomad_service:config: must be a mapping"),
        (
            json!([{ "name": "web", "config": { "image": "x" } }, { "name": "web" }]),
            "nomad_service:1: also configures web: use one mapping for a service",
        ),
        (
            json!({ "name": "web", "config": { "image": "x", "admin_password": "hunter2" } }),
            "nomad_service:config:admin_password: must be a reference, because a pillar must not contain \
             secrets",
        ),
    ] {
        let messages = problems(&mapped(mapping.clone(), json!({})));
        let expected = format!("infrastructure:{expected}");
        assert!(messages.iter().any(|one| one.starts_with(&expected)), "{mapping} {messages:#?}");
        assert!(messages.len() == 1 || mapping["config"] == 7, "{mapping} {messages:#?}");
        assert!(!messages.iter().any(|one| one.contains("hunter2")));
    }
}

#[test]
fn a_plain_password_is_refused_in_the_configuration_of_a_call_too() {
    let config = json!({ "image": "x", "admin_password": "hunter2" });
    let call = Overrides { service: Some((name("web"), config)), ..Overrides::default() };
    let messages = super::super::said(super::super::read(&mapped(json!({}), json!({})), "staging", &call).1);
    assert!(
        messages.len() == 1 && messages[0].starts_with("arguments:service_config:admin_password: "),
        "{messages:?}"
    );
    assert!(!messages[0].contains("hunter2"));
}

#[test]
fn secrets_in_a_driver_config_reach_the_task_as_variables_under_their_own_names() {
    let config =
        json!({ "image": "x", "admin_password": { "generate": "password" }, "api_token": "env:TOKEN" });
    let mut infrastructure = mapped(json!({ "name": "web", "config": config }), json!({}));
    infrastructure["settings"] =
        json!({ "vault": { "address": "http://v", "auth": { "method": "token", "token": "env:T" } } });
    let secrets = component(&infrastructure).task_secrets;
    let SecretOrigin::Generated { path, key, .. } = &secrets["ADMIN_PASSWORD"].origin else {
        panic!("{secrets:?}")
    };
    assert_eq!((path.as_str(), key.as_str()), ("secret/services/staging/web", "admin_password"));
    let place = secrets["API_TOKEN"].path.to_string();
    assert_eq!(place, "infrastructure:nomad_service:config:api_token");
    infrastructure["services"] = json!({ "web": { "secrets": { "API_TOKEN": "env:OTHER" } } });
    let secrets = component(&infrastructure).task_secrets;
    assert!(
        matches!(&secrets["API_TOKEN"].origin, SecretOrigin::Reference(Reference::Env(name)) if name == "OTHER")
    );
}
