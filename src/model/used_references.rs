//! All references of an environment: the values that a run reads from elsewhere.

use super::{
    Component, CredentialOrigin, HookAction, HookFailure, Input, PillarPath, ProbeSettings, Reference,
    RunHookAction, SecretOrigin, Settings,
};

/// A reference, and the place in the pillar that has it.
#[derive(Debug)]
pub struct UsedReference<'a> {
    pub reference: &'a Reference,
    pub place: PillarPath,
    /// None: the whole environment uses it.
    pub component: Option<&'a Component>,
    /// Only a module that uses this provider needs the value.
    pub provider: Option<&'a str>,
    /// Without the value a run still succeeds: only a hook uses it.
    pub is_optional: bool,
}

pub fn used_references<'a>(
    settings: &'a Settings,
    components: impl IntoIterator<Item = &'a Component>,
) -> Vec<UsedReference<'a>> {
    let mut all = of_settings(settings);
    components.into_iter().for_each(|component| of_component(component, &mut all));
    all
}

fn of_settings(settings: &Settings) -> Vec<UsedReference<'_>> {
    let at = |key: &str| PillarPath::root().child("settings").child(key);
    let of = |place, reference| UsedReference {
        reference,
        place,
        component: None,
        provider: None,
        is_optional: false,
    };
    let env = at("terraform").child("env");
    let env = settings.terraform.env.iter().map(|(name, one)| of(env.child(name), one));
    let tokens = [("nomad", &settings.nomad.token), ("consul", &settings.consul.token)];
    let tokens = tokens.into_iter().filter_map(|(server, token)| Some((server, token.as_ref()?)));
    let mut all: Vec<_> =
        env.chain(tokens.map(|(server, token)| of(at(server).child("token"), token))).collect();
    for hook in &settings.hooks {
        if let HookAction::Webhook(webhook) = &hook.action {
            let is_optional = hook.on_failure == HookFailure::Warn;
            let references = webhook.references(&hook.path.child(hook.kind())).into_iter();
            all.extend(references.map(|(place, one)| UsedReference { is_optional, ..of(place, one) }));
        }
    }
    for hook in &settings.run_hooks {
        if let RunHookAction::Webhook(webhook) = &hook.action {
            let references = webhook.references(&hook.path.child(hook.kind())).into_iter();
            all.extend(references.map(|(place, one)| UsedReference { is_optional: true, ..of(place, one) }));
        }
    }
    all
}

fn of_component<'a>(component: &'a Component, all: &mut Vec<UsedReference<'a>>) {
    let of = |place, reference| UsedReference {
        reference,
        place,
        component: Some(component),
        provider: None,
        is_optional: false,
    };
    for (variable, input) in &component.inputs {
        if let Input::Secret(reference) = input {
            let place = component.variables.get(variable).cloned();
            all.push(of(place.unwrap_or_else(|| component.place("secrets").child(variable)), reference));
        }
    }
    for secret in component.task_secrets.values() {
        if let SecretOrigin::Reference(reference) = &secret.origin {
            all.push(of(secret.path.clone(), reference));
        }
    }
    for (provider, credential) in &component.credentials {
        if let CredentialOrigin::Value(reference) = &credential.origin {
            all.push(UsedReference { provider: Some(provider), ..of(credential.path.clone(), reference) });
        }
    }
    for gate in &component.health {
        if let ProbeSettings::Http(probe) = &gate.probe {
            let headers = gate.path.child(gate.kind()).child("headers");
            all.extend(probe.headers.iter().map(|(name, one)| of(headers.child(name), one)));
        }
    }
    // Those of the settings are read there.
    for hook in component.hooks.iter().filter(|hook| !hook.is_shared) {
        if let HookAction::Webhook(webhook) = &hook.action {
            let is_optional = hook.on_failure == HookFailure::Warn;
            let references = webhook.references(&hook.path.child(hook.kind())).into_iter();
            all.extend(references.map(|(place, one)| UsedReference { is_optional, ..of(place, one) }));
        }
    }
}
