use std::time::Duration;

use serde_json::{Value, json};

use super::super::{ConsulLock, LockSettings, Overrides, Reference, Tls, read};
use super::{draft, pillar, problems, said};

fn lock(lock: Value) -> LockSettings {
    draft(&pillar(json!({ "lock": lock }), json!({}))).settings.lock
}

fn consul(mut rest: Value) -> ConsulLock {
    rest["type"] = json!("consul");
    match lock(rest) {
        LockSettings::Consul(lock) => *lock,
        LockSettings::File => panic!("a consul lock was read as a file lock"),
    }
}

/// The problems of a Consul lock, without the path of the settings.
fn wrong(mut rest: Value) -> Vec<String> {
    rest["type"] = json!("consul");
    let messages = problems(&pillar(json!({ "lock": rest }), json!({})));
    messages
        .iter()
        .map(|line| line.strip_prefix("infrastructure:settings:lock:").unwrap().to_owned())
        .collect()
}

#[test]
fn a_pillar_without_lock_settings_uses_file_locks() {
    for nothing in [json!(null), json!({}), json!({ "type": "file" })] {
        assert_eq!(lock(nothing), LockSettings::File);
    }
}

#[test]
fn a_consul_lock_has_the_documented_defaults() {
    let expected = ConsulLock {
        address: "http://127.0.0.1:8500".to_owned(),
        token: None,
        ttl: Duration::from_secs(30),
        lock_delay: Duration::from_secs(15),
        prefix: "terraform".to_owned(),
        tls: Tls::default(),
    };
    assert_eq!(consul(json!({})), expected);
}

#[test]
fn a_consul_lock_is_read_as_it_is_written() {
    let read = consul(json!({
        "address": "https://consul.example:8501/", "token": "env:TOKEN", "ttl": "1m", "lock_delay": 0,
        "prefix": "a/b", "tls": { "ca_file": "/ca", "cert_file": "/cert", "key_file": "/key" },
    }));
    let expected = ConsulLock {
        address: "https://consul.example:8501".to_owned(),
        token: Some(Reference::Env("TOKEN".to_owned())),
        ttl: Duration::from_secs(60),
        lock_delay: Duration::ZERO,
        prefix: "a/b".to_owned(),
        tls: Tls {
            ca_file: Some("/ca".into()),
            identity: Some(("/cert".into(), "/key".into())),
            insecure: false,
        },
    };
    assert_eq!(read, expected);
}

#[test]
fn every_problem_of_a_lock_is_reported_with_its_path() {
    let messages = wrong(json!({
        "address": "consul:8500", "ttl": "5s", "lock_delay": "2m", "prefix": "/x", "adress": 1,
        "tls": { "ca_file": "ca.pem", "cert_file": "/cert", "ca": 1 },
    }));
    let expected = [
        "address: must begin with http:// or https://",
        "adress: unknown key; did you mean \"address\"?",
        "lock_delay: must be at most 60 s: Consul refuses more",
        "prefix: must be names of letters, digits, '.', '_' and '-', separated by single slashes",
        "tls: cert_file and key_file must be set together",
        "tls:ca: unknown key; there are: cert_file, key_file, ca_file, insecure",
        "tls:ca_file: must be an absolute path",
        "ttl: must be from 10 s to 86400 s: Consul refuses other values",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn a_ttl_outside_of_consuls_range_is_refused() {
    for good in [10, 86_400] {
        assert_eq!(wrong(json!({ "ttl": good })), Vec::<String>::new());
    }
    for bad in [json!(9), json!(86_401), json!("9999ms"), json!(0)] {
        assert_eq!(wrong(json!({ "ttl": bad })).len(), 1);
    }
}

#[test]
fn a_key_of_a_consul_lock_is_refused_beside_a_file_lock() {
    for kind in [json!("file"), json!(null)] {
        let messages = problems(&pillar(json!({ "lock": { "type": kind, "ttl": 30 } }), json!({})));
        assert_eq!(messages, ["infrastructure:settings:lock:ttl: is only for a lock of the type consul"]);
    }
}

#[test]
fn a_plain_token_is_refused_and_not_shown() {
    let messages = wrong(json!({ "token": "hunter2" }));
    assert!(messages.len() == 1 && messages[0].starts_with("token: must be a reference"), "{messages:?}");
    assert!(!messages[0].contains("hunter2"));
}

#[test]
fn a_password_in_an_address_is_refused_and_not_shown() {
    let messages = wrong(json!({ "address": "http://joe:hunter2@consul:8500" }));
    assert!(
        messages.len() == 1 && messages[0].starts_with("address: must not contain a user"),
        "{messages:?}"
    );
    assert!(!messages[0].contains("hunter2"));
}

#[test]
fn an_address_is_a_scheme_a_host_and_a_port() {
    for good in ["http://consul", "http://[::1]:8500", "https://10.0.0.1:8501", "http://a-b.c_d:1/"] {
        assert_eq!(wrong(json!({ "address": good })), Vec::<String>::new(), "{good}");
    }
    for bad in
        ["", "http://", "http://a:0", "http://a:65536", "http://a/v1", "http://a b", "http://::1", "ftp://a"]
    {
        assert_eq!(wrong(json!({ "address": bad })).len(), 1, "{bad}");
    }
}

#[test]
fn a_prefix_gives_exactly_one_key() {
    for bad in ["", "a//b", "a/", "/a", "..", "a/../b", "a b", "a%2f", "é"] {
        assert_eq!(wrong(json!({ "prefix": bad })).len(), 1, "{bad}");
    }
}

#[test]
fn tls_for_an_address_without_tls_is_refused() {
    let tls = json!({ "insecure": true });
    assert_eq!(wrong(json!({ "tls": tls })).len(), 1);
    assert_eq!(wrong(json!({ "address": "https://a", "tls": tls })), Vec::<String>::new());
    assert_eq!(
        wrong(json!({ "address": "https://a", "tls": { "insecure": true, "ca_file": "/a" } })).len(),
        1
    );
}

#[test]
fn a_lock_of_another_type_is_refused_where_it_is_set() {
    let mut infrastructure = pillar(json!({ "lock": { "type": "consul", "ttl": 10 } }), json!({}));
    infrastructure["environments"]["staging"] = json!({ "settings": { "lock": { "type": "consule" } } });
    let (_, found) = read(&infrastructure, "staging", &Overrides::default());
    let expected = "infrastructure:environments:staging:settings:lock:type: unknown type of lock \"consule\"; \
                    did you mean \"consul\"?";
    assert_eq!(said(found), [expected]);
}

#[test]
fn an_environment_with_file_locks_inherits_no_consul_lock_settings() {
    let mut infrastructure = pillar(json!({ "lock": { "type": "consul", "ttl": 10 } }), json!({}));
    infrastructure["environments"]["staging"] = json!({ "settings": { "lock": { "type": "file" } } });
    assert_eq!(draft(&infrastructure).settings.lock, LockSettings::File);
}
