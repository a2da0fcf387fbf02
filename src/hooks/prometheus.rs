//! Files that Prometheus reads: targets (<https://prometheus.io/docs/guides/file-sd/>), and metrics of a run for the
//! textfile collector of its node exporter.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

/// The file's mode. Prometheus runs as another user.
const READABLE: u32 = 0o644;

/// Writes a file of targets.
pub fn write(path: &Path, targets: &[String], labels: &BTreeMap<String, String>) -> Result<(), String> {
    replace(path, &json!([{ "targets": targets, "labels": labels }]).to_string())
}

/// Writes a file of metrics.
pub fn write_metrics(path: &Path, run: &RunNumbers<'_>) -> Result<(), String> {
    replace(path, &run.text())
}

/// What the metrics say about the last run of an environment.
pub struct RunNumbers<'a> {
    pub labels: BTreeMap<&'a str, &'a str>,
    /// When it ended, in seconds since 1970.
    pub ended: u64,
    pub is_success: bool,
    /// Seconds. None if nobody knows.
    pub duration: Option<f64>,
    /// Status to the number of components.
    pub components: BTreeMap<&'a str, u64>,
}

impl RunNumbers<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut gauge = |name: &str, help: &str, values: Vec<(Option<&str>, String)>| {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
            for (status, value) in values {
                text.push_str(&format!("{name}{{{}}} {value}\n", self.labels_with(status)));
            }
        };
        let ended = vec![(None, self.ended.to_string())];
        gauge("eos_run_timestamp_seconds", "When the last run of the environment ended.", ended);
        let success = vec![(None, u8::from(self.is_success).to_string())];
        gauge("eos_run_success", "Whether the last run of the environment did what was requested.", success);
        if let Some(duration) = self.duration {
            let took = vec![(None, duration.to_string())];
            gauge("eos_run_duration_seconds", "How long the last run of the environment took.", took);
        }
        let components = self.components.iter().map(|(status, count)| (Some(*status), count.to_string()));
        gauge("eos_run_components", "Components of the last run by their status.", components.collect());
        text
    }

    fn labels_with(&self, status: Option<&str>) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels = self.labels.iter().map(|(name, value)| (*name, *value));
        let labels = labels.chain(status.map(|status| ("status", status)));
        labels.map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect::<Vec<_>>().join(",")
    }
}

/// Replaces the whole file in one step, because Prometheus may read it at any moment.
fn replace(path: &Path, text: &str) -> Result<(), String> {
    let write = || {
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(READABLE))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        std::io::Result::Ok(())
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Removes the file, and with it the targets in Prometheus.
pub fn forget(path: &Path) -> Result<(), String> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_in_the_text_format_of_prometheus_and_labels_are_quoted() {
        let run = RunNumbers {
            labels: [("environment", "staging"), ("team", "a\"b\\c\nd")].into(),
            ended: 1_700_000_000,
            is_success: false,
            duration: Some(1.5),
            components: [("applied", 2), ("failed", 1)].into(),
        };
        let labels = r#"environment="staging",team="a\"b\\c\nd""#;
        let values: Vec<_> =
            run.text().lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        assert_eq!(
            values,
            [
                format!("eos_run_timestamp_seconds{{{labels}}} 1700000000"),
                format!("eos_run_success{{{labels}}} 0"),
                format!("eos_run_duration_seconds{{{labels}}} 1.5"),
                format!("eos_run_components{{{labels},status=\"applied\"}} 2"),
                format!("eos_run_components{{{labels},status=\"failed\"}} 1"),
            ]
        );
        assert_eq!(run.text().matches("# TYPE").count(), 4);
    }
}
