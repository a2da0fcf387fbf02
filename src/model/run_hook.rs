//! Hooks of a whole run: they inform other systems when it starts and when it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::{PillarPath, Webhook};

/// One item of `settings:run_hooks`.
#[derive(Clone, Debug, PartialEq)]
pub struct RunHook {
    /// Its path in the pillar: `infrastructure:settings:run_hooks:0`.
    pub path: PillarPath,
    pub when: BTreeSet<RunMoment>,
    pub action: RunHookAction,
}

/// A moment of a run at which its hooks can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunMoment {
    Started,
    /// Everything is as requested, or only waits for a later call.
    Finished,
    Failed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RunHookAction {
    /// The key `{prefix}/{environment}/last_run` of `settings:consul`.
    ConsulKv {
        prefix: String,
    },
    Prometheus(RunMetrics),
    Webhook(Webhook),
}

/// A file for the textfile collector of Prometheus' node exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct RunMetrics {
    /// Absolute, ends with `.prom`. [`super::placed`] replaces its placeholder.
    pub file: PathBuf,
    pub labels: BTreeMap<String, String>,
}

impl RunHook {
    /// The longest time that a run waits for an answer to its hook.
    pub const LONGEST: Duration = Duration::from_secs(60);

    pub fn kind(&self) -> &'static str {
        match self.action {
            RunHookAction::ConsulKv { .. } => "consul_kv",
            RunHookAction::Prometheus(_) => "prometheus",
            RunHookAction::Webhook(_) => "webhook",
        }
    }
}

impl RunMoment {
    pub const ALL: [Self; 3] = [Self::Started, Self::Finished, Self::Failed];

    /// In the pillar, and in the tag of an event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}
