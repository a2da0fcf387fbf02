//! Small pillars that together have every key that the reader knows. They show the reader's places; what is accepted
//! there, the reader says itself.

mod components;
mod hooks;
mod job;
mod services;
mod settings;

use serde_json::{Map, Value, json};

/// Each key is in an example at one place. Keys of components and settings that one reader reads are only in the
/// settings, and so on.
pub fn all() -> Vec<Value> {
    let settings = settings::all().into_iter().chain(shared());
    all_of(settings.collect(), components::all(), services::all(), services::mapped())
}

/// Keys of the settings, of components and of services, at the other places that have them.
pub fn at_other_places() -> Vec<Value> {
    let components: Vec<_> = each_with(&json!({ "source": "/srv/modules/web" }), shared()).collect();
    let mut services: Vec<_> = each_with(&json!({ "image": "nginx" }), shared()).collect();
    services.extend(each_with(&json!({ "image": "nginx" }), components::health()));
    services.extend(each_with(&json!({ "image": "nginx" }), job::at_other_places()));
    let configs = services.iter().cloned().chain(services::all());
    let mapped = configs.map(|config| json!({ "name": "web", "config": config })).collect();
    all_of(Vec::new(), components, services, mapped)
}

fn all_of(
    settings: Vec<Value>,
    components: Vec<Value>,
    services: Vec<Value>,
    mapped: Vec<Value>,
) -> Vec<Value> {
    let settings = settings.into_iter().map(|one| json!({ "settings": one }));
    let components = components.into_iter().map(|one| json!({ "components": { "web": one } }));
    let services = services.into_iter().map(|one| json!({ "services": { "web": one } }));
    let mapped = mapped.into_iter().map(|one| json!({ "nomad_service": one }));
    settings.chain(components).chain(services).chain(mapped).map(complete).collect()
}

/// The same pillar, with everything in its environment.
pub fn below_its_environment(pillar: &Value) -> Value {
    let mut own = pillar.as_object().unwrap().clone();
    own.remove("environments");
    let mapped = own.remove("nomad_service").unwrap_or(Value::Null);
    json!({ "nomad_service": mapped, "environments": { "production": own } })
}

/// Adds an environment, and the Vault without which secrets in Vault are refused.
fn complete(mut pillar: Value) -> Value {
    pillar["environments"] = json!({ "production": {} });
    if pillar.to_string().contains("vault:") || pillar.to_string().contains("generate") {
        pillar["settings"]["vault"] = vault();
    }
    pillar
}

fn vault() -> Value {
    let auth = json!({ "method": "token", "token": "env:VAULT_TOKEN" });
    json!({ "address": "https://vault.example:8200", "auth": auth })
}

fn tls() -> Value {
    json!({ "ca_file": "/etc/ca.pem", "cert_file": "/etc/cert.pem", "key_file": "/etc/key.pem", "insecure": false })
}

/// The keys that the settings and each component have.
fn shared() -> Vec<Value> {
    let mut all = vec![
        json!({ "on_failure": "rollback" }),
        json!({ "backend": { "type": "local" } }),
        json!({ "backend": { "type": "http", "address": "https://states.example", "a": { "b": [1] } } }),
        json!({ "timeouts": { "init": 600, "plan": 600, "apply": "2h", "stop_grace": 60 } }),
        json!({ "policy": { "allow_destroy": false, "max_destroys": 3,
            "max_monthly_cost": 99.5, "protect": ["aws_db_instance"],
            "ask": ["forget"], "data": "ask", "max_plan_age": "24h" } }),
        json!({ "rollback": { "needs_approval_for": ["delete", "replace"], "on_first_failure": "keep" } }),
        json!({ "drift": { "ignore": ["aws_instance.*.tags"], "equal_empty": true, "alert_after": 2,
            "baseline": false } }),
        json!({ "credentials": { "hcloud": "vault:secret/hetzner#token", "aws": true, "azurerm": "vault:secret/azure",
            "cloudflare": {}, "consul": false, "nomad": "env:A", "b2": null, "vault": "env:B" } }),
    ];
    all.extend(hooks::of_components());
    all
}

/// Each of these with the keys of a base.
fn each_with(base: &Value, more: Vec<Value>) -> impl Iterator<Item = Value> {
    more.into_iter().map(move |more| {
        let both: Map<_, _> =
            [base, &more].into_iter().flat_map(|one| one.as_object().unwrap().clone()).collect();
        both.into()
    })
}
