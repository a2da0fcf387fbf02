use std::time::Duration;

use serde_json::{Value, json};

use super::super::{
    ConsulProbe, GateSettings, GateTiming, HttpProbe, NomadProbe, OwnOutput, ProbeSettings, Reference,
    StatusRanges, TcpProbe, Tls, ValueOrOutput,
};
use super::{checked, draft, module, name, pillar, problems};

const PLACE: &str = "infrastructure:components:web:health";

fn web(health: Value) -> Value {
    pillar(json!({}), json!({ "web": { "source": "/m", "health": health } }))
}

fn gates(health: Value) -> Vec<GateSettings> {
    draft(&web(health)).components[&name("web")].health.clone()
}

/// The problems of these gates, without their paths.
fn wrong(health: Value) -> Vec<String> {
    let messages = problems(&web(health));
    messages
        .iter()
        .map(|line| line.strip_prefix(PLACE).unwrap().trim_start_matches([':', ' ']).to_owned())
        .collect()
}

#[test]
fn a_gate_has_the_documented_defaults() {
    let gates = gates(json!([{ "http": { "url": "http://a/" } }, { "tcp": { "host": "b", "port": 22 } }]));
    let timing = GateTiming {
        interval: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        min_healthy_time: Duration::from_secs(10),
        healthy_deadline: Duration::from_secs(300),
        is_set: false,
    };
    let http = HttpProbe {
        url: ValueOrOutput::Literal("http://a".to_owned()),
        path: None,
        method: "GET",
        statuses: StatusRanges(vec![(200, 299)]),
        headers: [].into(),
        tls: Tls::default(),
    };
    let tcp = TcpProbe { host: ValueOrOutput::Literal("b".to_owned()), port: ValueOrOutput::Literal(22) };
    assert_eq!(
        gates.iter().map(|gate| gate.probe.clone()).collect::<Vec<_>>(),
        [ProbeSettings::Http(http), ProbeSettings::Tcp(tcp)]
    );
    assert!(gates.iter().all(|gate| gate.timing == timing));
    assert_eq!(gates[1].path.to_string(), format!("{PLACE}:1"));
}

#[test]
fn a_gate_is_read_as_it_is_written() {
    let read = gates(json!([{ "http": {
        "url": { "output": "endpoint.0.url" }, "path": "/healthz?full=1", "method": "HEAD", "status": ["2xx", 302],
        "headers": { "Host": "web.example", "Authorization": "env:TOKEN" },
        "tls": { "ca_file": "/ca" }, "interval": "500ms", "timeout": 1, "min_healthy_time": 0, "healthy_deadline": "2s",
    } }]));
    let url = OwnOutput { output: "endpoint".to_owned(), path: vec!["0".to_owned(), "url".to_owned()] };
    let ProbeSettings::Http(http) = &read[0].probe else { panic!("{read:?}") };
    assert_eq!(http.url, ValueOrOutput::Output(url));
    assert_eq!((http.path.as_deref(), http.method), (Some("/healthz?full=1"), "HEAD"));
    assert_eq!(http.statuses.to_string(), "200-299, 302");
    assert_eq!(http.headers["Authorization"], Reference::Env("TOKEN".to_owned()));
    assert_eq!(http.headers["Host"], Reference::Plain("web.example".to_owned()));
    assert_eq!(http.tls.ca_file.as_deref(), Some(std::path::Path::new("/ca")));
    let times = read[0].timing;
    assert_eq!((times.interval, times.min_healthy_time), (Duration::from_millis(500), Duration::ZERO));
    assert_eq!((times.timeout, times.healthy_deadline), (Duration::from_secs(1), Duration::from_secs(2)));
}

#[test]
fn gates_of_nomad_and_consul_are_read_as_they_are_written() {
    let read = gates(json!([
        { "nomad": { "job": { "output": "job" }, "namespace": "web", "healthy_deadline": "1m" } },
        { "nomad": { "job": "batch/dispatch-1" } },
        { "consul": { "service": "web" } },
        { "consul": { "service": { "output": "names.0" }, "least": 3 } },
    ]));
    let output = |output: &str, path: &[&str]| {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        ValueOrOutput::Output(OwnOutput { output: output.to_owned(), path })
    };
    let nomad = |job, namespace: Option<&str>| {
        ProbeSettings::Nomad(NomadProbe { job, namespace: namespace.map(str::to_owned) })
    };
    let consul = |service, least| ProbeSettings::Consul(ConsulProbe { service, least });
    assert_eq!(
        read.iter().map(|gate| gate.probe.clone()).collect::<Vec<_>>(),
        [
            nomad(output("job", &[]), Some("web")),
            nomad(ValueOrOutput::Literal("batch/dispatch-1".to_owned()), None),
            consul(ValueOrOutput::Literal("web".to_owned()), 1),
            consul(output("names", &["0"]), 3),
        ]
    );
    assert_eq!(read.iter().map(|gate| gate.timing.is_set).collect::<Vec<_>>(), [true, false, false, false]);
}

#[test]
fn every_problem_of_a_nomad_or_consul_gate_is_reported_with_its_path() {
    let messages = wrong(json!([
        { "nomad": { "namespace": "a b", "jobs": "x" } },
        { "nomad": { "job": "a b" } },
        { "consul": { "service": "a/b", "least": 0 } },
    ]));
    let expected = [
        "0:nomad:job: is missing: a value, or {output: NAME}",
        "0:nomad:jobs: unknown key; did you mean \"job\"?",
        "0:nomad:namespace: must be up to 128 letters, digits, '-', '_' and '.'",
        "1:nomad:job: must be the name of a job: up to 128 bytes, no spaces",
        "2:consul:least: must be a positive integer",
        "2:consul:service: must be the name of a service: up to 128 visible characters",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn every_problem_of_a_gate_is_reported_with_its_path() {
    let messages = wrong(json!([
        { "http": { "path": "healthz", "method": "PATCH", "status": 99, "interval": 0, "timeot": 1 } },
        { "tcp": { "host": "a b", "port": 65536, "timeout": "soon" } },
        { "tcp": { "host": { "ouput": "x" }, "port": { "output": "a..b" } } },
        { "http": { "url": "http://a?x=1", "path": "/", "tls": { "insecure": true } } },
        { "http": { "url": "https://a", "min_healthy_time": "10m", "headers": { "a b": "x", "X": "a\nb" } } },
    ]));
    let expected = [
        "0:http:interval: must be more than zero",
        "0:http:method: must be one of: GET, HEAD, OPTIONS, POST",
        "0:http:path: must be the path of a URL in encoded form, and begin with /",
        "0:http:status: must be a status such as 200, a class (2xx, 3xx, 4xx or 5xx), or a list of them",
        "0:http:timeot: unknown key; did you mean \"timeout\"?",
        "0:http:url: is missing: a value, or {output: NAME}",
        "1:tcp:host: must be a name or an IP address",
        "1:tcp:port: must be a port: 1 to 65535",
        "1:tcp:timeout: must be a duration: a number of seconds, or a text such as \"500ms\", \"5m\", \
         \"1h30m\"",
        "2:tcp:host: must be a value, or {output: NAME}",
        "2:tcp:host:ouput: unknown key; did you mean \"output\"?",
        "2:tcp:port:output: must be an output of this component, such as endpoint[0].url; it has an empty \
         part; write subnets[0], or zone_ids[\"foo.test\"] for a key that is not a plain word",
        "3:http:path: cannot follow a url that has a query: move the query here",
        "3:http:tls: has no meaning for an http:// address; write https://",
        "4:http:headers:X: must contain only visible ASCII characters",
        "4:http:headers:a b: must be a valid name of an HTTP header",
        "4:http:min_healthy_time: min_healthy_time (10m) is longer than healthy_deadline (5m), so the gate \
         could never pass",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn a_value_that_is_not_a_list_of_gates_is_refused_with_its_path() {
    for bad in [json!("http://a"), json!({ "http": { "url": "http://a" } }), json!(1)] {
        assert!(wrong(bad.clone())[0].starts_with("must be a list of gates"), "{bad}");
    }
    for bad in [json!("tcp"), json!({}), json!({ "tcp": {}, "http": {} }), json!(null)] {
        let messages = wrong(json!([bad]));
        assert!(messages.len() == 1 && messages[0].starts_with("0: must "), "{messages:?}");
    }
    assert_eq!(wrong(json!([{ "htttp": {} }])), ["0:htttp: unknown kind of gate; did you mean \"http\"?"]);
}

#[test]
fn a_url_is_a_scheme_a_host_a_port_and_a_path() {
    for good in ["http://a", "https://[::1]:8443/x/", "http://10.0.0.1:8080/a?b=c", "http://a/"] {
        assert_eq!(wrong(json!([{ "http": { "url": good } }])), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "",
        "a:80",
        "ftp://a",
        "http://",
        "http://a:0",
        "http://a b",
        "http://a/#x",
        "http://é/",
        "http://::1/",
    ] {
        assert_eq!(wrong(json!([{ "http": { "url": bad } }])).len(), 1, "{bad}");
    }
}

#[test]
fn plain_credentials_are_refused_and_not_shown() {
    let messages = wrong(json!([{ "http": {
        "url": "http://joe:hunter2@a", "headers": { "Authorization": "Bearer hunter2", "x-Vault-token": "hunter2" },
    } }]));
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(
        messages[0].contains("must be a reference") && messages[2].contains("a user or a password"),
        "{messages:?}"
    );
    assert!(!messages.concat().contains("hunter2"));
}

#[test]
fn an_output_that_the_components_module_does_not_declare_is_refused() {
    let health = json!([{ "http": { "url": { "output": "endpont.0" } } }, { "tcp": { "host": "a", "port": { "output": "port" } } }]);
    let messages = checked(&web(health), vec![("web", module(&[], &["endpoint"]))]).unwrap_err();
    assert_eq!(
        messages,
        [
            format!("{PLACE}:0:http:url:output: web has no output 'endpont'; its outputs: endpoint"),
            format!("{PLACE}:1:tcp:port:output: web has no output 'port'; its outputs: endpoint"),
        ]
    );
}

#[test]
fn gates_of_an_environment_replace_the_common_ones() {
    let mut infrastructure =
        web(json!([{ "tcp": { "host": "a", "port": 1 } }, { "tcp": { "host": "b", "port": 2 } }]));
    infrastructure["environments"]["staging"] =
        json!({ "components": { "web": { "health": [{ "tcp": { "host": "c", "port": 3 } }] } } });
    let gates = draft(&infrastructure).components[&name("web")].health.clone();
    assert_eq!(gates.len(), 1);
    assert_eq!(gates[0].path.to_string(), "infrastructure:environments:staging:components:web:health:0");
}
