use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{Component, Input, Reference, SecretDelivery, SecretKind, SecretOrigin, Source};
use super::{checked, draft, module, name, problems};

/// A pillar with one service, `web`, that has these secrets.
fn pillar(secrets: Value) -> Value {
    json!({
        "settings": { "vault": { "address": "http://v", "auth": { "method": "token", "token": "env:T" } } },
        "services": { "web": { "image": "x", "env": { "TAKEN": "1" }, "secrets": secrets } },
        "components": { "db": { "source": "/m" } },
        "environments": { "staging": {} },
    })
}

fn component(infrastructure: &Value) -> Component {
    draft(infrastructure).components[&name("nomad-web")].clone()
}

fn bearers(component: &Component) -> Vec<(&str, SecretDelivery)> {
    component.task_secrets.iter().map(|(name, secret)| (name.as_str(), secret.delivery)).collect()
}

fn secrets() -> Value {
    json!({
        "A": "vault:secret/app#token", "B": { "from": "env:B" }, "C": { "output": "db.password" },
        "D": { "generate": "hex", "key": "other" },
    })
}

#[test]
fn a_secret_comes_from_a_reference_or_an_output_or_is_generated_below_the_environments_path() {
    let read = component(&pillar(secrets()));
    let origin = |name: &str| &read.task_secrets[name].origin;
    assert!(matches!(origin("B"), SecretOrigin::Reference(Reference::Env(name)) if name == "B"));
    assert!(matches!(origin("C"), SecretOrigin::Output(output) if output.to_string() == "db.password"));
    let SecretOrigin::Generated { path, key, kind: SecretKind::Hex } = origin("D") else {
        panic!("{read:?}")
    };
    assert_eq!((path.as_str(), key.as_str()), ("secret/services/staging/web", "other"));
    assert_eq!(read.reads().map(|one| one.component.as_str()).collect::<Vec<_>>(), ["db"]);
}

#[test]
fn nomad_itself_reads_vault_secrets_if_configured_and_only_those() {
    let mut infrastructure = pillar(secrets());
    let by_variable = ["A", "B", "C", "D"].map(|name| (name, SecretDelivery::Variable));
    assert_eq!(bearers(&component(&infrastructure)), by_variable);
    infrastructure["settings"]["nomad"] = json!({ "secrets": "vault", "vault_role": "tasks" });
    let read = component(&infrastructure);
    let expected = [
        ("A", SecretDelivery::Vault),
        ("B", SecretDelivery::Variable),
        ("C", SecretDelivery::Variable),
        ("D", SecretDelivery::Vault),
    ];
    assert_eq!(bearers(&read), expected);
    let Some(Source::Service(service)) = &read.source else { panic!("{read:?}") };
    assert_eq!(service.secrets.role.as_deref(), Some("tasks"));
    assert_eq!(service.secrets.by_variable, BTreeSet::from(["B".to_owned(), "C".to_owned()]));
}

#[test]
fn a_literal_secret_is_a_sensitive_variable_of_the_module_and_not_in_nomads_variable() {
    let read = component(&pillar(json!({
        "A": { "from": "env:A", "literal": true }, "B": { "output": "db.password", "literal": true },
    })));
    assert!(read.task_secrets.is_empty());
    assert!(
        matches!(read.inputs["env_A"], Input::Secret(_)) && matches!(read.inputs["env_B"], Input::Output(_))
    );
    let Some(Source::Service(service)) = &read.source else { panic!("{read:?}") };
    assert_eq!(service.literals.len(), 2);
}

#[test]
fn a_sensitive_output_goes_into_a_job_only_on_request() {
    let mut db = module(&[], &["password"]);
    db.outputs.get_mut("password").unwrap().sensitive = true;
    let web = || ("nomad-web", module(&["env_B?"], &["job_id"]));
    let said = |secret: Value| {
        let checked = checked(&pillar(json!({ "B": secret })), vec![("db", db.clone()), web()]);
        // The other variables of its module are not of interest here.
        let said = checked.err().unwrap_or_default().into_iter();
        said.filter(|one| one.contains(":secrets:")).collect::<Vec<_>>()
    };
    assert!(said(json!({ "output": "db.password" })).is_empty());
    assert!(said(json!({ "output": "db.password", "literal": true })).is_empty());
    let lost = said(json!({ "output": "db.lost" }));
    assert_eq!(
        lost,
        ["infrastructure:services:web:secrets:B: db has no output 'lost'; its outputs: password"]
    );
}

#[test]
fn problems_of_a_secret_are_reported_with_its_path_and_without_its_value() {
    for (secrets, place, said) in [
        (json!({ "A": "hunter2" }), "A", "not the secret itself"),
        (json!({ "A": { "from": "hunter2" } }), "A:from", "not the secret itself"),
        (json!({ "A": { "generate": "password", "from": "env:X" } }), "A", "one of {from: REFERENCE}"),
        (json!({ "A": {} }), "A", "one of {from: REFERENCE}"),
        (json!({ "A": { "generate": "words" } }), "A:generate", "password, hex or base64"),
        (json!({ "A": { "from": "env:X", "key": "k" } }), "A:key", "is only for generate"),
        (json!({ "A": { "generate": "hex", "literal": true } }), "A", "remove literal"),
        (json!({ "A": { "generate": "hex", "kye": "k" } }), "A:kye", "did you mean \"key\"?"),
        (json!({ "TAKEN": "env:X" }), "TAKEN", "set twice"),
        (json!({ "A-B": "env:X" }), "A-B", "letters, digits and '_'"),
    ] {
        let messages = problems(&pillar(secrets.clone()));
        let expected = format!("infrastructure:services:web:secrets:{place}: ");
        assert!(messages.len() == 1, "{secrets}: {messages:?}");
        assert!(messages[0].starts_with(&expected) && messages[0].contains(said), "{secrets}: {messages:?}");
        assert!(!messages[0].contains("hunter2"), "{messages:?}");
    }
    let mut without = pillar(json!({ "A": { "generate": "hex" }, "B": "vault:secret/app#x" }));
    without["settings"] = json!({});
    let messages = problems(&without);
    assert!(
        messages.len() == 2 && messages.iter().all(|one| one.contains("set infrastructure:settings:vault")),
        "{messages:?}"
    );
    let mut role = pillar(json!({}));
    role["settings"]["nomad"] = json!({ "vault_role": "tasks" });
    assert!(problems(&role)[0].contains("is only for secrets: vault"), "{role}");
}

#[test]
fn a_more_specific_level_may_set_a_variable_in_another_way() {
    let mut infrastructure = pillar(json!({ "A": "env:A", "B": "env:B" }));
    infrastructure["environments"]["staging"]["services"]["web"] =
        json!({ "env": { "A": "for staging" }, "secrets": { "TAKEN": "env:TAKEN" } });
    let read = component(&infrastructure);
    assert_eq!(bearers(&read).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["B", "TAKEN"]);
    assert!(matches!(&read.inputs["env"], Input::Literal(env) if *env == json!({ "A": "for staging" })));
}
