//! Upstreams in the mesh against the names of the services of the environment.

use std::collections::BTreeMap;

use crate::model::Name;
use crate::model::component::{Component, Source};
use crate::model::read::problems::Problems;
use crate::model::service::{JobSource, NomadService, component_name};

/// An upstream is a name in Consul. The name of a service that has another name there leads nowhere.
pub(in crate::model::read) fn check(components: &BTreeMap<Name, Component>, problems: &Problems) {
    let registered = |name: &str| components.values().any(|one| consul_name(one) == Some(name));
    for component in components.values() {
        let Some(JobSource::Generated(shape)) = service(component).map(|service| &service.job) else {
            continue;
        };
        for upstream in shape.mesh.iter().flatten().filter(|upstream| !registered(&upstream.name)) {
            let meant = components.get(component_name(&upstream.name).as_str()).and_then(consul_name);
            if let Some(meant) = meant {
                problems.add(
                    &component.path.child("connect").child("upstreams"),
                    format!(
                        "{} is registered as {meant}: write that name; {{environment}} in it stands for the name of \
                         the environment",
                        upstream.name
                    ),
                );
            }
        }
    }
}

fn service(component: &Component) -> Option<&NomadService> {
    match &component.source {
        Some(Source::Service(service)) => Some(service),
        _ => None,
    }
}

fn consul_name(component: &Component) -> Option<&str> {
    service(component).and_then(NomadService::consul_name)
}
