//! Secrets of services: missing ones are generated, and parallel calls agree on one value.

use std::collections::BTreeMap;

use eos::error::Code;
use eos::model::{RETRY_FOR, Reference, SecretKind, VaultAuth, VaultPath, VaultServer};
use eos::vault::{Login, Vault};
use serde_json::{Value, json};

use super::bench::Bench;
use crate::support::server::VAULT_TOKEN;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn open(bench: &Bench) -> std::sync::Arc<Vault> {
    let server = VaultServer {
        address: bench.address(),
        namespace: None,
        tls: Default::default(),
        auth: VaultAuth::Token { token: Reference::Env("UNUSED".into()) },
        services: "secret".into(),
        retry_for: RETRY_FOR,
    };
    Vault::open(&server, Login::Token(VAULT_TOKEN.into())).await.unwrap()
}

fn wanted() -> BTreeMap<String, SecretKind> {
    [("admin_password", SecretKind::Password), ("secret_key", SecretKind::Hex), ("salt", SecretKind::Base64)]
        .map(|(key, kind)| (key.to_owned(), kind))
        .into()
}

fn path(bench: &Bench, mount: &str) -> VaultPath {
    VaultPath::of_service(mount, "staging", bench.name).unwrap()
}

/// The path of the service's secrets in the HTTP interface.
fn kept(bench: &Bench, store: &str) -> String {
    format!("{store}/services/staging/{}", bench.name)
}

fn versioned(bench: &Bench) -> Value {
    bench.data(&kept(bench, "secret/data"))
}

#[test]
fn missing_secrets_are_generated_once_and_existing_ones_stay() {
    let Some(bench) = Bench::new("made-once") else { return };
    let chosen = json!({ "data": { "admin_password": "chosen", "other": "left" } });
    bench.post(&kept(&bench, "secret/data"), &chosen);
    run(async {
        let vault = open(&bench).await;
        let made = vault.ensure(&path(&bench, "secret"), &wanted()).await.unwrap();
        assert_eq!(made.iter().collect::<Vec<_>>(), ["salt", "secret_key"]);
        let first = versioned(&bench);
        assert_eq!(
            (&first["data"]["admin_password"], &first["data"]["other"]),
            (&json!("chosen"), &json!("left"))
        );
        assert_eq!(first["data"]["secret_key"].as_str().unwrap().len(), 64);
        assert!(vault.ensure(&path(&bench, "secret"), &wanted()).await.unwrap().is_empty());
        assert_eq!(versioned(&bench), first);
    });
}

#[test]
fn parallel_generators_agree_on_one_value() {
    let Some(bench) = Bench::new("made-by-several") else { return };
    run(async {
        let (one, other) = (open(&bench).await, open(&bench).await);
        let old = format!("{}-old", bench.name);
        for mount in ["secret", &old] {
            let (path, wanted) = (path(&bench, mount), wanted());
            let all = futures_util::future::join_all((0..8).map(async |number| {
                let vault = if number % 2 == 0 { &one } else { &other };
                vault.ensure(&path, &wanted).await.unwrap()
            }));
            let made = all.await.into_iter().filter(|made| made.len() == 3).count();
            assert!(made >= 1 && (mount == old || made == 1), "{mount}: {made} made them");
        }
    });
    assert_eq!(versioned(&bench)["metadata"]["version"], 1, "the first write is the only one");
    let plain = bench.data(&kept(&bench, &format!("{}-old", bench.name)));
    assert_eq!(plain.as_object().unwrap().len(), 3);
}

#[test]
fn of_parallel_rotations_one_begins_and_its_end_leaves_the_new_value_alone() {
    let Some(bench) = Bench::new("rotated-by-several") else { return };
    let wanted = BTreeMap::from([("salt".to_owned(), SecretKind::Base64)]);
    let both = |values: &Value| (values["salt"].clone(), values["salt_previous"].clone());
    run(async {
        let (one, other) = (open(&bench).await, open(&bench).await);
        let old = format!("{}-old", bench.name);
        for mount in ["secret", &old] {
            let path = path(&bench, mount);
            let values = || match mount {
                "secret" => versioned(&bench)["data"].clone(),
                _ => bench.data(&kept(&bench, mount)),
            };
            one.ensure(&path, &wanted).await.unwrap();
            let (first, _) = both(&values());
            // Version 1 has no conditional write, so they come one after the other there.
            let rounds = if mount == "secret" { 8 } else { 1 };
            let all = futures_util::future::join_all((0..rounds).map(async |number| {
                let vault = if number % 2 == 0 { &one } else { &other };
                vault.begin_rotation(&path, &wanted, &format!("run-{number}"), false).await.unwrap()
            }));
            let begun: Vec<_> =
                all.await.into_iter().enumerate().filter(|(_, begun)| begun.is_ok()).collect();
            let [(number, _)] = begun.as_slice() else { panic!("{mount}: {} have begun", begun.len()) };
            let (second, previous) = both(&values());
            assert!(second != first && previous == first, "{mount}");
            assert!(one.begin_rotation(&path, &wanted, "later", false).await.unwrap().is_err(), "{mount}");
            let run_id = format!("run-{number}");
            assert!(!other.end_rotation(&path, "later", false).await.unwrap(), "{mount}");
            assert!(other.end_rotation(&path, &run_id, false).await.unwrap(), "{mount}");
            assert!(!other.end_rotation(&path, &run_id, false).await.unwrap(), "{mount}: it has ended");
            assert_eq!(values(), json!({ "salt": second }), "{mount}");
        }
    });
}

#[test]
fn deleted_secrets_are_not_generated_again_and_no_other_engine_is_written() {
    let Some(bench) = Bench::new("made-before") else { return };
    bench.post(&kept(&bench, "secret/data"), &json!({ "data": { "admin_password": "chosen" } }));
    bench.vault.call("DELETE", &format!("/v1/{}", kept(&bench, "secret/data")), "");
    run(async {
        let vault = open(&bench).await;
        assert_eq!(
            vault.ensure(&path(&bench, "secret"), &wanted()).await.unwrap_err().code,
            Code::SecretDeleted
        );
        let leased = VaultPath::new(&format!("{}-leased/creds/app", bench.name)).unwrap();
        bench.leased("app", json!({ "ttl": "1h" }));
        assert_eq!(vault.ensure(&leased, &wanted()).await.unwrap_err().code, Code::VaultRefused);
        assert!(bench.users().is_empty());
    });
}
