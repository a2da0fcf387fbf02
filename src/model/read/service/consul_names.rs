//! Names of services where the pillar needs their names in Consul: upstreams in the mesh, and health gates.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::component::{Component, Source};
use crate::model::service::{JobSource, NomadService};
use crate::model::{Name, ProbeSettings, ValueOrOutput};

/// The name of a service of this environment means its registration, whatever its name in Consul is. Every other name
/// stays as it is written.
pub(in crate::model::read) fn resolve(components: &mut BTreeMap<Name, Component>) {
    let registered =
        |service: &NomadService| Some((service.name.to_string(), service.consul_name()?.to_owned()));
    let names: BTreeMap<String, String> = components
        .values()
        .filter_map(|component| registered(service(component)?))
        .filter(|(name, registered)| name != registered)
        .collect();
    if names.is_empty() {
        return;
    }
    for component in components.values_mut() {
        for gate in &mut component.health {
            if let ProbeSettings::Consul(probe) = &mut gate.probe
                && let ValueOrOutput::Literal(name) = &mut probe.service
            {
                replace(name, &names);
            }
        }
        let Some(Source::Service(service)) = &mut component.source else { continue };
        if service.upstreams().all(|name| !names.contains_key(name)) {
            continue;
        }
        if let JobSource::Generated(shape) = &mut Arc::make_mut(service).job {
            shape.mesh.iter_mut().flatten().for_each(|upstream| replace(&mut upstream.name, &names));
        }
    }
}

fn replace(name: &mut String, names: &BTreeMap<String, String>) {
    if let Some(registered) = names.get(name) {
        name.clone_from(registered);
    }
}

fn service(component: &Component) -> Option<&NomadService> {
    match &component.source {
        Some(Source::Service(service)) => Some(service),
        _ => None,
    }
}
