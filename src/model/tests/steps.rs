use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Value, json};

use super::{checked, draft, module, name, pillar, problems};
use crate::model::{Batch, MinionTarget, SaltCall, SaltStep};

fn step(salt: Value) -> SaltStep {
    let read = draft(&pillar(json!({}), json!({ "post": { "salt": salt } })));
    let component = &read.components[&name("post")];
    assert_eq!(component.source, None);
    component.step.clone().unwrap()
}

fn said(component: Value) -> Vec<String> {
    problems(&pillar(json!({}), json!({ "post": component })))
}

#[test]
fn states_and_functions_are_read_with_their_defaults() {
    let read = step(json!({ "target": "web*", "sls": "web.post" }));
    assert_eq!(read.target, MinionTarget { kind: "glob", pattern: "web*".to_owned() });
    assert_eq!(read.what, SaltCall::States { sls: vec!["web.post".to_owned()], pillar: Default::default() });
    assert_eq!((read.timeout, read.batch), (Duration::from_secs(600), None));
    let read = step(json!({
        "target": ["a", "b"], "target_type": "list", "function": "service.restart", "args": ["nginx", 1],
        "kwargs": { "full": true }, "timeout": "30s", "batch": "25%",
    }));
    assert_eq!(read.target, MinionTarget { kind: "list", pattern: "a,b".to_owned() });
    assert_eq!((read.timeout, read.batch), (Duration::from_secs(30), Some(Batch::Percent(25))));
    let SaltCall::Function { name, args, kwargs } = &read.what else { panic!("{read:?}") };
    assert_eq!((name.as_str(), args), ("service.restart", &vec![json!("nginx"), json!(1)]));
    assert_eq!(kwargs["full"], json!(true));
    assert!(!read.what.is_states());
    assert!(step(json!({ "target": "*", "function": "state.highstate" })).what.is_states());
}

#[test]
fn a_batch_is_never_empty() {
    assert_eq!(Batch::Percent(10).of(3), 1);
    assert_eq!(Batch::Percent(50).of(9), 4);
    assert_eq!(Batch::Minions(NonZeroUsize::new(2).unwrap()).of(9), 2);
}

#[test]
fn all_problems_of_a_step_are_reported_together() {
    let messages = said(json!({
        "source": "/m", "variables": { "a": 1 }, "secrets": { "b": "env:B" }, "backend": { "type": "local" },
        "credentials": { "hcloud": "env:H" },
        "salt": {
            "target": "", "target_type": "regex", "sls": ["a b"], "args": [1], "timeout": 0, "batch": "0%",
            "pillar": { "test": true }, "tgt": "*",
        },
    }));
    let places: Vec<_> = messages
        .iter()
        .map(|line| line.strip_prefix("infrastructure:components:post:").unwrap().split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "backend",
            "credentials",
            "salt:args",
            "salt:batch",
            "salt:pillar:test",
            "salt:sls",
            "salt:target",
            "salt:target_type",
            "salt:tgt",
            "salt:timeout",
            "secrets",
            "source",
            "variables",
        ],
        "{messages:#?}"
    );
}

#[test]
fn a_step_needs_a_target_and_one_thing_to_do() {
    let nothing = said(json!({ "salt": { "timeout": 5 } }));
    assert_eq!(nothing.len(), 2, "{nothing:?}");
    assert!(nothing[0].starts_with("infrastructure:components:post:salt: needs sls"), "{nothing:?}");
    assert!(nothing[1].starts_with("infrastructure:components:post:salt:target: is missing"), "{nothing:?}");
    let both = said(json!({ "salt": { "target": "*", "sls": "a", "function": "test.ping" } }));
    assert_eq!(both, ["infrastructure:components:post:salt:function: sls and function exclude each other"]);
    let empty = said(json!({ "salt": {} }));
    assert!(empty[0].contains("a component without a source"), "{empty:?}");
}

#[test]
fn an_empty_value_of_a_wrong_kind_is_refused_too() {
    let salt = json!({ "target": "web*", "sls": "web" });
    for (key, empty) in [("source", json!({})), ("variables", json!([])), ("data", json!({}))] {
        assert_eq!(said(json!({ "salt": salt, key: empty })).len(), 1, "{key}");
    }
    let nothing = json!({ "salt": salt, "variables": {}, "policy": {}, "data": [], "source": null });
    assert_eq!(said(nothing), Vec::<String>::new());
}

#[test]
fn a_step_reads_outputs_and_gives_none() {
    let infrastructure = pillar(
        json!({}),
        json!({
            "net": { "source": "/net" },
            "post": {
                "salt": { "target": "*", "sls": "a", "pillar": { "cidr": 1 } },
                "from_outputs": { "cidr": "net.cidr", "lost": "net.lost", "key": "net.key", "test": "net.cidr" },
            },
            "after": { "salt": { "target": "*", "sls": "a" }, "from_outputs": { "x": "post.y" } },
        }),
    );
    let mut net = module(&[], &["cidr", "key"]);
    net.outputs.get_mut("key").unwrap().sensitive = true;
    let messages = checked(&infrastructure, vec![("net", net)]).unwrap_err();
    let expected = [
        "components:after:from_outputs:x: post has no output 'y'; its outputs: none",
        "components:post:from_outputs:cidr: is set twice: here and in salt:pillar",
        "components:post:from_outputs:key: is a sensitive output, and Salt stores the arguments of a job",
        "components:post:from_outputs:lost: net has no output 'lost'; its outputs: cidr, key",
        "components:post:from_outputs:test: test is set by Eos",
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
    for (found, expected) in messages.iter().zip(expected) {
        assert!(found.starts_with(&format!("infrastructure:{expected}")), "{found}");
    }
}

#[test]
fn a_step_is_ordered_like_a_module() {
    let infrastructure = pillar(
        json!({}),
        json!({
            "net": { "source": "/net", "depends_on": ["before"] },
            "before": { "salt": { "target": "*", "sls": "a" } },
            "post": { "salt": { "target": "*", "sls": "a" }, "from_outputs": { "cidr": "net.cidr" } },
        }),
    );
    let blueprint = checked(&infrastructure, vec![("net", module(&[], &["cidr"]))]).unwrap();
    assert_eq!(blueprint.graph.order(), [name("before"), name("net"), name("post")]);
    let step = blueprint.nodes[&name("post")].component.step.as_ref().unwrap();
    assert!(step.what.is_states());
}

#[test]
fn an_environment_can_change_only_the_target_of_a_step() {
    let mut infrastructure = pillar(
        json!({}),
        json!({ "post": { "salt": { "target": "web*", "sls": "a", "pillar": { "a": 1 } } } }),
    );
    infrastructure["environments"]["staging"]["components"] =
        json!({ "post": { "salt": { "target": "stage*", "pillar": { "b": 2 } } } });
    let read = draft(&infrastructure);
    let step = read.components[&name("post")].step.clone().unwrap();
    assert_eq!(step.target.pattern, "stage*");
    let SaltCall::States { sls, pillar } = step.what else { panic!() };
    assert_eq!((sls, json!(pillar)), (vec!["a".to_owned()], json!({ "a": 1, "b": 2 })));
}
