//! Checks references against the settings.

use std::collections::BTreeMap;

use super::problems::Problems;
use crate::model::{
    Component, CredentialOrigin, HookAction, Input, Name, PillarPath, ProbeSettings, Reference,
    RunHookAction, Settings, Webhook,
};

/// Without `settings:vault`, no reference may point into Vault. No variable may be set in two places.
pub(super) fn check(
    settings: &Settings,
    has_vault: bool,
    components: &BTreeMap<Name, Component>,
    problems: &Problems,
) {
    let credentials = || {
        let shared = settings.credentials.values();
        shared.chain(components.values().flat_map(|component| component.credentials.values()))
    };
    let terraform = &settings.terraform;
    for credential in credentials() {
        let set = |name: &&str| terraform.env.contains_key(*name) || terraform.pass_env.contains(*name);
        for name in credential.provider.variables.iter().map(|one| one.name).filter(set) {
            let message = format!("{name} is also set in settings:terraform (env or pass_env): keep one");
            problems.add(&credential.path, message);
        }
    }
    if has_vault {
        return;
    }
    let at = PillarPath::root().child("settings");
    let mut places: Vec<PillarPath> = Vec::new();
    let env = terraform.env.iter().filter(|(_, reference)| is_vault(reference));
    places.extend(env.map(|(name, _)| at.child("terraform").child("env").child(name)));
    for (server, token) in [("nomad", &settings.nomad.token), ("consul", &settings.consul.token)] {
        places.extend(token.iter().filter(|token| is_vault(token)).map(|_| at.child(server).child("token")));
    }
    let in_vault = credentials().filter(|credential| match &credential.origin {
        CredentialOrigin::Path(_) => true,
        CredentialOrigin::Value(reference) => is_vault(reference),
    });
    places.extend(in_vault.map(|credential| credential.path.clone()));
    for component in components.values() {
        let secrets = component.inputs.iter().filter(|(_, input)| match input {
            Input::Secret(reference) => is_vault(reference),
            Input::Literal(_) | Input::Output(_) | Input::Outputs(_) => false,
        });
        places.extend(secrets.filter_map(|(name, _)| component.variables.get(name).cloned()));
        let handed = component.task_secrets.values().filter(|secret| secret.origin.in_vault().is_some());
        places.extend(handed.map(|secret| secret.path.clone()));
        for gate in &component.health {
            if let ProbeSettings::Http(probe) = &gate.probe {
                let headers = probe.headers.iter().filter(|(_, reference)| is_vault(reference));
                let pillar_path = gate.path.child(gate.kind()).child("headers");
                places.extend(headers.map(|(name, _)| pillar_path.child(name)));
            }
        }
    }
    let own = components.values().flat_map(|component| &component.hooks).filter(|hook| !hook.is_shared);
    for hook in settings.hooks.iter().chain(own) {
        if let HookAction::Webhook(webhook) = &hook.action {
            places.extend(in_vault_of(webhook, &hook.path.child(hook.kind())));
        }
    }
    for hook in &settings.run_hooks {
        if let RunHookAction::Webhook(webhook) = &hook.action {
            places.extend(in_vault_of(webhook, &hook.path.child(hook.kind())));
        }
    }
    for pillar_path in places {
        problems.add(&pillar_path, "is in Vault: set infrastructure:settings:vault (address, auth)");
    }
}

fn in_vault_of(webhook: &Webhook, path: &PillarPath) -> Vec<PillarPath> {
    let references = webhook.references(path).into_iter().filter(|(_, one)| is_vault(one));
    references.map(|(path, _)| path).collect()
}

fn is_vault(reference: &Reference) -> bool {
    matches!(reference, Reference::Vault { .. })
}
