use serde_json::{Value, json};

use super::super::reference::{output, reference};
use super::super::{Input, OutputRef, Reference, Source, Template};
use super::{draft, name, pillar, problems};

fn wrong(component: Value) -> Vec<String> {
    problems(&pillar(json!({}), json!({ "net": component })))
}

fn source(text: &str) -> Source {
    let read = draft(&pillar(json!({}), json!({ "net": { "source": text } })));
    read.components[&name("net")].source.clone().unwrap()
}

#[test]
fn a_source_is_a_folder_of_salt_or_of_this_host_with_a_subfolder() {
    let salt = |url: &str, subdir: &str| Source::Salt { url: url.to_owned(), subdir: subdir.to_owned() };
    assert_eq!(source("salt://components/net"), salt("salt://components/net", ""));
    assert_eq!(source("salt://all/modules//net/v2/"), salt("salt://all/modules", "net/v2"));
    assert_eq!(source("/srv/m/"), Source::Path { root: "/srv/m".into(), subdir: String::new() });
    assert_eq!(source("/srv/m//net"), Source::Path { root: "/srv/m".into(), subdir: "net".to_owned() });
}

#[test]
fn a_source_that_is_relative_or_empty_or_leaves_its_root_is_refused() {
    for text in [
        "",
        "net",
        "./net",
        "/",
        "//net",
        "salt://",
        "salt:///net",
        "salt://a/../b",
        "/srv/..",
        "/srv//../x",
        "https://example.com/m",
        "git::ssh://h/m",
        "salt://a\nb",
        "/srv/\0",
    ] {
        let messages = wrong(json!({ "source": text }));
        assert!(
            messages.len() == 1 && messages[0].starts_with("infrastructure:components:net:source: "),
            "{text:?} {messages:?}"
        );
    }
}

#[test]
fn a_component_without_a_source_gets_a_suggestion() {
    let mut infrastructure = pillar(json!({}), json!({ "boundary": { "source": "/m" } }));
    infrastructure["environments"]["staging"] = json!({ "components": { "boundry": { "enabled": true } } });
    assert_eq!(
        problems(&infrastructure),
        [
            "infrastructure:environments:staging:components:boundry: a component without a source; did you mean \"boundary\"?"
        ]
    );
}

#[test]
fn no_component_is_omitted_silently() {
    for component in
        [json!(null), json!({}), json!({ "salt": {} }), json!({ "salt": null }), json!([]), json!("x")]
    {
        assert_eq!(wrong(component.clone()).len(), 1, "{component}");
    }
}

#[test]
fn the_keys_of_a_component_are_read() {
    let component = json!({
        "source": "/m", "template": "jinja", "enabled": false, "depends_on": ["dns", "*"],
        "variables": { "big": 1 }, "secrets": { "key": "file:/run/key" },
        "from_outputs": { "one": "dns.zones.0.id", "many": ["dns.a", "dns.b"] },
    });
    let read = draft(&pillar(json!({}), json!({ "net": component, "dns": { "source": "/m" } })));
    let net = &read.components[&name("net")];
    assert_eq!((net.template, net.enabled), (Some(Template::Jinja), false));
    assert!(net.depends_on.everything && net.depends_on.names == [name("dns")].into());
    let of_dns = |output: &str, path: &[&str]| OutputRef {
        component: name("dns"),
        output: output.to_owned(),
        path: path.iter().map(|part| (*part).to_owned()).collect(),
    };
    assert_eq!(net.inputs["one"], Input::Output(of_dns("zones", &["0", "id"])));
    assert_eq!(net.inputs["many"], Input::Outputs(vec![of_dns("a", &[]), of_dns("b", &[])]));
    assert_eq!(net.inputs["key"], Input::Secret(Reference::File("/run/key".into())));
}

#[test]
fn every_problem_of_a_component_is_reported_with_its_path() {
    let messages = wrong(json!({
        "source": 5, "template": "mako", "enabled": "yes", "depends_on": ["A"], "surce": "/m",
        "from_outputs": { "x": "dns", "y": 5 }, "variables": [], "policy": { "allow_destory": true },
    }));
    let places: Vec<_> = messages
        .iter()
        .map(|one| one.trim_start_matches("infrastructure:components:net:").split(": ").next().unwrap())
        .collect();
    let expected = [
        "depends_on",
        "enabled",
        "from_outputs:x",
        "from_outputs:y",
        "policy:allow_destory",
        "source",
        "surce",
        "template",
        "variables",
    ];
    assert_eq!(places, expected, "{messages:?}");
}

#[test]
fn a_secret_in_the_pillar_is_refused_and_not_shown() {
    for value in [json!("hunter2"), json!({ "a": "hunter2" }), json!("vault:hunter2"), json!("env:hunter2!")]
    {
        let messages = wrong(json!({ "source": "/m", "secrets": { "key": value } }));
        assert!(messages.len() == 1 && messages[0].contains(":secrets:key: "), "{messages:?}");
        assert!(!messages[0].contains("hunter2"), "{messages:?}");
    }
}

#[test]
fn a_number_larger_than_a_machine_word_is_not_changed() {
    let big: Value = serde_json::from_str("1180591620717411303424").unwrap();
    let read = draft(&pillar(json!({}), json!({ "net": { "source": "/m", "variables": { "big": big } } })));
    assert_eq!(read.components[&name("net")].inputs["big"], Input::Literal(big));
}

#[test]
fn a_reference_is_recognised_by_its_prefix() {
    assert_eq!(reference("env:A_1"), Ok(Reference::Env("A_1".to_owned())));
    assert_eq!(reference("file:/a b"), Ok(Reference::File("/a b".into())));
    assert_eq!(reference("plain"), Ok(Reference::Plain("plain".to_owned())));
    for bad in ["env:", "env:A B", "env:A=B", "file:", "file:relative", "vault:a/b", "sdb://p"] {
        assert!(reference(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_output_is_named_by_its_component_and_no_part_is_empty() {
    assert_eq!(output("a.b.0.c").unwrap().path, ["0", "c"]);
    for bad in ["", "a", "a.", ".b", "a..b", "a.b.", "A.b", "a.b..c"] {
        assert!(output(bad).is_err(), "{bad}");
    }
}
