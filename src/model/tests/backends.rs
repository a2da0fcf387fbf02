use serde_json::{Value, json};

use super::{draft, pillar, problems};

fn wrong(backend: Value) -> Vec<String> {
    problems(&pillar(json!({ "backend": backend }), json!({})))
}

#[test]
fn arguments_of_a_backend_are_passed_unchanged() {
    let backend =
        json!({ "type": "s3", "bucket": "b", "endpoints": { "s3": "http://h" }, "use_lockfile": true });
    let read = draft(&pillar(json!({ "backend": backend }), json!({}))).settings.backend;
    assert_eq!(
        json!(read.arguments),
        json!({ "bucket": "b", "endpoints": { "s3": "http://h" }, "use_lockfile": true })
    );
}

#[test]
fn the_local_backend_takes_no_arguments() {
    assert!(wrong(json!({ "type": "local", "path": "/x" }))[0].contains("takes no arguments"));
}

#[test]
fn arguments_without_a_type_are_refused() {
    assert!(wrong(json!({ "bucket": "b" }))[0].contains("needs a type"));
    assert!(wrong(json!({ "type": 5 }))[0].contains("type: must be a text"));
}

#[test]
fn a_credential_is_refused_anywhere_in_the_pillar_and_not_shown() {
    for arguments in [
        json!({ "type": "s3", "secret_key": "hidden" }),
        json!({ "type": "s3", "assume_role_with_web_identity": { "web_identity_token": "hidden" } }),
        json!({ "type": "http", "address": "https://h", "password": "hidden" }),
        json!({ "type": "http", "address": "https://user:hidden@h/state" }),
        json!({ "type": "http", "address": "https://h", "client_private_key_pem": "hidden" }),
        json!({ "type": "azurerm", "sas_token": "hidden" }),
        json!({ "type": "gcs", "encryption_key": "hidden" }),
        json!({ "type": "kubernetes", "client_key": "hidden" }),
        json!({ "type": "pg", "conn_str": "postgres://eos:hidden@db/states" }),
        json!({ "type": "pg", "conn_str": "postgres://db/states?user=eos&password=hidden" }),
        json!({ "type": "pg", "conn_str": "host=db password = hidden" }),
    ] {
        let messages = wrong(arguments.clone());
        assert!(messages.len() == 1 && messages[0].contains("terraform:env"), "{arguments} {messages:?}");
        assert!(!messages[0].contains("hidden"), "{messages:?}");
    }
}

#[test]
fn a_connection_string_or_an_address_without_a_password_is_accepted() {
    for arguments in [
        json!({ "type": "pg", "conn_str": "postgres://eos@db:5432/states?sslmode=disable" }),
        json!({ "type": "pg", "conn_str": "host=db user=eos passfile=/run/p" }),
        json!({ "type": "http", "address": "https://h:8443/a@b:c" }),
    ] {
        assert_eq!(wrong(arguments), Vec::<String>::new());
    }
}
