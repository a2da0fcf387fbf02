//! Certificates that Eos refuses: what it says, and that nothing was changed.

use serde_json::{Value, json};

use crate::support::Site;
use crate::support::server::{Authority, Front};
use crate::support::world::World;

/// What each server is for a run, and the place of its settings.
const SERVERS: [&str; 4] = ["lock", "nomad", "consul", "vault"];

/// A site that uses this server at this address.
fn site(world: &World, server: &str, address: &str, tls: &Value) -> Site {
    let mut site = Site::with_net();
    let settings = &mut site.infrastructure["settings"];
    settings["terraform"] = json!({ "cli_config_file": world.cli_config() });
    settings[server] = json!({ "address": address, "tls": tls });
    match server {
        "lock" => settings["lock"]["type"] = json!("consul"),
        "nomad" => {
            settings["nomad"]["retry_for"] = json!("0s");
            site.infrastructure["services"]["web"] = json!({
                "driver": "mock_driver", "config": { "run_for": "1h" }, "cpu": 20, "memory": 20,
            });
        }
        "consul" => {
            let gate =
                json!({ "consul": { "service": "web", "healthy_deadline": "1s", "min_healthy_time": "0s" } });
            site.infrastructure["components"]["net"]["health"] = json!([gate]);
        }
        _ => {
            settings["vault"]["auth"] = json!({ "method": "token", "token": "env:PATH" });
            settings["vault"]["retry_for"] = json!("0s");
            let source = site.infrastructure["components"]["net"]["source"].as_str().unwrap().to_owned();
            std::fs::write(
                std::path::Path::new(&source).join("main.tf"),
                "variable \"given\" {}\nresource \"terraform_data\" \"net\" {}\n",
            )
            .unwrap();
            site.infrastructure["components"]["net"]["secrets"] =
                json!({ "given": "vault:secret/net#password" });
        }
    }
    site
}

#[test]
fn an_unknown_authority_an_expired_certificate_and_one_for_another_name_say_what_to_do() {
    let Some(world) = World::new() else { return };
    let (Some(authority), Some(other)) = (Authority::new(), Authority::new()) else { return };
    let Some(expired) = authority.expired() else { return };
    let (own, server) = (authority.client(), authority.server(&["global"]));
    let with = |ca: &Authority| ca.pillar(&own);
    for (certificate, tls, said, remedy) in [
        (
            &server,
            with(&other),
            "no authority that Eos trusts signed it",
            ":tls:ca_file to the authority's certificate",
        ),
        (&expired, with(&authority), "it is not valid at this time", "renew the server's certificate"),
        (
            &authority.elsewhere(),
            with(&authority),
            "it is for other names than this address",
            ":address a name that the",
        ),
        (
            &server,
            json!({ "ca_file": authority.file() }),
            "it does not accept the certificate of Eos, or Eos has none",
            ":tls:cert_file and key_file",
        ),
    ] {
        let front = Front::before(9, &authority, certificate);
        for name in SERVERS {
            let site = site(&world, name, &front.address(), &tls);
            for (what, report) in
                [("the doctor", site.run("doctor", json!({}))), ("a run", site.run("orchestrate", json!({})))]
            {
                let text = report.to_string();
                assert!(report["result"] == false, "{what} {name}: {report:#}");
                assert!(text.contains(said), "{what} {name} does not say {said}: {report:#}");
                assert!(text.contains(remedy), "{what} {name} does not say {remedy}: {report:#}");
                let place = format!("infrastructure:settings:{name}");
                let is_named = text.contains(&place) || remedy.starts_with("renew");
                assert!(is_named, "{what} {name}: {report:#}");
            }
        }
    }
}
