//! The progress of a run, read from its journal and its streams.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use serde_json::Value;

use crate::support::Site;
use crate::support::killed::PATIENCE;

const LOOK: Duration = Duration::from_millis(2);

/// The progress of one component in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A component that it waits for has not ended.
    Early,
    /// All components that it waits for have ended, and its own plan has no output yet.
    Next,
    Planning,
    /// Its apply has not completed any operation yet.
    Beginning,
    Creating,
    /// All operations are done, but its end is not in the journal yet.
    Saving,
    Over,
}

/// The phases in which kills are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Planning,
    Beginning,
    Creating,
    Saving,
    /// The turn of one component has ended, or the turn of the next has not begun.
    Between,
}

impl Phase {
    pub const ALL: [Self; 5] = [Self::Planning, Self::Beginning, Self::Creating, Self::Saving, Self::Between];

    pub fn word(self) -> &'static str {
        match self {
            Self::Planning => "planning of a component, another having begun to apply",
            Self::Beginning => "apply, before the first completion",
            Self::Creating => "apply, in the middle",
            Self::Saving => "after the last completion, before the end is written down",
            Self::Between => "between components",
        }
    }

    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Early | Stage::Next | Stage::Over => Self::Between,
            Stage::Planning => Self::Planning,
            Stage::Beginning => Self::Beginning,
            Stage::Creating => Self::Creating,
            Stage::Saving => Self::Saving,
        }
    }
}

/// A run in another process.
pub struct Running<'a> {
    pub us: Child,
    runs: PathBuf,
    known: BTreeSet<PathBuf>,
    site: &'a Site,
}

impl<'a> Running<'a> {
    pub fn start(site: &'a Site, operation: &str) -> Self {
        let runs = site.folder.path().join("root/staging/.eos/runs");
        let _ = std::fs::remove_file(site.folder.path().join("report.json"));
        let known = folders(&runs).collect();
        Self { us: crate::support::killed::start_doing(site, operation), runs, known, site }
    }

    /// Waits until `focus` has reached `stage`, and then for `delay`. None if the run ended before.
    pub fn wait(&mut self, focus: &str, stage: Stage, delay: Duration) -> Option<Phase> {
        let deadline = std::time::Instant::now() + PATIENCE;
        let mut begun = false;
        loop {
            if self.us.try_wait().unwrap().is_some() {
                return None;
            }
            let run = folders(&self.runs).find(|run| !self.known.contains(run));
            if let Some(run) = &run {
                begun = begun || has_begun(run);
                if begun && self.stage(run, focus) >= stage {
                    std::thread::sleep(delay);
                    let over = self.us.try_wait().unwrap().is_some();
                    return (!over).then(|| Phase::of(self.stage(run, focus)));
                }
            }
            assert!(std::time::Instant::now() < deadline, "{focus} never came to {stage:?}");
            std::thread::sleep(LOOK);
        }
    }

    fn stage(&self, run: &Path, focus: &str) -> Stage {
        let journal = lines(&run.join("journal.jsonl"));
        let has = |step: &str, component: &str| {
            journal.iter().any(|line| line["step"] == step && line["component"] == component)
        };
        if has("ended", focus) {
            return Stage::Over;
        }
        let folder = run.join(focus);
        if has("applying", focus) {
            let stream = lines(&folder.join("apply.stdout"));
            let done = stream.iter().filter(|line| line["type"] == "apply_complete").count();
            let planned: usize = stream.iter().map(steps).sum();
            return match done {
                0 => Stage::Beginning,
                _ if done < planned => Stage::Creating,
                _ => Stage::Saving,
            };
        }
        if folder.join("plan.stdout").metadata().is_ok_and(|meta| meta.len() > 0) {
            return Stage::Planning;
        }
        let waits: &[&str] = match focus {
            "app" | "db" => &["net"],
            "edge" => &["app", "db"],
            _ => &[],
        };
        match waits.iter().all(|name| has("ended", name)) {
            true => Stage::Next,
            false => Stage::Early,
        }
    }

    /// The run's report, if it was not killed.
    pub fn report(&mut self) -> Option<Value> {
        self.us.wait().unwrap();
        let text = std::fs::read(self.site.folder.path().join("report.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// The number of operations of a planned change. A replacement has two.
fn steps(line: &Value) -> usize {
    match line["change"]["action"].as_str().filter(|_| line["type"] == "planned_change") {
        None | Some("noop" | "read") => 0,
        Some("replace") => 2,
        Some(_) => 1,
    }
}

fn has_begun(run: &Path) -> bool {
    let streams = folders(run).map(|folder| folder.join("apply.stdout"));
    streams
        .map(|stream| std::fs::read_to_string(stream).unwrap_or_default())
        .any(|text| text.contains("apply_start"))
}

fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read(path).unwrap_or_default();
    text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
