//! Completes a check of a service.

use std::time::Duration;

use super::tables::CHECK;
use crate::model::PillarPath;
use crate::model::service::{BlockBody, JobBlock, Setting};

const INTERVAL: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(2);

/// The check that `health_path` means.
pub fn http_check(path: String, place: PillarPath) -> JobBlock {
    let mut body = BlockBody { settings: vec![("path", Setting::Text(path))], blocks: Vec::new() };
    complete(&mut body);
    JobBlock { kind: CHECK.kind, label: None, body, place }
}

/// In the mesh, Consul reaches the path of a check only if the sidecar exposes it.
pub fn exposed(check: &mut JobBlock) {
    if check.body.text("type") == Some("http") {
        default(&mut check.body, "expose", Setting::Flag(true));
        sort(&mut check.body);
    }
}

/// A script runs in a task: in the main one, unless the pillar names another.
pub fn in_main_task(check: &mut JobBlock, task: &str) {
    if check.body.text("type") == Some("script") {
        default(&mut check.body, "task", Setting::Text(task.to_owned()));
        sort(&mut check.body);
    }
}

/// A check with a path is an HTTP check. Nomad knows HTTPS as a protocol of it.
pub fn complete(body: &mut BlockBody) {
    default(body, "type", Setting::Text("http".to_owned()));
    if let Some((_, kind)) = body.settings.iter_mut().find(|(name, _)| *name == "type")
        && *kind == Setting::Text("https".to_owned())
    {
        *kind = Setting::Text("http".to_owned());
        default(body, "protocol", Setting::Text("https".to_owned()));
    }
    default(body, "interval", Setting::Time(INTERVAL));
    default(body, "timeout", Setting::Time(TIMEOUT));
    sort(body);
}

fn default(body: &mut BlockBody, name: &'static str, value: Setting) {
    if !body.has(name) {
        body.settings.push((name, value));
    }
}

fn sort(body: &mut BlockBody) {
    body.settings.sort_by_key(|(name, _)| CHECK.keys.iter().position(|key| key.nomad == *name));
}
