//! What an environment does in Consul, Nomad and Vault, and so which rights its tokens need.

use std::collections::{BTreeMap, BTreeSet};

use crate::consul::AclQuestion;
use crate::decide::layers::{NamespaceUse, VolumeUse};
use crate::model::service::{JobSource, NomadService, Volume, VolumeKind};
use crate::model::{
    Component, ConsulLock, CredentialOrigin, Draft, HookAction, Input, Interface, Name, ProbeSettings,
    Reference, RunHookAction, SecretDelivery, SecretOrigin, Source, ValueOrOutput, VaultPath, nomad_variable,
    service_name, used_references,
};

/// The keys of locks, and the session that holds them. `node`: that of the asked agent, if it is known.
pub fn locks(lock: &ConsulLock, draft: &Draft, node: &str) -> Vec<AclQuestion> {
    let (prefix, environment) = (&lock.prefix, &draft.environment);
    let rule = format!("key_prefix {prefix:?} {{ policy = \"write\" }}");
    let write = |key: String| {
        let what = format!("write the keys below {prefix}/ (locks and records)");
        AclQuestion { resource: "key", access: "write", segment: key, what, rule: rule.clone() }
    };
    let of_component = |name: &Name| {
        let keys = ["lock", "record", "applying"].map(|key| format!("{prefix}/{environment}/{name}/{key}"));
        keys.into_iter().chain([format!("{prefix}/.objects/{environment}/{name}/x")])
    };
    let keys =
        draft.components.keys().flat_map(of_component).chain([format!("{prefix}/.runs/{environment}")]);
    let session = AclQuestion {
        resource: "session",
        access: "write",
        segment: node.to_owned(),
        what: match node {
            "" => "make sessions on every node (locks)".to_owned(),
            node => format!("make sessions on the node {node} (locks)"),
        },
        rule: "session_prefix \"\" { policy = \"write\" }".to_owned(),
    };
    keys.map(write).chain([session]).collect()
}

/// What gates and hooks do in the Consul of services.
pub fn services(draft: &Draft) -> Vec<AclQuestion> {
    let mut needed = Vec::new();
    for component in enabled(draft) {
        for gate in &component.health {
            if let ProbeSettings::Consul(probe) = &gate.probe {
                needed.extend(of_gate(&probe.service, component));
            }
        }
        for hook in &component.hooks {
            needed.extend(of_hook(&hook.action, draft, component));
        }
    }
    for hook in &draft.settings.run_hooks {
        if let RunHookAction::ConsulKv { prefix } = &hook.action {
            needed.push(write("key", format!("{prefix}/{}/last_run", draft.environment)));
        }
    }
    needed
}

fn of_gate(service: &ValueOrOutput<String>, component: &Component) -> Option<AclQuestion> {
    let name = match service {
        ValueOrOutput::Literal(name) => name,
        // The gate of a service reads the name from its applied version. Any other output is not known here.
        ValueOrOutput::Output(_) => match &component.source {
            Some(Source::Service(service)) => service.consul_name()?,
            _ => return None,
        },
    };
    Some(AclQuestion {
        resource: "service",
        access: "read",
        segment: name.to_owned(),
        what: format!("read the service {name} (gates)"),
        rule: "service_prefix \"\" { policy = \"read\" }".to_owned(),
    })
}

fn write(resource: &'static str, segment: String) -> AclQuestion {
    AclQuestion {
        resource,
        access: "write",
        what: format!("write the {resource} {segment} (hooks)"),
        rule: format!("{resource}_prefix {segment:?} {{ policy = \"write\" }}"),
        segment,
    }
}

fn of_hook(action: &HookAction, draft: &Draft, component: &Component) -> Vec<AclQuestion> {
    let (environment, name) = (&draft.environment, &component.name);
    match action {
        HookAction::ConsulKv { prefix } => vec![write("key", format!("{prefix}/{environment}/{name}/x"))],
        HookAction::ConsulService(service) => {
            vec![write("service", service.name.clone()), write("node", format!("eos-{environment}-{name}"))]
        }
        HookAction::Prometheus(_) | HookAction::Salt(_) | HookAction::Webhook(_) => Vec::new(),
    }
}

/// The namespaces of the services in one region, and of the components that use the settings of Nomad.
pub fn namespaces(draft: &Draft, services: &BTreeSet<String>) -> Vec<NamespaceUse> {
    let usual = &draft.settings.nomad.namespace;
    let mut used: BTreeMap<String, NamespaceUse> = BTreeMap::new();
    for component in enabled(draft) {
        let name = component.name.as_str();
        let service = service_name(name).unwrap_or(name);
        let Some(Source::Service(source)) = &component.source else { continue };
        if !services.contains(service) {
            continue;
        }
        let own = component.inputs.get("namespace").and_then(Input::literal).and_then(|value| value.as_str());
        let here = used.entry(own.unwrap_or(usual).to_owned()).or_default();
        here.volumes.extend(volumes(source));
        if component.task_secrets.values().any(|secret| secret.delivery == SecretDelivery::Variable) {
            here.variables.insert(nomad_variable(service));
        }
    }
    if used.is_empty() {
        used.insert(usual.clone(), NamespaceUse::default());
    }
    used.into_iter().map(|(namespace, uses)| NamespaceUse { namespace, ..uses }).collect()
}

/// The volumes that a generated job has by `volumes` and `data_path`.
fn volumes(service: &NomadService) -> BTreeSet<VolumeUse> {
    let JobSource::Generated(shape) = &service.job else { return BTreeSet::new() };
    let one = |volume: &Volume| match volume.kind {
        VolumeKind::Host => VolumeUse::Host { source: volume.source.clone(), is_read_only: volume.read_only },
        VolumeKind::Csi { .. } => VolumeUse::Csi,
    };
    shape.volumes.values().map(one).collect()
}

/// What a run does with a path in Vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultNeed {
    /// Writes a key that is missing.
    pub writes: bool,
}

/// Each path in Vault that a run of the environment reads. `interface`: that of a component's module, if it is known.
pub fn vault_paths<'a>(
    draft: &Draft,
    interface: impl Fn(&Name) -> Option<&'a Interface>,
) -> BTreeMap<VaultPath, VaultNeed> {
    let mut needed: BTreeMap<VaultPath, VaultNeed> = BTreeMap::new();
    let uses = |component: &Component, provider: &str| {
        interface(&component.name).is_some_and(|module| module.uses(provider))
    };
    for used in used_references(&draft.settings, draft.components.values()) {
        let counts = used.component.is_none_or(|component| {
            component.enabled && used.provider.is_none_or(|provider| uses(component, provider))
        });
        if let (Reference::Vault { path, .. }, true) = (used.reference, counts) {
            needed.entry(path.clone()).or_default();
        }
    }
    for component in enabled(draft) {
        for (provider, credential) in &component.credentials {
            if let CredentialOrigin::Path(path) = &credential.origin
                && uses(component, provider)
            {
                needed.entry(path.clone()).or_default();
            }
        }
        for secret in component.task_secrets.values() {
            let writes = matches!(secret.origin, SecretOrigin::Generated { .. });
            if let Some((path, _)) = secret.origin.in_vault() {
                needed.entry(path.clone()).or_default().writes |= writes;
            }
        }
    }
    needed
}

fn enabled(draft: &Draft) -> impl Iterator<Item = &Component> {
    draft.components.values().filter(|component| component.enabled)
}
