mod extras;
mod mapping;
mod refused;
mod storage;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::service::{
    JobKind, JobShape, JobSource, NomadService, Port, PortNumber, Registry, ServiceVariable,
};
use super::super::{Component, Input, Overrides, Source};
use super::{checked, draft, draft_with, module, name, pillar, problems};

/// A pillar with one service, `web`, and an environment of this name.
fn services(environment: &str, web: Value) -> Value {
    json!({ "services": { "web": web }, "components": { "net": { "source": "/m" } }, "environments": { environment: {} } })
}

fn component(web: Value) -> Component {
    draft(&services("staging", web)).components[&name("nomad-web")].clone()
}

fn service(component: &Component) -> &NomadService {
    match &component.source {
        Some(Source::Service(service)) => service,
        other => panic!("{other:?}"),
    }
}

fn shape(component: &Component) -> &JobShape {
    match &service(component).job {
        JobSource::Generated(shape) => shape,
        JobSource::Own { .. } => panic!("{component:?}"),
    }
}

fn value(component: &Component, variable: &str) -> Value {
    match &component.inputs[variable] {
        Input::Literal(value) => value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hooks_of_a_service_read_its_outputs() {
    let hook = |output: &str| json!({ "image": "x", "port": 1, "hooks": [{ "prometheus": { "file": "/p.json", "targets": [{ "output": output }] } }] });
    let read = component(hook("web_url"));
    assert_eq!(read.hooks[0].kind(), "prometheus");
    assert_eq!(read.declared["hooks"], hook("web_url")["hooks"], "a destruction runs them too");
    assert!(!value(&read, "env").to_string().contains("hooks"));
    let interfaces = vec![("net", module(&[], &[])), ("nomad-web", module(&[], &["web_url"]))];
    let messages = checked(&services("staging", hook("lost")), interfaces).unwrap_err();
    assert!(messages.iter().any(|one| one.contains("nomad-web has no output 'lost'")), "{messages:?}");
}

#[test]
fn a_gate_about_the_same_job_or_service_takes_the_place_of_the_one_that_each_service_has() {
    let gates = |health: Value| {
        let web = json!({ "image": "x", "port": 1, "health": health });
        let mut found: Vec<_> = component(web)
            .health
            .iter()
            .map(|gate| (gate.kind(), gate.timing.min_healthy_time.as_millis()))
            .collect();
        found.sort();
        found
    };
    assert_eq!(gates(json!([])), [("consul", 5000), ("nomad", 0)]);
    let consul = |service: &str| json!({ "consul": { "service": service, "min_healthy_time": "1s" } });
    assert_eq!(gates(json!([consul("web")])), [("consul", 1000), ("nomad", 0)]);
    assert_eq!(gates(json!([consul("other")])), [("consul", 1000), ("consul", 5000), ("nomad", 0)]);
    let job = json!({ "nomad": { "job": { "output": "job_id" }, "min_healthy_time": "2s" } });
    assert_eq!(gates(json!([job])), [("consul", 5000), ("nomad", 2000)]);
    let other = json!({ "nomad": { "job": "other", "min_healthy_time": "2s" } });
    assert_eq!(gates(json!([other])), [("consul", 5000), ("nomad", 0), ("nomad", 2000)]);
}

/// The problems of the service, each with its path below the service.
fn wrong(web: Value) -> Vec<String> {
    let messages = problems(&services("staging", web));
    messages.iter().map(|one| one.trim_start_matches("infrastructure:services:web").to_owned()).collect()
}

#[test]
fn a_service_becomes_a_component_with_every_value_as_a_variable() {
    let read = component(json!({
        "image": "jenkins/jenkins:lts", "port": 8080, "health_path": "/login", "replicas": 2,
        "env": { "A": "x", "N": 1, "B": "true" }, "depends_on": ["net"], "on_failure": "continue",
        "policy": { "allow_destroy": true }, "datacenter": "dc1", "tags": ["a"],
    }));
    assert_eq!(read.path.to_string(), "infrastructure:services:web");
    assert_eq!(read.depends_on.names, [name("net")].into());
    assert!(read.policy.allow_destroy);
    assert_eq!(value(&read, "env"), json!({ "A": "x", "N": "1", "B": "true" }));
    assert_eq!((value(&read, "replicas"), value(&read, "port")), (json!(2), json!(8080)));
    assert_eq!(value(&read, "datacenters"), json!(["dc1"]));
    let shape = shape(&read);
    assert_eq!(
        (shape.driver.as_str(), shape.kind, shape.registry),
        ("docker", JobKind::Service, Registry::Consul)
    );
    let port = Port { to: Some(PortNumber::FromVariable), fixed: None, host_network: None };
    assert_eq!(shape.ports, BTreeMap::from([("http".to_owned(), port)]));
    assert_eq!(shape.checks().next().unwrap().body.text("path"), Some("/login"));
    assert!(service(&read).detach && !service(&read).variables.contains(&ServiceVariable::Command));
}

#[test]
fn the_name_of_the_environment_determines_the_defaults_of_a_service() {
    for (environment, expected) in [
        ("development", [1, 100, 256]),
        ("staging", [2, 200, 512]),
        ("production", [3, 500, 1024]),
        ("elsewhere", [1, 100, 256]),
    ] {
        let infrastructure = services(environment, json!({ "image": "x" }));
        let (read, said) = super::read(&infrastructure, environment, &Overrides::default());
        assert!(said.is_empty(), "{said:?}");
        let web = &read.unwrap().components[&name("nomad-web")];
        let found = ["replicas", "cpu", "memory"].map(|variable| value(web, variable));
        assert_eq!(found, expected.map(|number| json!(number)), "{environment}");
    }
    assert_eq!(value(&component(json!({ "image": "x", "type": "batch" })), "replicas"), json!(1));
    assert!(!component(json!({ "image": "x", "type": "system" })).inputs.contains_key("replicas"));
}

#[test]
fn without_its_own_network_a_task_uses_the_port_of_the_host() {
    let fixed = |number| Port { to: None, fixed: Some(number), host_network: None };
    let read = component(json!({ "command": "/bin/x", "port": 80 }));
    assert_eq!(shape(&read).ports["http"], fixed(PortNumber::FromVariable));
    let ports = json!({ "http": {}, "admin": 9000, "grpc": { "to": 1, "static": 2 } });
    let read = component(json!({ "command": "/bin/x", "ports": ports }));
    assert_eq!(shape(&read).ports["http"], Port { to: None, fixed: None, host_network: None });
    assert_eq!(shape(&read).ports["admin"], fixed(PortNumber::Fixed(9000)));
    let both = Port { to: Some(PortNumber::Fixed(1)), fixed: Some(PortNumber::Fixed(2)), host_network: None };
    assert_eq!(shape(&read).ports["grpc"], both);
    assert_eq!(shape(&read).main.as_deref(), Some("http"));
    let named = json!({ "command": "/bin/x", "ports": { "db": 5432, "metrics": 9187 }, "port": "db" });
    assert_eq!(shape(&component(named)).main.as_deref(), Some("db"));
}

#[test]
fn only_a_registered_service_gets_a_shutdown_delay() {
    let delay = |web| shape(&component(web)).shutdown_delay;
    let said = |more: Value| {
        let mut web = json!({ "image": "x", "port": 80 });
        web.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        delay(web)
    };
    let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
    assert_eq!((said(json!({})), delay(json!({ "image": "x" }))), (seconds(3), None));
    assert_eq!((said(json!({ "type": "system" })), said(json!({ "shutdown_delay": "0s" }))), (None, None));
    assert_eq!(said(json!({ "shutdown_delay": "10s", "type": "batch" })), seconds(10));
}

#[test]
fn an_output_becomes_a_value_of_the_job_or_of_the_tasks_environment() {
    let read = component(
        json!({ "image": "x", "from_outputs": { "DB_HOST": "net.host", "replicas": "net.count" } }),
    );
    assert!(matches!(&read.inputs["env_DB_HOST"], Input::Output(one) if one.to_string() == "net.host"));
    assert!(matches!(&read.inputs["replicas"], Input::Output(_)));
    assert_eq!(read.declared["from_outputs"], json!({ "env_DB_HOST": "net.host", "replicas": "net.count" }));
    assert_eq!(read.variables["env_DB_HOST"].to_string(), "infrastructure:services:web:from_outputs:DB_HOST");
}

#[test]
fn a_users_template_gets_every_value_and_defines_the_job_itself() {
    let read = component(json!({
        "template": "salt://services/web.nomad.tpl", "port": 80, "variables": { "admins": ["a"] },
        "from_outputs": { "zone": "net.zone" },
    }));
    let service = service(&read);
    assert_eq!(
        service.job,
        JobSource::Own { folder: "salt://services".into(), file: "web.nomad.tpl".into() }
    );
    assert_eq!(service.own, ["admins".to_owned(), "zone".to_owned()].into());
    assert_eq!(value(&read, "admins"), json!(["a"]));
    let messages = wrong(
        json!({ "template": "/x/web.tpl", "check": {}, "update": {}, "shutdown_delay": 1, "variables": { "image": 1 } }),
    );
    assert_eq!(messages.len(), 4, "{messages:?}");
    let at_the_root = component(json!({ "template": "/web.tpl" }));
    let own = JobSource::Own { folder: "/".into(), file: "web.tpl".into() };
    assert_eq!(self::service(&at_the_root).job, own);
    for bad in ["salt://web.tpl", "web.tpl", "salt://a/../b", "/", "salt://a/", "https://x/y"] {
        assert_eq!(wrong(json!({ "template": bad })).len(), 1, "{bad}");
    }
}

#[test]
fn levels_of_a_service_merge_and_the_more_specific_one_wins() {
    let common = json!({ "image": "x", "port": 80, "env": { "A": "1", "B": "1" }, "health_path": "/a" });
    let own = json!({
        "command": "/bin/y", "ports": { "http": {} }, "env": { "B": "2" }, "from_outputs": { "A": "net.a" },
        "check": { "type": "tcp" },
    });
    let mut infrastructure = services("staging", common);
    infrastructure["environments"]["staging"] = json!({ "services": { "web": own } });
    let overrides = Overrides {
        service: Some((name("web"), json!({ "replicas": 7, "env": { "A": "3" } }))),
        ..Overrides::default()
    };
    let read = draft_with(&infrastructure, &overrides);
    let web = &read.components[&name("nomad-web")];
    assert_eq!(web.path.to_string(), "infrastructure:environments:staging:services:web");
    assert_eq!(value(web, "env"), json!({ "A": "3", "B": "2" }));
    assert_eq!((value(web, "command"), value(web, "replicas")), (json!("/bin/y"), json!(7)));
    assert!(!web.inputs.contains_key("image") && !web.inputs.contains_key("env_A"));
    assert_eq!(web.variables["replicas"].to_string(), "arguments:service_config:replicas");
    assert_eq!(shape(web).checks().next().unwrap().body.text("path"), None);
}

#[test]
fn a_port_given_by_name_keeps_its_ports_across_levels() {
    let mut infrastructure =
        services("staging", json!({ "image": "x", "ports": { "db": 1, "web": 2 }, "port": "db" }));
    infrastructure["environments"]["staging"] = json!({ "services": { "web": { "ports": { "db": 3 } } } });
    let read = draft(&infrastructure);
    let web = shape(&read.components[&name("nomad-web")]);
    assert_eq!((web.main.as_deref(), web.ports.len()), (Some("db"), 2));
}

#[test]
fn a_service_that_only_the_call_defines_is_used() {
    let infrastructure = services("staging", json!({ "image": "x" }));
    let overrides =
        Overrides { service: Some((name("api"), json!({ "image": "y" }))), ..Overrides::default() };
    assert!(draft_with(&infrastructure, &overrides).components.contains_key("nomad-api"));
}

#[test]
fn an_override_of_a_services_component_applies_to_the_service() {
    let infrastructure = services("staging", json!({ "image": "x" }));
    let said =
        |variables| Overrides { variables: Some((name("nomad-web"), variables)), ..Overrides::default() };
    let read = draft_with(&infrastructure, &said(json!({ "replicas": 9 })));
    assert_eq!(value(&read.components[&name("nomad-web")], "replicas"), json!(9));
    let wrong = super::said(super::read(&infrastructure, "staging", &said(json!({ "x": 9 }))).1);
    assert!(wrong.len() == 1 && wrong[0].starts_with("arguments:variables:variables: "), "{wrong:?}");
    let backend = (name("nomad-web"), json!({ "type": "http", "address": "http://h" }));
    let read = draft_with(&infrastructure, &Overrides { backend: Some(backend), ..Overrides::default() });
    assert_eq!(read.components[&name("nomad-web")].backend.kind, "http");
}

#[test]
fn a_sensitive_output_does_not_go_into_a_job() {
    let mut net = module(&[], &["key"]);
    net.outputs.get_mut("key").unwrap().sensitive = true;
    let infrastructure = services("staging", json!({ "image": "x", "from_outputs": { "KEY": "net.key" } }));
    let messages = checked(&infrastructure, vec![("net", net)]).unwrap_err();
    assert!(
        messages[0].starts_with("infrastructure:services:web:from_outputs:KEY: net.key is sensitive"),
        "{messages:?}"
    );
}
