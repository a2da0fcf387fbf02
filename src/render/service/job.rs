//! Renders `<service>.nomad.tpl`: the job with a slot for each variable.

use super::names::mark;
use super::text::{TextWriter, literal};
use super::{config, secrets};
use crate::model::service::{
    DataFolder, JobKind, JobShape, NomadService, Port, PortNumber, Registry, ServiceCheck, ServiceVariable,
    Volume, VolumeKind,
};

/// Terraform's `templatefile` fills each slot with a literal. All other text is written here.
pub fn template(service: &NomadService, shape: &JobShape) -> String {
    let mut text = TextWriter::new(mark(service));
    let name = literal(&service.name.as_str().into());
    let has = |variable| service.variables.contains(&variable);
    text.block(&format!("job {name}"), |text| {
        text.value("type", shape.kind.word());
        for variable in [ServiceVariable::Datacenters, ServiceVariable::Namespace, ServiceVariable::Region] {
            if has(variable) {
                slot(text, variable.name());
            }
        }
        slot(text, "meta");
        for one in &shape.constraints {
            text.block("constraint", |text| {
                for (key, value) in
                    [("attribute", &one.attribute), ("operator", &one.operator), ("value", &one.value)]
                {
                    if let Some(value) = value {
                        text.value(key, value.as_str());
                    }
                }
            });
        }
        update(text, shape);
        text.block(&format!("group {name}"), |text| {
            if shape.kind != JobKind::System {
                text.set("count", "${replicas}");
            }
            if let Some(delay) = shape.shutdown_delay {
                text.duration("shutdown_delay", delay);
            }
            restart(text, shape);
            network(text, shape);
            registration(text, service, shape);
            for (name, one) in &shape.volumes {
                text.block(&format!("volume {}", literal(&name.as_str().into())), |text| volume(text, one));
            }
            text.block(&format!("task {name}"), |text| task(text, service, shape));
        });
    });
    text.finish()
}

fn slot(text: &mut TextWriter, name: &str) {
    text.set(name, format!("${{{name}}}"));
}

fn update(text: &mut TextWriter, shape: &JobShape) {
    let Some(update) = shape.update else { return };
    text.block("update", |text| {
        for (key, count) in [("max_parallel", update.max_parallel), ("canary", update.canary)] {
            if let Some(count) = count {
                text.value(key, count);
            }
        }
        for (key, flag) in [("auto_revert", update.auto_revert), ("auto_promote", update.auto_promote)] {
            if let Some(flag) = flag {
                text.value(key, flag);
            }
        }
        for (key, duration) in [
            ("min_healthy_time", update.min_healthy_time),
            ("healthy_deadline", update.healthy_deadline),
            ("progress_deadline", update.progress_deadline),
        ] {
            if let Some(duration) = duration {
                text.duration(key, duration);
            }
        }
    });
}

fn restart(text: &mut TextWriter, shape: &JobShape) {
    let Some(restart) = shape.restart else { return };
    text.block("restart", |text| {
        if let Some(attempts) = restart.attempts {
            text.value("attempts", attempts);
        }
        for (key, duration) in [("interval", restart.interval), ("delay", restart.delay)] {
            if let Some(duration) = duration {
                text.duration(key, duration);
            }
        }
        if let Some(mode) = restart.mode {
            text.value("mode", mode);
        }
    });
}

fn network(text: &mut TextWriter, shape: &JobShape) {
    if shape.ports.is_empty() && shape.mesh.is_none() {
        return;
    }
    text.block("network", |text| {
        if shape.mesh.is_some() {
            text.value("mode", "bridge");
        }
        // The mesh reaches the registered port by its number. Nothing else connects to that port.
        let meshed = shape.main.as_ref().filter(|_| shape.mesh.is_some());
        for (label, port) in shape.ports.iter().filter(|(label, _)| Some(*label) != meshed) {
            text.block(&format!("port {}", literal(&label.as_str().into())), |text| {
                for (key, number) in [("static", port.fixed), ("to", port.to)] {
                    if let Some(number) = number {
                        text.set(key, digits(number));
                    }
                }
            });
        }
    });
}

fn digits(number: PortNumber) -> String {
    match number {
        PortNumber::FromVariable => "${port}".to_owned(),
        PortNumber::Fixed(port) => port.to_string(),
    }
}

fn volume(text: &mut TextWriter, volume: &Volume) {
    let kind = match volume.kind {
        VolumeKind::Host => "host",
        VolumeKind::Csi { .. } => "csi",
    };
    text.value("type", kind);
    text.value("source", volume.source.as_str());
    text.value("read_only", volume.read_only);
    for (key, mode) in [("access_mode", volume.access), ("attachment_mode", volume.attachment)] {
        if let Some(mode) = mode {
            text.value(key, mode);
        }
    }
    let VolumeKind::Csi { per_alloc, fs_type, mount_flags } = &volume.kind else { return };
    if *per_alloc {
        text.value("per_alloc", true);
    }
    if fs_type.is_none() && mount_flags.is_empty() {
        return;
    }
    text.block("mount_options", |text| {
        if let Some(fs_type) = fs_type {
            text.value("fs_type", fs_type.as_str());
        }
        if !mount_flags.is_empty() {
            text.value("mount_flags", mount_flags.clone());
        }
    });
}

fn registration(text: &mut TextWriter, service: &NomadService, shape: &JobShape) {
    let Some(main) = &shape.main else { return };
    text.block("service", |text| {
        text.value("name", service.name.as_str());
        text.value(
            "provider",
            match shape.registry {
                Registry::Consul => "consul",
                Registry::Nomad => "nomad",
            },
        );
        match shape.ports.get(main) {
            Some(Port { to: Some(number), .. }) if shape.mesh.is_some() => {
                text.set("port", format!("\"{}\"", digits(*number)));
            }
            _ => text.value("port", main.as_str()),
        }
        if service.variables.contains(&ServiceVariable::Tags) {
            slot(text, "tags");
        }
        if service.tells_its_deployment() {
            // The block is not in the job itself, because Nomad would restart all tasks when the id changes.
            text.block("meta", |text| slot(text, "deployment_id"));
        }
        if let Some(check) = &shape.check {
            text.block("check", |text| ask(text, check, shape.mesh.is_some()));
        }
        if let Some(upstreams) = &shape.mesh {
            text.block("connect", |text| {
                text.block("sidecar_service", |text| {
                    if upstreams.is_empty() {
                        return;
                    }
                    text.block("proxy", |text| {
                        for upstream in upstreams {
                            text.block("upstreams", |text| {
                                text.value("destination_name", upstream.name.as_str());
                                text.value("local_bind_port", upstream.port);
                            });
                        }
                    });
                });
            });
        }
    });
}

fn ask(text: &mut TextWriter, check: &ServiceCheck, mesh: bool) {
    match &check.path {
        Some(path) => {
            text.value("type", "http");
            text.value("path", path.as_str());
            if mesh {
                text.value("expose", true);
            }
        }
        None => text.value("type", "tcp"),
    }
    text.duration("interval", check.interval);
    text.duration("timeout", check.timeout);
}

fn task(text: &mut TextWriter, service: &NomadService, shape: &JobShape) {
    let has = |variable| service.variables.contains(&variable);
    text.value("driver", shape.driver.as_str());
    text.block("config", |text| {
        for variable in [ServiceVariable::Image, ServiceVariable::Command, ServiceVariable::Args] {
            if has(variable) {
                slot(text, variable.name());
            }
        }
        if shape.driver == "docker" {
            // With the mesh or a network of the group, the container itself has no ports.
            let labels: Vec<_> = shape.ports.keys().cloned().collect();
            if !labels.is_empty() && shape.mesh.is_none() {
                text.value("ports", labels);
            }
            match &shape.data {
                Some(DataFolder::Host { .. }) => text.set("volumes", "[${data_mount}]"),
                // A path that is not absolute is relative to the task's folder.
                Some(DataFolder::Allocation { target }) => {
                    let mount = format!("../alloc/data:{target}");
                    text.value("volumes", config::escape(&vec![mount].into()));
                }
                None => {}
            }
        }
        for (key, value) in &shape.config {
            text.set(key, literal(&config::escape(&value.0)));
        }
    });
    slot(text, "env");
    secrets::secrets(text, service);
    for (name, volume) in &shape.volumes {
        text.block("volume_mount", |text| {
            text.value("volume", name.as_str());
            text.value("destination", volume.path.as_str());
            text.value("read_only", volume.read_only);
        });
    }
    text.block("resources", |text| {
        slot(text, "cpu");
        slot(text, "memory");
    });
}
