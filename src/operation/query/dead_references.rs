//! References to variables and files that this host does not have. Vault and sdb are not asked.

use crate::error::Error;
use crate::model::{Component, Interface, Name, PillarPath, Reference, Settings, used_references};
use crate::operation::request::host_reference;

pub struct DeadReference {
    /// None: the whole environment uses it.
    pub component: Option<Name>,
    pub place: PillarPath,
    /// Without its value a run still succeeds.
    pub is_optional: bool,
    pub error: Error,
}

/// `interface`: that of a component's module, if it is known. The values are read, and forgotten at once.
///
/// The tokens of Nomad and Consul are left out: only some environments use them, and the questions to these servers
/// read them.
pub fn dead<'a>(
    settings: &'a Settings,
    components: impl IntoIterator<Item = &'a Component>,
    interface: impl Fn(&Name) -> Option<&'a Interface>,
) -> Vec<DeadReference> {
    let at = PillarPath::root().child("settings");
    let tokens = ["nomad", "consul"].map(|server| at.child(server).child("token"));
    let is_needed = |component: &Component, provider: Option<&str>| {
        let uses = |provider| interface(&component.name).is_some_and(|module| module.uses(provider));
        component.enabled && provider.is_none_or(uses)
    };
    let mut dead = Vec::new();
    for one in used_references(settings, components) {
        let is_needed = one.component.is_none_or(|component| is_needed(component, one.provider));
        let is_of_this_host = matches!(one.reference, Reference::Env(_) | Reference::File(_));
        if !is_needed || !is_of_this_host || tokens.contains(&one.place) {
            continue;
        }
        if let Err(error) = host_reference::read(one.reference) {
            dead.push(DeadReference {
                component: one.component.map(|component| component.name.clone()),
                place: one.place,
                is_optional: one.is_optional,
                error,
            });
        }
    }
    dead
}
