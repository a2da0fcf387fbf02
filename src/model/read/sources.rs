//! Checks references against the settings.

use std::collections::{BTreeMap, BTreeSet};

use super::problems::Problems;
use crate::model::{Component, CredentialOrigin, Name, PillarPath, Reference, Settings, used_references};

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
    let used = used_references(settings, components.values()).into_iter();
    let mut places: BTreeSet<PillarPath> =
        used.filter(|one| is_vault(one.reference)).map(|one| one.place).collect();
    let whole = credentials().filter(|credential| matches!(credential.origin, CredentialOrigin::Path(_)));
    places.extend(whole.map(|credential| credential.path.clone()));
    let shared = settings.credentials.values().filter(
        |credential| matches!(&credential.origin, CredentialOrigin::Value(reference) if is_vault(reference)),
    );
    places.extend(shared.map(|credential| credential.path.clone()));
    let handed = components.values().flat_map(|component| component.task_secrets.values());
    let handed = handed.filter(|secret| secret.origin.in_vault().is_some());
    places.extend(handed.map(|secret| secret.path.clone()));
    for pillar_path in places {
        problems.add(&pillar_path, "is in Vault: set infrastructure:settings:vault (address, auth)");
    }
}

fn is_vault(reference: &Reference) -> bool {
    matches!(reference, Reference::Vault { .. })
}
