//! The generated job: blocks and attributes, with a slot for each variable. `<service>.nomad.tpl` contains its text.

use super::body::{Body, SLOT, Term};
use super::json::json;
use super::merge::Idle;
use super::names::mark;
use super::native::native;
use super::text::{Syntax, TextWriter};
use super::{config, extras, merge, secrets};
use crate::model::PillarPath;
use crate::model::service::{
    DataFolder, JobShape, NomadService, Port, PortNumber, Registry, ServiceVariable, Volume, VolumeKind,
};

/// The template: Terraform's `templatefile` fills each slot with a literal. All other text is written here.
pub fn template(service: &NomadService, shape: &JobShape) -> String {
    let body = body(service, shape);
    match syntax(shape) {
        Syntax::Native => {
            let mut text = TextWriter::new(mark(service));
            native(&mut text, &body);
            text.finish()
        }
        Syntax::Json => json(mark(service).trim_start_matches("# ").trim_end(), &body).text,
    }
}

/// A job with parts of the pillar is JSON: there, Nomad decides whether a mapping is a block or an attribute. A block with
/// free names needs it too, because a name such as `a.b` is none in the native syntax.
pub fn syntax(shape: &JobShape) -> Syntax {
    match shape.parts.is_empty() && !shape.extras.has_free_names() {
        true => Syntax::Native,
        false => Syntax::Json,
    }
}

/// For each line of a template in JSON: its place in the pillar.
pub fn places(service: &NomadService, shape: &JobShape) -> Vec<Option<PillarPath>> {
    match syntax(shape) {
        Syntax::Native => Vec::new(),
        Syntax::Json => json("", &body(service, shape)).places,
    }
}

pub fn body(service: &NomadService, shape: &JobShape) -> Body {
    merged(service, shape, &mut Vec::new())
}

/// `idle` gets the removals that find nothing to remove.
pub fn merged(service: &NomadService, shape: &JobShape, idle: &mut Vec<Idle>) -> Body {
    let mut file = Body::default();
    file.labelled("job", service.name.as_str(), |body| {
        generated(body, service, shape);
        merge::merge(body, &merge::escaped(&shape.parts), idle);
    });
    file
}

fn generated(body: &mut Body, service: &NomadService, shape: &JobShape) {
    let name = service.name.as_str();
    let has = |variable| service.variables.contains(&variable);
    body.value("type", shape.kind.word());
    for variable in [ServiceVariable::Datacenters, ServiceVariable::Namespace, ServiceVariable::Region] {
        if has(variable) {
            body.slot(variable.name());
        }
    }
    body.slot("meta");
    for one in &shape.constraints {
        body.block("constraint", |body| {
            for (key, value) in
                [("attribute", &one.attribute), ("operator", &one.operator), ("value", &one.value)]
            {
                if let Some(value) = value {
                    body.value(key, value.as_str());
                }
            }
        });
    }
    update(body, shape);
    extras::level(body, &shape.extras.job);
    body.labelled("group", name, |body| {
        if !shape.kind.is_on_each_node() {
            body.set("count", Term::Slot("replicas"));
        }
        if let Some(delay) = shape.shutdown_delay {
            body.duration("shutdown_delay", delay);
        }
        restart(body, shape);
        network(body, shape);
        registration(body, service, shape);
        for (name, one) in &shape.volumes {
            body.labelled("volume", name, |body| volume(body, one));
        }
        extras::level(body, &shape.extras.group);
        body.labelled("task", name, |body| task(body, service, shape));
        for (name, one) in &shape.extras.tasks {
            body.labelled("task", name, |body| extras::task(body, one));
        }
    });
}

fn update(body: &mut Body, shape: &JobShape) {
    let Some(update) = shape.update else { return };
    body.block("update", |body| {
        for (key, count) in [("max_parallel", update.max_parallel), ("canary", update.canary)] {
            if let Some(count) = count {
                body.value(key, count);
            }
        }
        for (key, flag) in [("auto_revert", update.auto_revert), ("auto_promote", update.auto_promote)] {
            if let Some(flag) = flag {
                body.value(key, flag);
            }
        }
        for (key, duration) in [
            ("min_healthy_time", update.min_healthy_time),
            ("healthy_deadline", update.healthy_deadline),
            ("progress_deadline", update.progress_deadline),
        ] {
            if let Some(duration) = duration {
                body.duration(key, duration);
            }
        }
    });
}

fn restart(body: &mut Body, shape: &JobShape) {
    let Some(restart) = shape.restart else { return };
    body.block("restart", |body| {
        if let Some(attempts) = restart.attempts {
            body.value("attempts", attempts);
        }
        for (key, duration) in [("interval", restart.interval), ("delay", restart.delay)] {
            if let Some(duration) = duration {
                body.duration(key, duration);
            }
        }
        if let Some(mode) = restart.mode {
            body.value("mode", mode);
        }
    });
}

fn network(body: &mut Body, shape: &JobShape) {
    if shape.ports.is_empty() && shape.mesh.is_none() {
        return;
    }
    body.block("network", |body| {
        if shape.mesh.is_some() {
            body.value("mode", "bridge");
        }
        // The mesh reaches the registered port by its number. Nothing else connects to that port.
        let meshed = shape.main.as_ref().filter(|_| shape.mesh.is_some());
        for (label, port) in shape.ports.iter().filter(|(label, _)| Some(*label) != meshed) {
            body.labelled("port", label, |body| {
                for (key, number) in [("static", port.fixed), ("to", port.to)] {
                    if let Some(number) = number {
                        body.set(key, digits(number));
                    }
                }
                if let Some(network) = &port.host_network {
                    body.value("host_network", network.as_str());
                }
            });
        }
    });
}

fn digits(number: PortNumber) -> Term {
    match number {
        PortNumber::FromVariable => Term::Slot("port"),
        PortNumber::Fixed(port) => Term::Value(port.into()),
    }
}

fn volume(body: &mut Body, volume: &Volume) {
    let kind = match volume.kind {
        VolumeKind::Host => "host",
        VolumeKind::Csi { .. } => "csi",
    };
    body.value("type", kind);
    body.value("source", volume.source.as_str());
    body.value("read_only", volume.read_only);
    for (key, mode) in [("access_mode", volume.access), ("attachment_mode", volume.attachment)] {
        if let Some(mode) = mode {
            body.value(key, mode);
        }
    }
    let VolumeKind::Csi { per_alloc, fs_type, mount_flags } = &volume.kind else { return };
    if *per_alloc {
        body.value("per_alloc", true);
    }
    if fs_type.is_none() && mount_flags.is_empty() {
        return;
    }
    body.block("mount_options", |body| {
        if let Some(fs_type) = fs_type {
            body.value("fs_type", fs_type.as_str());
        }
        if !mount_flags.is_empty() {
            body.value("mount_flags", mount_flags.clone());
        }
    });
}

fn registration(body: &mut Body, service: &NomadService, shape: &JobShape) {
    let Some(main) = &shape.main else { return };
    body.block("service", |body| {
        body.value("name", service.registered_name());
        body.value(
            "provider",
            match shape.registry {
                Registry::Consul => "consul",
                Registry::Nomad => "nomad",
            },
        );
        match shape.ports.get(main) {
            Some(Port { to: Some(number), .. }) if shape.mesh.is_some() => {
                body.set(
                    "port",
                    match number {
                        PortNumber::FromVariable => Term::Text(SLOT.to_owned(), "port"),
                        PortNumber::Fixed(port) => Term::Value(port.to_string().into()),
                    },
                );
            }
            _ => body.value("port", main.as_str()),
        }
        if service.variables.contains(&ServiceVariable::Tags) {
            body.slot("tags");
        }
        if service.tells_its_deployment() {
            // The block is not in the job itself, because Nomad would restart all tasks when the id changes.
            body.block("meta", |body| body.slot("deployment_id"));
        }
        extras::level(body, &shape.extras.registration);
        if let Some(upstreams) = &shape.mesh {
            body.block("connect", |body| {
                body.block("sidecar_service", |body| {
                    if upstreams.is_empty() {
                        return;
                    }
                    body.block("proxy", |body| {
                        for upstream in upstreams {
                            body.block("upstreams", |body| {
                                body.value("destination_name", upstream.name.as_str());
                                body.value("local_bind_port", upstream.port);
                            });
                        }
                    });
                });
            });
        }
    });
}

fn task(body: &mut Body, service: &NomadService, shape: &JobShape) {
    let has = |variable| service.variables.contains(&variable);
    body.value("driver", shape.driver.as_str());
    body.block("config", |body| {
        for variable in [ServiceVariable::Image, ServiceVariable::Command, ServiceVariable::Args] {
            if has(variable) {
                body.slot(variable.name());
            }
        }
        if shape.driver == "docker" {
            // With the mesh or a network of the group, the container itself has no ports.
            let labels: Vec<_> = shape.ports.keys().cloned().collect();
            if !labels.is_empty() && shape.mesh.is_none() {
                body.value("ports", labels);
            }
            match &shape.data {
                Some(DataFolder::Host { .. }) => body.set("volumes", Term::ListOf("data_mount")),
                // A path that is not absolute is relative to the task's folder.
                Some(DataFolder::Allocation { target }) => {
                    let mount = format!("../alloc/data:{target}");
                    body.value("volumes", config::escape(&vec![mount].into()));
                }
                None => {}
            }
        }
        for (key, value) in &shape.config {
            body.value(key, config::escape(&value.0));
        }
    });
    body.slot("env");
    secrets::secrets(body, service);
    extras::level(body, &shape.extras.task);
    for (name, volume) in &shape.volumes {
        body.block("volume_mount", |body| {
            body.value("volume", name.as_str());
            body.value("destination", volume.path.as_str());
            body.value("read_only", volume.read_only);
        });
    }
    body.block("resources", |body| {
        body.slot("cpu");
        body.slot("memory");
        extras::level(body, &shape.extras.resources);
    });
}
