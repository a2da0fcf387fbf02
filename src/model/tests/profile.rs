use serde_json::{Value, json};

use super::super::{OnFailure, Source};
use super::{draft, name, problems};

fn pillar() -> Value {
    json!({
        "settings": {
            "profile": "documents",
            "vault": { "address": "http://v", "auth": { "method": "token", "token": "env:T" } },
            "consul": { "address": "http://c:8500" },
        },
        "components": { "boundary": {}, "own": { "source": "/m", "hooks": [], "on_failure": "stop" } },
        "services": {
            "grafana": { "image": "x", "secrets": { "SECRET_KEY": "env:KEY" } },
            "web": { "image": "x" },
        },
        "environments": { "staging": {} },
    })
}

#[test]
fn one_key_switches_on_rollback_hooks_credentials_secrets_and_sources() {
    let found = draft(&pillar());
    assert_eq!(found.settings.on_failure, OnFailure::Rollback);
    let credentials: Vec<_> = found.settings.credentials.keys().map(String::as_str).collect();
    assert_eq!(credentials, ["aws", "azurerm", "cloudflare", "hcloud"]);
    let boundary = &found.components[&name("boundary")];
    let source = Source::Salt { url: "salt://components/boundary".to_owned(), subdir: String::new() };
    assert_eq!((boundary.source.as_ref(), boundary.hooks.len()), (Some(&source), 1));
    assert_eq!(boundary.on_failure, OnFailure::Rollback);
    let grafana = &found.components[&name("nomad-grafana")];
    assert_eq!(grafana.task_secrets.keys().collect::<Vec<_>>(), ["ADMIN_PASSWORD", "SECRET_KEY"]);
    assert_eq!(grafana.hooks.len(), 1);
    assert!(found.components[&name("nomad-web")].task_secrets.is_empty());
}

#[test]
fn each_explicit_setting_wins_over_the_profile() {
    let mut pillar = pillar();
    pillar["settings"]["on_failure"] = json!("continue");
    pillar["settings"]["credentials"] = json!({ "aws": false });
    pillar["settings"]["terraform"] =
        json!({ "env": { "HCLOUD_TOKEN": "env:H" }, "pass_env": ["CLOUDFLARE_API_TOKEN"] });
    pillar["services"]["grafana"]["env"] = json!({ "ADMIN_PASSWORD": "x" });
    let found = draft(&pillar);
    assert_eq!(found.settings.on_failure, OnFailure::Continue);
    assert_eq!(found.settings.credentials.keys().collect::<Vec<_>>(), ["azurerm"]);
    let own = &found.components[&name("own")];
    assert_eq!((own.on_failure, own.hooks.len()), (OnFailure::Stop, 0));
    let grafana = &found.components[&name("nomad-grafana")];
    let secrets: Vec<_> = grafana.task_secrets.iter().collect();
    assert_eq!(secrets.len(), 1, "{secrets:?}");
}

#[test]
fn what_needs_a_server_is_switched_on_where_the_server_is_named() {
    let mut pillar = pillar();
    for key in ["vault", "consul"] {
        pillar["settings"].as_object_mut().unwrap().remove(key);
    }
    let found = draft(&pillar);
    assert!(found.settings.credentials.is_empty());
    assert!(found.components.values().all(|one| one.hooks.is_empty()));
    assert_eq!(found.components[&name("nomad-grafana")].task_secrets.len(), 1);
}

#[test]
fn without_the_profile_nothing_is_switched_on_and_another_word_is_refused() {
    let mut pillar = pillar();
    pillar["settings"].as_object_mut().unwrap().remove("profile");
    assert_eq!(problems(&pillar), ["infrastructure:components:boundary: a component without a source"]);
    pillar["components"]["boundary"] = json!({ "source": "/m" });
    let found = draft(&pillar);
    assert_eq!(found.settings.on_failure, OnFailure::Stop);
    assert!(
        found.settings.credentials.is_empty() && found.components.values().all(|one| one.hooks.is_empty())
    );
    pillar["settings"]["profile"] = json!("document");
    assert_eq!(problems(&pillar), ["infrastructure:settings:profile: must be documents, or absent"]);
}
