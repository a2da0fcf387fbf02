//! Reads `secrets` of a service. Each name is a variable of the task's environment.

use std::collections::BTreeMap;

use super::context::ServiceContext;
use super::values::{ServiceValues, environment_name};
use crate::model::component::Input;
use crate::model::read::fields::{Fields, entries};
use crate::model::read::problems::Problems;
use crate::model::read::scalars;
use crate::model::read::tree::{Tree, TreeKind};
use crate::model::reference::{output, reference};
use crate::model::server::SecretDeliverySettings;
use crate::model::service::JobSecrets;
use crate::model::task_secret::{SecretDelivery, SecretKind, SecretOrigin, TaskSecret};
use crate::model::{Reference, VaultPath};

const NEITHER: &str = "must be a reference, such as vault:mount/path#key, or one of {from: REFERENCE}, \
                       {output: component.output} and {generate: password}, not the secret itself";

/// Returns the secrets that are passed to the task. A secret with `literal: true` becomes a value of the job instead.
pub(super) fn secrets(
    fields: &mut Fields<'_>,
    values: &mut ServiceValues,
    label: &str,
    context: &ServiceContext<'_>,
) -> BTreeMap<String, TaskSecret> {
    let problems = fields.problems;
    let mut found = BTreeMap::new();
    for (name, tree) in entries(fields.take_or_empty("secrets"), problems) {
        let path = tree.path.clone();
        if let Err(message) = environment_name(&name) {
            problems.add(&path, message);
            continue;
        }
        if values.is_environment(&name) {
            problems.add(&path, "is set twice: set it in only one of secrets, env and from_outputs");
            continue;
        }
        let Some((origin, literal)) = said(tree, &name, label, context, problems) else { continue };
        let delivery = match (&origin, &context.settings.nomad.secrets) {
            (origin, SecretDeliverySettings::Vault { .. }) if origin.in_vault().is_some() => {
                SecretDelivery::Vault
            }
            _ => SecretDelivery::Variable,
        };
        match (literal, origin) {
            (false, origin) => drop(found.insert(name, TaskSecret { origin, delivery, path })),
            (true, SecretOrigin::Reference(one)) => values.literal(name, Input::Secret(one), path),
            (true, SecretOrigin::Output(one)) => values.literal(name, Input::Output(one), path),
            (true, SecretOrigin::Generated { .. }) => {
                problems.add(&path, "a generated secret is always passed to the task: remove literal");
            }
        }
    }
    found
}

/// The origin of a secret, and whether the job contains it in clear text.
fn said(
    tree: Tree,
    name: &str,
    label: &str,
    context: &ServiceContext<'_>,
    problems: &Problems,
) -> Option<(SecretOrigin, bool)> {
    let path = tree.path.clone();
    if !matches!(tree.kind, TreeKind::Map(_)) {
        let origin = from(&tree).map_err(|message| problems.add(&path, message)).ok()?;
        return Some((origin, false));
    }
    let mut fields = Fields::open(tree, problems);
    let origins = [
        fields.take("from").map(|tree| (tree.path.clone(), from(&tree))),
        fields.take("output").map(|tree| {
            let read = scalars::text(&tree).and_then(|text| output(&text));
            (tree.path.clone(), read.map(SecretOrigin::Output))
        }),
        fields.take("generate").map(|tree| {
            (
                tree.path.clone(),
                kind(&tree).and_then(|kind| {
                    let key = name.to_owned();
                    Ok(SecretOrigin::Generated { path: stored(label, context)?, key, kind })
                }),
            )
        }),
    ];
    let literal = fields.read("literal", scalars::flag).unwrap_or(false);
    let key_place = fields.place("key");
    let key = fields.read("key", key);
    fields.close();
    let mut origins: Vec<_> = origins.into_iter().flatten().collect();
    let (pillar_path, origin) = match origins.len() {
        1 => origins.remove(0),
        _ => {
            problems.add(&path, NEITHER);
            return None;
        }
    };
    match (origin.map_err(|message| problems.add(&pillar_path, message)).ok()?, key_place) {
        (SecretOrigin::Generated { path, key: own, kind }, _) => {
            Some((SecretOrigin::Generated { path, key: key.unwrap_or(own), kind }, literal))
        }
        (origin, None) => Some((origin, literal)),
        (_, Some(pillar_path)) => {
            problems.add(&pillar_path, "is only for generate; a reference has its key after '#'");
            None
        }
    }
}

fn from(tree: &Tree) -> Result<SecretOrigin, String> {
    match reference(&scalars::text(tree)?)? {
        // The text may be the secret itself, so the message does not repeat it.
        Reference::Plain(_) => Err(NEITHER.to_owned()),
        found => Ok(SecretOrigin::Reference(found)),
    }
}

fn kind(tree: &Tree) -> Result<SecretKind, String> {
    let known = SecretKind::ALL.into_iter().find(|(word, _)| tree.text() == Some(word));
    known.map(|(_, kind)| kind).ok_or_else(|| "must be password, hex or base64".to_owned())
}

fn key(tree: &Tree) -> Result<String, String> {
    match scalars::text(tree)? {
        text if !text.is_empty() && !text.contains(char::is_control) => Ok(text),
        _ => Err("must be the name of a key, without control characters".to_owned()),
    }
}

/// The path in Vault at which the secrets of this service are stored.
fn stored(label: &str, context: &ServiceContext<'_>) -> Result<VaultPath, String> {
    let Some(vault) = &context.settings.vault else {
        return Err(
            "generated secrets are stored in Vault: set infrastructure:settings:vault (address, auth)"
                .to_owned(),
        );
    };
    VaultPath::of_service(&vault.services, context.environment.as_str(), label)
}

/// The secrets that the templates of the job read.
pub(super) fn handed(secrets: &BTreeMap<String, TaskSecret>, context: &ServiceContext<'_>) -> JobSecrets {
    let mut handed = JobSecrets::default();
    if let SecretDeliverySettings::Vault { role } = &context.settings.nomad.secrets {
        handed.role = role.clone();
    }
    for (name, secret) in secrets {
        match (secret.delivery, secret.origin.in_vault()) {
            (SecretDelivery::Vault, Some((path, key))) => {
                handed.by_vault.entry(path.clone()).or_default().insert(name.clone(), key.to_owned());
            }
            _ => drop(handed.by_variable.insert(name.clone())),
        }
    }
    handed
}
