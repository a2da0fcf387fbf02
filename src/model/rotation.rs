//! The secrets that a call rotates, found in the pillar.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Blueprint, Component, Input, Name, PillarPath, Problem, Reference, SecretDelivery, SecretKind,
    SecretOrigin, TaskSecret, VaultPath, hint, previous_key, refusal, service_name,
};
use crate::error::Result;

/// What the call names, as it was written.
#[derive(Clone, Debug)]
pub struct RotationRequest {
    pub secrets: Vec<ServiceSecret>,
    /// The old values stay when the rotation has ended.
    pub keeps_previous: bool,
}

/// `SERVICE/NAME`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSecret {
    pub service: String,
    /// The name of the secret in the service's `secrets`.
    pub name: String,
}

/// The same, found in the pillar.
#[derive(Clone, Debug)]
pub struct RotationTarget {
    pub paths: BTreeMap<VaultPath, RotatedPath>,
    /// All components that read one of these secrets.
    pub readers: BTreeSet<Name>,
    pub keeps_previous: bool,
}

#[derive(Clone, Debug)]
pub struct RotatedPath {
    /// The component of the service that generates the secrets at this path.
    pub owner: Name,
    pub keys: BTreeMap<String, SecretKind>,
}

impl RotationTarget {
    pub fn find(blueprint: &Blueprint, asked: &RotationRequest) -> Result<Self> {
        let mut paths: BTreeMap<VaultPath, RotatedPath> = BTreeMap::new();
        let mut problems = Vec::new();
        for secret in &asked.secrets {
            match generated(blueprint, secret) {
                Ok((owner, path, key, kind)) => {
                    let rotated =
                        paths.entry(path).or_insert_with(|| RotatedPath { owner, keys: BTreeMap::new() });
                    rotated.keys.insert(key, kind);
                }
                Err(message) => {
                    let message = format!("{:?} {message}", format!("{}/{}", secret.service, secret.name));
                    problems.push(Problem::new(&PillarPath::arguments().child("keys"), message));
                }
            }
        }
        if !problems.is_empty() {
            return Err(refusal(problems));
        }
        let readers = paths
            .iter()
            .flat_map(|(path, rotated)| {
                secret_readers(blueprint, path, &rotated.keys.keys().cloned().collect())
            })
            .collect();
        Ok(Self { paths, readers, keeps_previous: asked.keeps_previous })
    }

    pub fn has(&self, path: &VaultPath, key: &str) -> bool {
        self.paths.get(path).is_some_and(|rotated| rotated.keys.contains_key(key))
    }
}

/// The enabled components that read one of these keys.
pub fn secret_readers(blueprint: &Blueprint, path: &VaultPath, keys: &BTreeSet<String>) -> BTreeSet<Name> {
    let reads = |component: &Component| {
        stored_secrets(component).any(|(from, key)| from == path && keys.contains(key))
    };
    let components = blueprint.nodes.values().map(|node| &node.component);
    components.filter(|component| component.enabled && reads(component)).map(|one| one.name.clone()).collect()
}

/// The component that generates secrets at this path.
pub fn secret_owner<'a>(blueprint: &'a Blueprint, path: &VaultPath) -> Option<&'a Name> {
    let generates = |component: &Component| {
        let mut origins = component.task_secrets.values().map(|secret| &secret.origin);
        origins.any(|origin| matches!(origin, SecretOrigin::Generated { path: from, .. } if from == path))
    };
    blueprint.nodes.iter().find(|(_, node)| generates(&node.component)).map(|(name, _)| name)
}

/// The places in Vault that a component's variables and tasks read.
pub fn stored_secrets(component: &Component) -> impl Iterator<Item = (&VaultPath, &str)> {
    let variables = component.inputs.values().filter_map(|input| match input {
        Input::Secret(Reference::Vault { path, key }) => Some((path, key.as_str())),
        _ => None,
    });
    component.task_secrets.values().filter_map(|secret| secret.origin.in_vault()).chain(variables)
}

/// The owner, the place and the kind of a generated secret. The error is written to follow `SERVICE/NAME`.
fn generated(
    blueprint: &Blueprint,
    secret: &ServiceSecret,
) -> std::result::Result<(Name, VaultPath, String, SecretKind), String> {
    let ServiceSecret { service, name } = secret;
    let services = || {
        blueprint.nodes.values().filter_map(|node| Some((service_name(node.component.name.as_str())?, node)))
    };
    let found = services().find(|(one, node)| *one == service || node.component.name.as_str() == service);
    let Some((_, node)) = found else {
        let hint = hint(service, services().map(|(name, _)| name));
        return Err(format!("names no service of this environment; {hint}"));
    };
    let component = &node.component;
    let Some(task_secret) = component.task_secrets.get(name) else {
        let by_key = component
            .task_secrets
            .iter()
            .find(|(_, one)| matches!(&one.origin, SecretOrigin::Generated { key, .. } if key == name));
        return Err(match by_key {
            Some((meant, _)) => {
                format!("is a key in Vault: write {service}/{meant}, as in the service's secrets")
            }
            None => {
                let hint = hint(name, component.task_secrets.keys().map(String::as_str));
                format!("names no secret of this service; {hint}")
            }
        });
    };
    let SecretOrigin::Generated { path, key, kind } = &task_secret.origin else {
        let from = match &task_secret.origin {
            SecretOrigin::Output(output) => format!("the output {output}"),
            SecretOrigin::Reference(reference) => reference.to_string(),
            SecretOrigin::Generated { .. } => unreachable!("handled above"),
        };
        return Err(format!(
            "is not generated: it comes from {from}. Change it there, and deploy the service"
        ));
    };
    if !component.enabled {
        return Err("belongs to a service that is not enabled".to_owned());
    }
    if task_secret.delivery == SecretDelivery::Vault {
        return Err(format!(
            "is read in Vault by Nomad, which restarts all tasks when it finds a new value: a rotation could not \
             go back. Set infrastructure:settings:nomad:secrets to variables, or change vault:{path}#{key} yourself"
        ));
    }
    let previous = previous_key(key);
    let is_generated =
        |one: &TaskSecret| matches!(&one.origin, SecretOrigin::Generated { key, .. } if *key == previous);
    if component.task_secrets.values().any(is_generated) {
        return Err(format!("needs the key {previous:?} for its old value, and another secret has it"));
    }
    Ok((component.name.clone(), path.clone(), key.clone(), *kind))
}
