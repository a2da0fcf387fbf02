//! TLS: which Consul Eos trusts, and which client Consul trusts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use eos::error::{Code, Result};
use eos::lock::ConsulLocks;
use eos::model::{ConsulLock, Tls};
use eos::process::Cancel;
use serde_json::json;

use super::bench::{Bench, holder, run};
use crate::support::ports::{free_port, free_ports};
use crate::support::server::{Server, program};

fn consul(folder: &Path, arguments: &[&str]) {
    let done = Command::new(program("consul").unwrap()).args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

async fn take(settings: &ConsulLock, tls: Tls) -> Result<()> {
    let consul = ConsulLocks::open(&ConsulLock { tls, ..settings.clone() }, None)?;
    consul.acquire(&holder("one"), Duration::ZERO, &Cancel::new()).await?.release().await
}

#[test]
fn an_encrypted_consul_and_eos_verify_each_others_certificates() {
    if program("consul").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    consul(folder.path(), &["tls", "ca", "create"]);
    consul(folder.path(), &["tls", "cert", "create", "-server", "-additional-ipaddress", "127.0.0.1"]);
    consul(folder.path(), &["tls", "cert", "create", "-client"]);
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let authority = file("consul-agent-ca.pem");
    let https = free_port();
    let config = json!({
        "ports": { "https": https },
        "tls": {
            "defaults": {
                "ca_file": authority,
                "cert_file": file("dc1-server-consul-0.pem"),
                "key_file": file("dc1-server-consul-0-key.pem"),
            },
            "https": { "verify_incoming": true },
        },
    });
    let Some(agent) = Server::consul_with(&config, "") else { return };
    let bench = Bench::with(Arc::new(agent), "tls");
    let settings = ConsulLock { address: format!("https://127.0.0.1:{https}"), ..bench.settings.clone() };
    let identity = Some((file("dc1-client-consul-0.pem"), file("dc1-client-consul-0-key.pem")));
    let good = Tls { ca_file: Some(authority.clone()), identity, insecure: false };
    run(async {
        take(&settings, good.clone()).await.unwrap();
        take(&settings, Tls { ca_file: None, insecure: true, ..good.clone() }).await.unwrap();
        for unknown in [Tls { ca_file: None, ..good.clone() }, Tls { identity: None, ..good.clone() }] {
            assert_eq!(take(&settings, unknown).await.unwrap_err().code, Code::LockUnreachable);
        }
        let nothing = Tls { identity: Some((authority.clone(), file("nothing"))), ..good.clone() };
        let no_certificate = Tls { ca_file: Some(file("dc1-client-consul-0-key.pem")), ..good.clone() };
        for (unusable, name) in [(nothing, "nothing"), (no_certificate, "dc1-client-consul-0-key.pem")] {
            let error = take(&settings, unusable).await.unwrap_err();
            assert_eq!(error.code, Code::LockTls);
            assert!(error.message.contains(file(name).to_str().unwrap()), "{error}");
        }
    });
}

#[test]
fn a_certificate_that_is_its_own_authority_has_a_remedy_that_works() {
    if program("consul").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    consul(folder.path(), &["tls", "ca", "create", "-additional-name-constraint", "127.0.0.1"]);
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let authority = file("consul-agent-ca.pem");
    let [https, plain] = free_ports();
    let config = json!({
        "ports": { "https": https },
        "tls": { "https": { "cert_file": authority, "key_file": file("consul-agent-ca-key.pem") } },
    });
    let Some(agent) = Server::consul_with(&config, "") else { return };
    let bench = Bench::with(Arc::new(agent), "tls");
    let settings =
        |port| ConsulLock { address: format!("https://127.0.0.1:{port}"), ..bench.settings.clone() };
    let trusting = Tls { ca_file: Some(authority.clone()), ..Tls::default() };
    run(async {
        let error = take(&settings(https), trusting.clone()).await.unwrap_err();
        assert_eq!(error.code, Code::LockUnreachable, "{error}");
        assert!(error.message.contains("CA:TRUE") && error.remedy.contains("CA:FALSE"), "{error}");
        assert!(!error.remedy.contains("Start Consul"), "{error}");
        let error = take(&settings(https), Tls::default()).await.unwrap_err();
        assert!(error.remedy.contains("infrastructure:settings:lock:tls:ca_file"), "{error}");
        let error = take(&settings(plain), trusting.clone()).await.unwrap_err();
        assert!(error.remedy.contains("Start Consul"), "nothing listens there: {error}");
    });
}
