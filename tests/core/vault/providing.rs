//! Credentials for a provider. They are in terraform's environment only if the module uses that provider.

use serde_json::{Value, json};

use super::bench::{Bench, error};
use crate::support::world::World;

const SECRET: &str = "hunter2-of-the-cloud";

/// `net` uses a provider with the local name `name`, `app` uses none. Each writes its environment to a file.
fn bench(world: &World, test: &'static str, name: &str) -> Option<Bench> {
    let mut bench = Bench::new(test)?.with(json!({}));
    bench.settings("terraform", json!({ "cli_config_file": world.cli_config() }));
    let head = world.provider("net").replace("world = { source", &format!("{name} = {{ source"));
    let head = head.replace("provider \"world\"", &format!("provider \"{name}\""));
    let script = |to: &str| format!("env > {}", bench.said(to).display());
    let shell = |to: &str| {
        format!(
            "resource \"terraform_data\" \"it\" {{\n  provisioner \"local-exec\" {{\n    command = {}\n  }}\n}}\n",
            json!(script(to))
        )
    };
    let (net, app) = (format!("{head}{}", shell("net")), shell("app"));
    std::fs::create_dir_all(bench.said("")).unwrap();
    bench.site.component("net", &net, json!({}));
    bench.site.component("app", &app, json!({}));
    Some(bench)
}

fn variables(bench: &Bench, who: &str) -> Vec<String> {
    let prefixes = ["HCLOUD_", "AWS_", "ARM_", "CLOUDFLARE_", "NOMAD_", "CONSUL_", "VAULT_", "B2_"];
    let environment = bench.heard(who);
    let ours = environment.lines().filter(|line| prefixes.iter().any(|prefix| line.starts_with(prefix)));
    // This variable is passed on if it is set.
    let ours = ours.filter(|line| !line.starts_with("AWS_CA_BUNDLE="));
    let mut ours: Vec<_> = ours.map(str::to_owned).collect();
    ours.sort();
    ours
}

#[test]
fn only_a_module_that_uses_a_provider_gets_its_token() {
    let Some(world) = World::new() else { return };
    let Some(mut bench) = bench(&world, "token-of-one", "hcloud") else { return };
    bench.put("hetzner", json!({ "api_token": SECRET }));
    bench.put("other", json!({ "token": "hunter2-of-another" }));
    bench.settings("credentials", json!({ "hcloud": bench.secret("hetzner#api_token"), "nomad": true }));
    let report = bench.well();
    assert!(!report.to_string().contains("hunter2"));
    assert_eq!(variables(&bench, "net"), [format!("HCLOUD_TOKEN={SECRET}")]);
    assert_eq!(variables(&bench, "app"), [""; 0]);
    let names =
        bench.site.run("module.inject_credentials", json!({ "provider": "hcloud", "component": "net" }));
    assert_eq!(names["variables"], json!(["HCLOUD_TOKEN"]), "{names:#}");
    assert_eq!(names["source"], bench.secret("hetzner#api_token"));
    let shared = json!({ "provider": "nomad", "component": null });
    let shared = bench.site.run("module.inject_credentials", shared);
    assert_eq!(
        (&shared["variables"], &shared["source"]),
        (&json!(["NOMAD_TOKEN"]), &json!("vault:secret/providers/nomad"))
    );
    let none =
        bench.site.run("module.inject_credentials", json!({ "provider": "hcloud", "component": "app" }));
    assert_eq!(none["variables"], json!([]), "{none:#}");
    let wrong = bench.site.run("module.inject_credentials", json!({ "provider": "hclud" }));
    assert_eq!((&wrong["result"], &wrong["error"]["code"]), (&json!(false), &json!("invalid")));
}

#[test]
fn the_keys_of_a_path_become_variables_of_a_provider_and_an_incomplete_set_is_refused() {
    let Some(world) = World::new() else { return };
    let Some(mut bench) = bench(&world, "keys-of-a-path", "aws") else { return };
    bench.settings("credentials", json!({ "aws": bench.secret("aws") }));
    bench.put("aws", json!({ "access_key": "AKIA1", "session_token": "s" }));
    let report = bench.orchestrate();
    let told = error(&report, "net");
    assert_eq!(told["code"], "secret_key_missing", "{report:#}");
    assert!(told["message"].as_str().unwrap().contains("AWS_SECRET_ACCESS_KEY"), "{told:#}");
    assert!(!bench.said("net").exists());
    bench.put("aws", json!({ "access_key": "AKIA1", "secret_key": SECRET }));
    bench.well();
    let expected = ["AWS_ACCESS_KEY_ID=AKIA1".to_owned(), format!("AWS_SECRET_ACCESS_KEY={SECRET}")];
    assert_eq!(variables(&bench, "net"), expected);
}

#[test]
fn a_component_may_have_its_own_credentials_or_none() {
    let Some(world) = World::new() else { return };
    let Some(mut bench) = bench(&world, "own-or-none", "hcloud") else { return };
    bench.put("own", json!({ "token": SECRET }));
    bench.settings("credentials", json!({ "hcloud": true }));
    let own = |value: Value| json!({ "hcloud": value });
    bench.site.infrastructure["components"]["net"]["credentials"] = own(json!(bench.secret("own")));
    bench.well();
    assert_eq!(variables(&bench, "net"), [format!("HCLOUD_TOKEN={SECRET}")]);
    bench.site.infrastructure["components"]["net"]["credentials"] = own(json!(true));
    assert_eq!(error(&bench.orchestrate(), "net")["code"], "vault_denied", "the default path");
    bench.site.infrastructure["components"]["net"]["credentials"] = own(json!(false));
    bench.well();
}
