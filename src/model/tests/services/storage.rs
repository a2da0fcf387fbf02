use serde_json::{Value, json};

use super::super::super::service::{DataFolder, Volume, VolumeKind};
use super::super::super::{Component, Overrides};
use super::{draft, draft_with, name, services, shape, value, wrong};

fn inside() -> Value {
    json!({ "image": "x", "data_path": { "path": "/data" } })
}

fn web(environment: &str, web: &Value) -> Component {
    draft_in(&services(environment, web.clone()), environment)
}

fn draft_in(infrastructure: &Value, environment: &str) -> Component {
    let (read, said) = super::super::read(infrastructure, environment, &Overrides::default());
    assert!(said.is_empty(), "{said:?}");
    read.unwrap().components[&name("nomad-web")].clone()
}

fn in_the_allocation() -> Option<DataFolder> {
    Some(DataFolder::Allocation { target: "/data".to_owned() })
}

fn csi(source: &str, access: &'static str) -> Volume {
    Volume {
        kind: VolumeKind::Csi { per_alloc: false, fs_type: None, mount_flags: Vec::new() },
        source: source.to_owned(),
        path: "/data".to_owned(),
        read_only: false,
        access: Some(access),
        attachment: Some("file-system"),
    }
}

#[test]
fn the_name_of_the_environment_determines_the_data_path_unless_the_service_sets_it() {
    for environment in ["development", "elsewhere"] {
        let read = web(environment, &inside());
        assert_eq!(shape(&read).data, in_the_allocation(), "{environment}");
        assert!(!read.inputs.contains_key("data_path"));
    }
    let kept = web("staging", &inside());
    assert_eq!(shape(&kept).data, Some(DataFolder::Host { target: Some("/data".to_owned()) }));
    assert_eq!(value(&kept, "data_path"), json!("/opt/services/data/web"));
    let redundant = web("production", &inside());
    assert_eq!(shape(&redundant).data, None);
    assert_eq!(shape(&redundant).volumes["data_path"], csi("web-data", "multi-node-multi-writer"));
    let mut said = inside();
    said["storage"] = json!("ephemeral");
    assert_eq!(shape(&web("production", &said)).data, in_the_allocation());
}

#[test]
fn only_a_single_replica_gets_a_single_writer_volume() {
    for (more, access) in [
        (json!({ "replicas": 1 }), "single-node-writer"),
        (json!({ "replicas": 1, "update": { "canary": 1 } }), "multi-node-multi-writer"),
        (json!({ "type": "system" }), "multi-node-multi-writer"),
        (json!({ "type": "batch" }), "single-node-writer"),
        (json!({ "from_outputs": { "replicas": "net.count" } }), "multi-node-multi-writer"),
    ] {
        let mut said = inside();
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let read = web("production", &said);
        assert_eq!(shape(&read).volumes["data_path"].access, Some(access), "{more}");
    }
}

#[test]
fn a_named_folder_is_on_the_host_in_every_environment() {
    let named = json!({ "image": "x", "data_path": { "source": "/srv/web", "path": "/data" } });
    let read = web("production", &named);
    assert_eq!(shape(&read).data, Some(DataFolder::Host { target: Some("/data".to_owned()) }));
    assert_eq!(value(&read, "data_path"), json!("/srv/web"));
    let plain = web("production", &json!({ "command": "/bin/x", "data_path": "/srv/web" }));
    assert_eq!(shape(&plain).data, Some(DataFolder::Host { target: None }));
    let fed = json!({ "image": "x", "data_path": { "path": "/data" }, "from_outputs": { "data_path": "net.folder" } });
    assert_eq!(
        shape(&web("production", &fed)).data,
        Some(DataFolder::Host { target: Some("/data".to_owned()) })
    );
}

#[test]
fn the_more_specific_level_chooses_between_a_class_and_a_folder() {
    let with = |common: Value, own: Value| {
        let mut infrastructure = services("staging", common);
        infrastructure["environments"]["staging"] = json!({ "services": { "web": own } });
        draft(&infrastructure).components[&name("nomad-web")].clone()
    };
    let named = json!({ "image": "x", "data_path": { "source": "/srv/web", "path": "/data" } });
    let read = with(named.clone(), json!({ "storage": "ephemeral" }));
    assert_eq!(shape(&read).data, in_the_allocation());
    let mut classed = inside();
    classed["storage"] = json!("ephemeral");
    for own in [
        json!({ "data_path": { "source": "/srv/web" } }),
        json!({ "from_outputs": { "data_path": "net.folder" }, "data_path": { "path": "/data" } }),
        json!({ "data_path": "/data" }),
    ] {
        assert!(matches!(shape(&with(classed.clone(), own)).data, Some(DataFolder::Host { .. })));
    }
    let call =
        Overrides { service: Some((name("web"), json!({ "storage": "redundant" }))), ..Overrides::default() };
    let read = draft_with(&services("staging", named), &call);
    assert!(shape(&read.components[&name("nomad-web")]).volumes.contains_key("data_path"));
}

#[test]
fn a_csi_volume_has_an_access_mode_or_gets_one_that_its_replicas_need() {
    let read = web(
        "staging",
        &json!({ "image": "x", "volumes": {
            "all": { "type": "csi", "path": "/data" },
            "each": { "type": "csi", "path": "/data", "per_alloc": true, "source": "web" },
            "seed": { "type": "csi", "path": "/data", "read_only": true },
            "raw": { "type": "csi", "path": "/data", "access_mode": "multi-node-single-writer",
                "attachment_mode": "block-device", "mount_options": { "fs_type": "ext4", "mount_flags": "noatime" } },
            "host": { "path": "/data", "access_mode": "single-node-multi-writer" },
        } }),
    );
    let volumes = &shape(&read).volumes;
    let modes =
        ["all", "each", "seed", "raw", "host"].map(|name| (volumes[name].access, volumes[name].attachment));
    assert_eq!(
        modes,
        [
            (Some("multi-node-multi-writer"), Some("file-system")),
            (Some("single-node-writer"), Some("file-system")),
            (Some("multi-node-reader-only"), Some("file-system")),
            (Some("multi-node-single-writer"), Some("block-device")),
            (Some("single-node-multi-writer"), None),
        ]
    );
    assert_eq!(volumes["all"], csi("all", "multi-node-multi-writer"));
    let raw = VolumeKind::Csi {
        per_alloc: false,
        fs_type: Some("ext4".into()),
        mount_flags: vec!["noatime".into()],
    };
    assert_eq!(volumes["raw"].kind, raw);
}

#[test]
fn impossible_storage_is_refused_with_the_possible_kinds() {
    let volume = |of: Value| json!({ "image": "x", "volumes": { "v": of } });
    for (web, place, expected) in [
        (json!({ "image": "x", "storage": "persistent" }), ":storage", "does not name a folder"),
        (
            json!({ "image": "x", "storage": "persistent", "data_path": "/data" }),
            ":storage",
            "data_path: {path: /in/the/task}",
        ),
        (
            json!({ "image": "x", "storage": "fast", "data_path": { "path": "/data" } }),
            ":storage",
            "ephemeral, persistent, redundant",
        ),
        (json!({ "command": "x", "data_path": { "path": "/data" } }), ":data_path:path", "as a text"),
        (
            json!({ "command": "x", "driver": "exec", "storage": "ephemeral", "data_path": { "path": "/data" } }),
            ":data_path:path",
            "only docker",
        ),
        (
            json!({ "command": "x", "storage": "redundant", "data_path": { "path": "/data" } }),
            ":data_path:path",
            "cannot be mounted by raw_exec",
        ),
        (json!({ "image": "x", "data_path": { "path": "data" } }), ":data_path:path", "absolute path"),
        (json!({ "image": "x", "data_path": {} }), ":data_path", "{path: in the task}"),
        (json!({ "template": "/web.tpl", "storage": "redundant" }), ":storage", "in the template itself"),
        (
            json!({ "image": "x", "volumes": { "data_path": { "path": "/a" } } }),
            ":volumes:data_path",
            "choose another name",
        ),
        (volume(json!({ "path": "/a", "type": "nfs" })), ":volumes:v:type", "host or csi"),
        (volume(json!({ "path": "/a", "per_alloc": true })), ":volumes:v:per_alloc", "type: csi"),
        (
            volume(json!({ "path": "/a", "mount_options": { "fs_type": "x" } })),
            ":volumes:v:mount_options",
            "type: csi",
        ),
        (
            volume(json!({ "path": "/a", "access_mode": "multi-node-multi-writer" })),
            ":volumes:v:access_mode",
            "must be one of: single-node",
        ),
        (
            volume(json!({ "path": "/a", "type": "csi", "attachment_mode": "nfs" })),
            ":volumes:v:attachment_mode",
            "block-device",
        ),
        (
            volume(json!({ "path": "/a", "type": "csi", "mount_options": { "flags": [] } })),
            ":volumes:v:mount_options:flags",
            "unknown key",
        ),
    ] {
        let messages = wrong(web.clone());
        let right = messages.len() == 1
            && messages[0].starts_with(&format!("{place}: "))
            && messages[0].contains(expected);
        assert!(right, "{web} {messages:#?}");
    }
}

#[test]
fn a_driver_that_mounts_volumes_has_its_data_on_a_registered_one() {
    let read =
        web("production", &json!({ "command": "x", "driver": "exec", "data_path": { "path": "/data" } }));
    assert_eq!(shape(&read).volumes["data_path"].source, "web-data");
}
