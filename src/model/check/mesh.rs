//! Services in Consul's mesh that nothing checks.

use crate::model::service::JobSource;
use crate::model::{Component, Source};

/// A note for people, with its place in the pillar. None if the service has a check, or is not in the mesh.
pub fn unchecked_in_mesh(component: &Component) -> Option<String> {
    let Some(Source::Service(service)) = &component.source else { return None };
    let JobSource::Generated(shape) = &service.job else { return None };
    shape.is_unchecked_in_mesh().then(|| {
        format!(
            "{}: the service has no check, so Consul sometimes keeps its sidecar critical, and then nothing reaches \
             it. Set health_path, or a check of type script if it has no HTTP",
            component.place("connect")
        )
    })
}
