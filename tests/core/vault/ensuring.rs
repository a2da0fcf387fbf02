//! Secrets of services: missing ones are generated, and parallel calls agree on one value.

use std::collections::BTreeMap;

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

fn path(mount: &str) -> VaultPath {
    VaultPath::of_service(mount, "staging", "grafana").unwrap()
}

fn versioned(bench: &Bench) -> Value {
    bench.data("secret/data/services/staging/grafana")
}

#[test]
fn what_is_missing_is_made_once_and_what_is_there_stays() {
    let Some(bench) = Bench::new() else { return };
    bench.put("services/staging/grafana", json!({ "admin_password": "chosen", "other": "left" }));
    run(async {
        let vault = open(&bench).await;
        let made = vault.ensure(&path("secret"), &wanted()).await.unwrap();
        assert_eq!(made.iter().collect::<Vec<_>>(), ["salt", "secret_key"]);
        let first = versioned(&bench);
        assert_eq!(
            (&first["data"]["admin_password"], &first["data"]["other"]),
            (&json!("chosen"), &json!("left"))
        );
        assert_eq!(first["data"]["secret_key"].as_str().unwrap().len(), 64);
        assert!(vault.ensure(&path("secret"), &wanted()).await.unwrap().is_empty());
        assert_eq!(versioned(&bench), first);
    });
}

#[test]
fn several_at_once_agree_on_one_value() {
    let Some(bench) = Bench::new() else { return };
    run(async {
        let (one, other) = (open(&bench).await, open(&bench).await);
        for mount in ["secret", "old"] {
            let (path, wanted) = (path(mount), wanted());
            let all = futures_util::future::join_all((0..8).map(async |number| {
                let vault = if number % 2 == 0 { &one } else { &other };
                vault.ensure(&path, &wanted).await.unwrap()
            }));
            let made = all.await.into_iter().filter(|made| made.len() == 3).count();
            assert!(made >= 1 && (mount == "old" || made == 1), "{mount}: {made} made them");
        }
    });
    assert_eq!(versioned(&bench)["metadata"]["version"], 1, "the first write is the only one");
    let plain = bench.data("old/services/staging/grafana");
    assert_eq!(plain.as_object().unwrap().len(), 3);
}

#[test]
fn secrets_that_somebody_deleted_are_not_made_anew_and_no_other_engine_is_written_to() {
    let Some(bench) = Bench::new() else { return };
    bench.put("services/staging/grafana", json!({ "admin_password": "chosen" }));
    bench.vault.call("DELETE", "/v1/secret/data/services/staging/grafana", "");
    run(async {
        let vault = open(&bench).await;
        assert_eq!(vault.ensure(&path("secret"), &wanted()).await.unwrap_err().code, "secret_deleted");
        let leased = VaultPath::new("leased/creds/app").unwrap();
        bench.leased("app", json!({ "ttl": "1h" }));
        assert_eq!(vault.ensure(&leased, &wanted()).await.unwrap_err().code, "vault_refused");
        assert!(bench.users().is_empty());
    });
}
