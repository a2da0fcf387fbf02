use serde_json::{Value, json};

use super::{checked, module, pillar, problems, services, wrong};

#[test]
fn every_problem_of_a_service_is_reported_with_its_path() {
    let messages = wrong(json!({
        "image": "", "driver": 5, "replicas": -1, "cpu": 0, "memory": 1, "datacenters": [], "region": "a b",
        "env": { "a b": "x", "NUL": "a\0b", "LIST": [] }, "meta": { "a b": "x" }, "type": "cron", "detach": "no",
        "check": { "type": "udp", "intervall": 1 }, "volumes": { "v": { "soruce": "x" } }, "restart": { "mode": "x" },
        "update": { "canary": 1, "auto_promote": "yes", "min_healthy_time": "10m" }, "constraints": [{}],
        "connect": { "upstreams": [{}] }, "provider": "dns", "repicas": 3, "policy": { "allow_destory": true },
        "from_outputs": { "A": "net" }, "port": 0, "tags": [1],
    }));
    let places: Vec<_> = messages.iter().map(|one| one.split(": ").next().unwrap()).collect();
    for place in [
        ":image",
        ":driver",
        ":replicas",
        ":cpu",
        ":memory",
        ":datacenters",
        ":region",
        ":env:a b",
        ":env:NUL",
        ":env:LIST",
        ":meta:a b",
        ":type",
        ":detach",
        ":check:type",
        ":check:intervall",
        ":volumes:v:path",
        ":volumes:v:soruce",
        ":restart:mode",
        ":update:auto_promote",
        ":update",
        ":constraints:0",
        ":connect:upstreams:0:name",
        ":connect:upstreams:0:port",
        ":provider",
        ":repicas",
        ":policy:allow_destory",
        ":from_outputs:A",
        ":port",
        ":tags",
    ] {
        assert!(places.contains(&place), "{place} {messages:#?}");
    }
    assert!(messages.iter().any(|one| one.contains("did you mean \"replicas\"?")), "{messages:#?}");
}

#[test]
fn a_boolean_or_a_fraction_for_the_task_is_refused_because_yaml_may_have_changed_it() {
    let messages = wrong(json!({
        "command": "/bin/x", "args": [1, 1.3], "env": { "A": true, "B": 1.3, "C": 1 }, "meta": { "m": false },
    }));
    let places: Vec<_> = messages.iter().map(|one| one.split(": ").next().unwrap()).collect();
    assert_eq!(places, [":args", ":env:A", ":env:B", ":meta:m"]);
    assert!(messages.iter().all(|one| one.contains("quote it")), "{messages:#?}");
}

#[test]
fn contradictory_settings_are_refused() {
    for (web, expected) in [
        (json!({}), "nothing to run"),
        (json!({ "image": "x", "command": "y" }), "exclude each other"),
        (json!({ "image": "x", "driver": "raw_exec" }), "cannot run an image"),
        (json!({ "image": "x", "args": ["a"] }), "only for a command"),
        (json!({ "image": "x", "config": { "image": "y" } }), "remove it"),
        (json!({ "image": "x", "port": 1, "ports": { "a": 2 } }), "port and ports"),
        (json!({ "image": "x", "ports": { "a": 1, "b": 2 } }), "which port to register"),
        (json!({ "image": "x", "port": "db", "ports": { "a": 1 } }), "one of the names"),
        (json!({ "image": "x", "check": { "type": "tcp" } }), "needs a port"),
        (json!({ "image": "x", "port": 1, "check": { "type": "http" } }), "needs a path"),
        (
            json!({ "image": "x", "port": 1, "check": { "type": "tcp", "path": "/" } }),
            "is only for an http check",
        ),
        (json!({ "image": "x", "type": "system", "replicas": 2 }), "once on every node"),
        (json!({ "image": "x", "type": "batch", "update": {"canary": 1} }), "no deployment"),
        (json!({ "image": "x", "port": 1, "connect": true, "provider": "nomad" }), "the mesh needs Consul"),
        (json!({ "image": "x", "connect": true }), "inside its network"),
        (json!({ "image": "x", "port": 1, "connect": true, "check": { "type": "tcp" } }), "tcp check"),
        (json!({ "image": "x", "update": { "healthy_deadline": "1h" } }), "progress_deadline"),
        (json!({ "image": "x", "update": { "auto_promote": true } }), "needs a canary"),
        (json!({ "image": "x", "from_outputs": { "image": "net.a" } }), "set twice"),
        (json!({ "image": "x", "env": { "A": "1" }, "from_outputs": { "A": "net.a" } }), "set twice"),
        (json!({ "image": "x", "env": { "A": "vault:secret/a#b" } }), "set it in secrets"),
        (json!({ "image": "x", "env": { "A": "env:B" } }), "set it in secrets"),
        (json!({ "image": "x", "tags": ["a"] }), "registered port"),
        (json!({ "image": "x", "shutdown_delay": "1s" }), "needs a port"),
        (json!({ "image": "x", "meta": { "managed_by": "me" } }), "Eos uses"),
        (json!({ "image": "x", "variables": { "a": 1 } }), "your own template"),
        (json!({ "command": "x", "volumes": { "a": { "path": "/a" } } }), "raw_exec"),
        (json!({ "image": "x", "data_path": "relative" }), "absolute path"),
        (json!({ "image": "x", "datacenter": "a", "datacenters": ["b"] }), "exclude each other"),
    ] {
        let messages = wrong(web.clone());
        assert!(messages.len() == 1 && messages[0].contains(expected), "{web} {messages:#?}");
    }
}

#[test]
fn a_service_with_an_invalid_dns_label_or_an_existing_component_name_is_refused() {
    for bad in ["a_b", "a-", "A", "1a", "a.b", ""] {
        let infrastructure =
            json!({ "services": { bad: { "image": "x" } }, "environments": { "staging": {} } });
        let messages = problems(&infrastructure);
        assert!(messages.len() == 1 && messages[0].contains("is not a service name"), "{bad} {messages:?}");
    }
    let long = "a".repeat(60);
    let infrastructure = json!({ "services": { long: { "image": "x" } }, "environments": { "staging": {} } });
    assert_eq!(problems(&infrastructure).len(), 1);
    let mut infrastructure = services("staging", json!({ "image": "x" }));
    infrastructure["components"]["nomad-web"] = json!({ "source": "/m" });
    let messages = problems(&infrastructure);
    assert!(
        messages.len() == 1 && messages[0].contains("infrastructure:components:nomad-web"),
        "{messages:?}"
    );
}

#[test]
fn empty_services_are_accepted_and_a_service_without_content_is_named() {
    assert_eq!(problems(&pillar(json!({}), json!({}))), Vec::<String>::new());
    let messages = wrong(Value::Null);
    assert!(messages.len() == 1 && messages[0].contains("nothing to run"), "{messages:?}");
}

#[test]
fn a_service_name_in_place_of_a_component_name_is_answered_with_the_components_name() {
    let mut infrastructure = services("staging", json!({ "image": "x" }));
    infrastructure["components"]["net"]["depends_on"] = json!(["web"]);
    let messages = checked(&infrastructure, vec![("net", module(&[], &[]))]).unwrap_err();
    assert!(messages[0].ends_with("the service's component is called \"nomad-web\""), "{messages:?}");
}
