//! Claims about which level sets a value.

use serde_json::{Value, json};

use super::super::{Content, Effect, Level, Overrides, Setter, Trace};
use super::{draft_with, name};

fn of(infrastructure: &Value, overrides: &Overrides, component: &str) -> Trace {
    Trace::of_component(infrastructure, "staging", overrides, &name(component)).unwrap()
}

fn variable(trace: &Trace, name: &str) -> Vec<(Level, &'static str, String)> {
    brief(&trace.variable(name, &[]))
}

fn key(trace: &Trace, path: &[&str]) -> Vec<(Level, &'static str, String)> {
    brief(&trace.key(&path.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()))
}

fn brief(setters: &[Setter]) -> Vec<(Level, &'static str, String)> {
    let path = |one: &Setter| one.path.as_ref().map(ToString::to_string).unwrap_or_default();
    setters.iter().map(|one| (one.level, one.effect.word(), path(one))).collect()
}

/// Every level of a component sets something.
fn levels() -> Value {
    json!({
        "settings": {
            "profile": "documents", "timeouts": { "plan": "1m", "init": "1m" }, "policy": { "protect": ["a"] },
        },
        "components": {
            "web": {
                "variables": { "size": 1, "tags": { "a": 1 }, "zone": null },
                "from_outputs": { "vpc": "net.vpc" },
                "timeouts": { "plan": "2m" },
            },
            "net": { "source": "/m" },
        },
        "environments": { "staging": {
            "settings": { "timeouts": { "apply": "3m", "init": "3m" }, "on_failure": "stop" },
            "components": { "web": {
                "variables": { "size": 2, "vpc": "v" }, "secrets": { "tags": "env:TAGS" }, "source": "/m",
            } },
        } },
    })
}

const COMMON: &str = "infrastructure:components:web";
const OWN: &str = "infrastructure:environments:staging:components:web";

#[test]
fn the_most_specific_level_that_sets_a_variable_wins_and_comes_first() {
    use Level::{Call, Component, EnvironmentComponent};
    let overrides =
        Overrides { variables: Some((name("web"), json!({ "size": 3 }))), ..Overrides::default() };
    let trace = of(&levels(), &overrides, "web");
    assert_eq!(
        variable(&trace, "size"),
        [
            (Call, "wins", "arguments:variables:size".to_owned()),
            (EnvironmentComponent, "overridden", format!("{OWN}:variables:size")),
            (Component, "overridden", format!("{COMMON}:variables:size")),
        ]
    );
    assert_eq!(
        variable(&trace, "vpc"),
        [
            (EnvironmentComponent, "wins", format!("{OWN}:variables:vpc")),
            (Component, "overridden", format!("{COMMON}:from_outputs:vpc")),
        ]
    );
    let tags = trace.variable("tags", &["a".to_owned()]);
    assert_eq!(tags[0].content, None, "a secret has no parts");
    assert_eq!((tags[0].effect.clone(), tags[1].effect.clone()), (Effect::Wins, Effect::Overridden));
    assert_eq!(tags[1].content, Some(Content::Value(json!(1))));
    assert_eq!(variable(&trace, "zone"), [(Component, "wins", format!("{COMMON}:variables:zone"))]);
    assert_eq!(trace.variables().into_iter().collect::<Vec<_>>(), ["size", "tags", "vpc", "zone"]);
}

#[test]
fn a_key_that_settings_and_components_share_comes_in_parts_from_several_levels() {
    let trace = of(&levels(), &Overrides::default(), "web");
    let timeouts = trace.key(&["timeouts".to_owned()]);
    let parts: Vec<_> = timeouts.iter().map(|one| (one.level, one.effect.clone())).collect();
    let part = |keys: &[&str]| Effect::Part(keys.iter().map(|key| (*key).to_owned()).collect());
    assert_eq!(
        parts,
        [
            (Level::Component, part(&["plan"])),
            (Level::EnvironmentSettings, part(&["apply", "init"])),
            (Level::Settings, Effect::Overridden),
        ]
    );
    assert_eq!(
        key(&trace, &["timeouts", "init"]),
        [
            (
                Level::EnvironmentSettings,
                "wins",
                "infrastructure:environments:staging:settings:timeouts:init".to_owned()
            ),
            (Level::Settings, "overridden", "infrastructure:settings:timeouts:init".to_owned()),
        ]
    );
    let on_failure = key(&trace, &["on_failure"]);
    assert_eq!(
        on_failure.iter().map(|(level, effect, _)| (*level, *effect)).collect::<Vec<_>>(),
        [(Level::EnvironmentSettings, "wins"), (Level::Profile, "overridden")]
    );
    assert_eq!(key(&trace, &["source"]), [(Level::EnvironmentComponent, "wins", format!("{OWN}:source"))]);
}

#[test]
fn what_the_profile_adds_is_its_own_level() {
    let mut pillar = levels();
    pillar["environments"]["staging"]["components"]["web"].as_object_mut().unwrap().remove("source");
    let trace = of(&pillar, &Overrides::default(), "web");
    let by_profile = (Level::Profile, "wins", "infrastructure:settings:profile".to_owned());
    assert_eq!(key(&trace, &["source"]), [by_profile]);
}

#[test]
fn a_service_has_the_levels_of_services_and_nomad_service() {
    let pillar = json!({
        "services": { "web": { "image": "a", "port": 80, "env": { "LEVEL": "info" } } },
        "nomad_service": [
            { "name": "web", "config": { "image": "b", "cpu": 100 } },
            { "name": "web", "environment": "staging", "config": { "cpu": 200 } },
        ],
        "environments": { "staging": { "services": { "web": {
            "from_outputs": { "image": "net.image" }, "secrets": { "LEVEL": "env:LEVEL" },
        } } } },
        "components": { "net": { "source": "/m" } },
    });
    let overrides =
        Overrides { variables: Some((name("nomad-web"), json!({ "cpu": 300 }))), ..Overrides::default() };
    let trace = of(&pillar, &overrides, "nomad-web");
    let effects = |name: &str| -> Vec<(Level, &'static str)> {
        variable(&trace, name).into_iter().map(|(level, effect, _)| (level, effect)).collect()
    };
    use Level::{Call, Component, EnvironmentComponent, EnvironmentNomadService, NomadService};
    assert_eq!(
        effects("image"),
        [(EnvironmentComponent, "wins"), (Component, "overridden"), (NomadService, "overridden")]
    );
    assert_eq!(
        effects("cpu"),
        [(Call, "wins"), (EnvironmentNomadService, "overridden"), (NomadService, "overridden")]
    );
    assert_eq!(effects("LEVEL"), [(EnvironmentComponent, "wins"), (Component, "overridden")]);
    assert_eq!(effects("port"), [(Component, "wins")]);
}

#[test]
fn a_text_in_the_place_of_a_reference_is_not_repeated() {
    let pillar = json!({
        "components": { "web": { "source": "/m", "secrets": { "a": "hunter2", "b": { "from": "hunter2" } } } },
        "environments": { "staging": {} },
    });
    let trace = of(&pillar, &Overrides::default(), "web");
    for variable in ["a", "b"] {
        assert_eq!(trace.variable(variable, &[])[0].content, Some(Content::Unknown));
    }
}

mod generated {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::{Content, Effect, Overrides, draft_with, name};
    use crate::model::{Input, Trace};

    /// A level: a subset of three variables, each set in one of three ways.
    fn level() -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[abc]", 0..3_usize, 0..4).prop_map(|set| {
            let mut level: Map<String, Value> = Map::new();
            for (variable, way) in set {
                let (map, value) = [
                    ("variables", json!(format!("{variable} of this level"))),
                    ("from_outputs", json!("net.out")),
                    ("secrets", json!("env:X")),
                ][way]
                    .clone();
                level.entry(map).or_insert_with(|| json!({}))[variable.as_str()] = value;
            }
            level.into()
        })
    }

    proptest! {
        #[test]
        fn exactly_one_level_wins_and_its_value_is_the_one_that_is_used(
            mut common in level(), own in level(), given in prop::option::of("[abc]"),
        ) {
            common["source"] = json!("/m");
            let pillar = json!({
                "components": { "web": common, "net": { "source": "/m" } },
                "environments": { "staging": { "components": { "web": own } } },
            });
            let variables = given.map(|variable| (name("web"), json!({ variable: "given" })));
            let overrides = Overrides { variables, ..Overrides::default() };
            let used = draft_with(&pillar, &overrides).components.remove(&name("web")).unwrap();
            let trace = Trace::of_component(&pillar, "staging", &overrides, &name("web")).unwrap();
            prop_assert!(trace.variables().iter().eq(used.inputs.keys()));
            for (variable, input) in &used.inputs {
                let setters = trace.variable(variable, &[]);
                let winners: Vec<_> = setters.iter().filter(|one| one.effect == Effect::Wins).collect();
                prop_assert_eq!(winners.len(), 1, "{:?}", setters);
                prop_assert_eq!(winners[0].path.as_ref(), used.variables.get(variable));
                let content = match input {
                    Input::Literal(value) => Content::Value(value.clone()),
                    Input::Output(one) => Content::Outputs(vec![one.to_string()]),
                    Input::Outputs(_) => unreachable!(),
                    Input::Secret(reference) => Content::Secret(reference.to_string()),
                };
                prop_assert_eq!(winners[0].content.as_ref(), Some(&content));
            }
        }
    }
}
