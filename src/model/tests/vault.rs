use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{CredentialOrigin, Reference, VaultAuth, reference};
use super::{draft, pillar, problems};

fn settings(more: Value) -> Value {
    let mut settings = json!({ "vault": server(json!({ "method": "token", "token": "env:VAULT_TOKEN" })) });
    more.as_object().unwrap().iter().for_each(|(key, value)| settings[key] = value.clone());
    settings
}

fn server(auth: Value) -> Value {
    json!({ "address": "https://vault.example:8200", "auth": auth })
}

fn wrong(settings: Value) -> Vec<String> {
    problems(&pillar(settings, json!({})))
}

#[test]
fn references_are_read_and_written_the_same() {
    for text in
        ["vault:secret/a#b", "vault:secret/a/b-c_d.e#a key", "sdb://vault/secret/a?b", "env:A", "file:/a"]
    {
        assert_eq!(reference(text).unwrap().to_string(), text);
    }
    assert!(matches!(reference("vault:a/b#c#d").unwrap(), Reference::Vault { key, .. } if key == "c#d"));
}

#[test]
fn hostile_and_incomplete_references_are_refused_and_not_shown() {
    for text in [
        "vault:",
        "vault:secret/a",
        "vault:secret/a#",
        "vault:secret#a",
        "vault:/secret/a#b",
        "vault:secret//a#b",
        "vault:secret/../sys/seal#b",
        "vault:secret/./a#b",
        "vault:secret/a/#b",
        "vault:secret/a\n#b",
        "vault:secret/a#b\u{0}",
        "vault:secret/a?x=1#b",
        "vault:secret/%2e%2e/a#b",
        "vault:secret/a b#c",
        "vault:secret/\u{e4}#c",
        "sdb://",
        "sdb://profile",
        "sdb://profile/",
        "sdb:///key",
        "sdb://p/../k",
        "sdb://p/k\n",
        "sdb://p//k",
    ] {
        let reason = reference(text).unwrap_err();
        assert!(!reason.contains(text) || text == "vault:" || text == "sdb://", "{text:?}: {reason}");
    }
}

proptest! {
    #[test]
    fn an_accepted_reference_never_leaves_its_folder(rest in "[a-z./#%\\n ]{0,20}") {
        if let Ok(Reference::Vault { path, .. }) = reference(&format!("vault:{rest}")) {
            let parts: Vec<_> = path.as_str().split('/').collect();
            prop_assert!(parts.len() > 1 && parts.iter().all(|part| !["", ".", ".."].contains(part)));
            prop_assert!(path.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"%?#".contains(&byte)));
        }
    }
}

#[test]
fn every_method_is_read_with_its_defaults() {
    let auth =
        |auth| draft(&pillar(json!({ "vault": server(auth) }), json!({}))).settings.vault.unwrap().auth;
    let role = Reference::Plain("r".into());
    let secret = |name: &str| Reference::Env(name.into());
    let approle = json!({ "method": "approle", "role_id": "r", "secret_id": "env:S" });
    let expected =
        VaultAuth::AppRole { mount: "approle".into(), role_id: role.clone(), secret_id: Some(secret("S")) };
    assert_eq!(auth(approle), expected);
    let wrapped =
        json!({ "method": "wrapped", "mount": "a/b", "role_id": "r", "wrapped_secret_id": "env:W" });
    let expected = VaultAuth::Wrapped { mount: "a/b".into(), role_id: role, wrapped_secret_id: secret("W") };
    assert_eq!(auth(wrapped), expected);
    let jwt = json!({ "method": "jwt", "role": "salt", "jwt": "env:J" });
    assert_eq!(auth(jwt), VaultAuth::Jwt { mount: "jwt".into(), role: "salt".into(), jwt: secret("J") });
}

#[test]
fn all_problems_of_vault_are_reported_together_and_once() {
    let vault = json!({
        "namespace": "../x", "addres": "x", "tls": { "insecure": true },
        "auth": { "method": "approle", "secret_id": "s.literal", "jwt": "env:J", "role_id": "vault:a/b#c" },
    });
    let credentials = json!({ "hcloud": "vault:secret/h#token" });
    let messages = wrong(json!({ "vault": vault, "credentials": credentials }));
    let at = "infrastructure:settings:vault";
    let expected = [
        format!("{at}:addres: unknown key; did you mean \"address\"?"),
        format!("{at}:address: is missing"),
        format!("{at}:auth:jwt: has no meaning for the method approle"),
        format!(
            "{at}:auth:role_id: cannot be a secret of the same Vault, because it is needed for the login"
        ),
        format!("{at}:auth:secret_id: must be a reference"),
        format!("{at}:namespace: must be names"),
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
    for (said, expected) in messages.iter().zip(expected) {
        assert!(said.starts_with(&expected), "{said}");
    }
    assert!(!messages.concat().contains("s.literal"));
    let none = wrong(json!({ "vault": server(json!({ "method": "aprole" })) }));
    assert_eq!(none, [format!("{at}:auth:method: \"aprole\" does not exist; did you mean \"approle\"?")]);
}

#[test]
fn a_vault_reference_needs_the_vault_settings_wherever_it_is_used() {
    let gate = json!({ "http": { "url": "http://x", "headers": { "Authorization": "vault:a/b#c" } } });
    let hook = json!({ "webhook": { "url": "http://x", "headers": { "Authorization": "vault:a/b#c" } } });
    let net = json!({
        "source": "/m", "secrets": { "given": "vault:a/b#c" }, "health": [gate], "credentials": { "b2": true },
        "hooks": [hook],
    });
    let settings = json!({
        "terraform": { "env": { "A": "vault:a/b#c" } }, "nomad": { "token": "vault:a/b#c" },
        "consul": { "token": "vault:a/b#c" },
        "credentials": { "aws": "vault:a/b" },
    });
    let messages = problems(&pillar(settings.clone(), json!({ "net": net })));
    let places: Vec<_> = messages.iter().map(|one| one.split(": is in Vault").next().unwrap()).collect();
    let expected = [
        "components:net:credentials:b2",
        "components:net:health:0:http:headers:Authorization",
        "components:net:hooks:0:webhook:headers:Authorization",
        "components:net:secrets:given",
        "settings:consul:token",
        "settings:credentials:aws",
        "settings:nomad:token",
        "settings:terraform:env:A",
    ];
    assert_eq!(places, expected.map(|place| format!("infrastructure:{place}")), "{messages:#?}");
    let told = super::super::read(
        &pillar(self::settings(settings), json!({ "net": net })),
        "staging",
        &Default::default(),
    );
    assert!(told.1.is_empty(), "{:?}", told.1);
}

#[test]
fn the_token_of_a_lock_cannot_be_a_secret_in_vault_or_sdb() {
    for token in ["vault:a/b#c", "sdb://p/k"] {
        let messages = wrong(settings(json!({ "lock": { "type": "consul", "token": token } })));
        let expected = "infrastructure:settings:lock:token: must be env:NAME or file:/path";
        assert!(messages.len() == 1 && messages[0].starts_with(expected), "{messages:?}");
    }
}

#[test]
fn credentials_are_read_by_provider_and_those_of_a_component_win() {
    let shared = json!({ "hcloud": true, "aws": "vault:x/aws", "nomad": "env:N", "azurerm": {} });
    let net = json!({ "source": "/m", "credentials": { "hcloud": false, "aws": "vault:y/aws" } });
    let read = draft(&pillar(settings(json!({ "credentials": shared })), json!({ "net": net })));
    let path = |credentials: &std::collections::BTreeMap<_, super::super::Credential>, name: &str| {
        match &credentials[name].origin {
            CredentialOrigin::Path(path) => path.to_string(),
            CredentialOrigin::Value(reference) => reference.to_string(),
        }
    };
    let (shared, own) = (&read.settings.credentials, &read.components[&super::name("net")].credentials);
    assert_eq!(path(shared, "hcloud"), "secret/hetzner/api_token");
    assert_eq!(path(shared, "azurerm"), "secret/azure/client_secret");
    assert_eq!((path(shared, "aws"), path(own, "aws")), ("x/aws".to_owned(), "y/aws".to_owned()));
    assert_eq!(path(own, "nomad"), "env:N");
    assert!(!own.contains_key("hcloud"));
}

#[test]
fn contradictory_credentials_are_refused() {
    let credentials = json!({
        "hclud": true, "aws": "vault:secret/aws#key", "nomad": "s.literal", "b2": 1, "consul": "vault:x",
        "hcloud": "env:H",
    });
    let terraform = json!({ "env": { "HCLOUD_TOKEN": "env:H" } });
    let messages = wrong(settings(json!({ "credentials": credentials, "terraform": terraform })));
    let expected = [
        "aws: aws needs several values",
        "b2: must be a reference",
        "consul: vault: must be followed by mount/path",
        "hcloud: HCLOUD_TOKEN is also set in settings:terraform",
        "hclud: no credentials are known for this provider; did you mean \"hcloud\"?",
        "nomad: must be a reference",
    ];
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
    for (said, expected) in messages.iter().zip(expected) {
        assert!(said.starts_with(&format!("infrastructure:settings:credentials:{expected}")), "{said}");
    }
}
