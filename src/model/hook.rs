//! Hooks: they inform other systems after the turn of a component succeeded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Name, OwnOutput, PillarPath, Reference, SaltStep, Tls, ValueOrOutput};

/// One item of a component's `hooks`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// Its path in the pillar: `infrastructure:components:web:hooks:0`.
    pub path: PillarPath,
    /// It is in the settings, and so for all components. A component that lacks an output of it is left out.
    pub is_shared: bool,
    pub on_failure: HookFailure,
    pub action: HookAction,
}

/// What a failed hook means for its component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookFailure {
    /// The report gets a note, and its status shows it.
    Warn,
    /// The component fails.
    Fail,
}

#[derive(Clone, Debug, PartialEq)]
pub enum HookAction {
    /// Keys below `{prefix}/{environment}/{component}/` of `settings:consul`.
    ConsulKv {
        prefix: String,
    },
    ConsulService(ConsulService),
    Prometheus(PrometheusTargets),
    Salt(SaltStep),
    Webhook(Webhook),
}

/// A service in Consul's catalogue, on a node that belongs to the component.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsulService {
    pub name: String,
    pub address: ValueOrOutput<String>,
    pub port: Option<ValueOrOutput<u16>>,
    pub tags: Vec<String>,
    /// Checks for consul-esm, which monitors nodes that have no agent. They begin as passing.
    pub checks: Vec<NodeCheck>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeCheck {
    pub name: String,
    /// The URL must answer with a 2xx status. If None, see `tcp`.
    pub http: Option<String>,
    /// `host:port`
    pub tcp: Option<String>,
    pub interval: Duration,
}

/// A file of targets: <https://prometheus.io/docs/guides/file-sd/>.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusTargets {
    /// Absolute, ends with `.json`. [`placed`] replaces its placeholders.
    pub file: PathBuf,
    /// `host:port`; an output may be a list of them.
    pub targets: Vec<ValueOrOutput<String>>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// A plain value is an `http://` or `https://` address, as [`super::address::url`] accepts it.
    pub url: Reference,
    pub headers: BTreeMap<String, Reference>,
    /// Fields that are sent in addition to those of Eos.
    pub body: Map<String, Value>,
    pub format: BodyFormat,
    pub timeout: Duration,
    pub tls: Tls,
}

/// What a webhook sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// All facts as JSON.
    Json,
    /// One `text`, as incoming webhooks of Slack and of compatible chats take it.
    Slack,
}

impl Webhook {
    /// Each reference, with its path. `path`: that of the webhook.
    pub fn references(&self, path: &PillarPath) -> Vec<(PillarPath, &Reference)> {
        let headers = path.child("headers");
        let headers = self.headers.iter().map(|(name, one)| (headers.child(name), one));
        headers.chain([(path.child("url"), &self.url)]).collect()
    }
}

/// The file in which a hook writes: `{environment}` and `{component}` in its path are replaced.
pub fn placed(file: &Path, environment: &Name, component: Option<&Name>) -> PathBuf {
    let text = file.to_string_lossy().replace(ENVIRONMENT, environment.as_str());
    component.map_or_else(|| text.clone(), |name| text.replace(COMPONENT, name.as_str())).into()
}

/// Placeholders in the path of a file.
pub const ENVIRONMENT: &str = "{environment}";
pub const COMPONENT: &str = "{component}";

impl Hook {
    pub fn kind(&self) -> &'static str {
        match self.action {
            HookAction::ConsulKv { .. } => "consul_kv",
            HookAction::ConsulService(_) => "consul_service",
            HookAction::Prometheus(_) => "prometheus",
            HookAction::Salt(_) => "salt",
            HookAction::Webhook(_) => "webhook",
        }
    }

    /// All outputs that the hook reads, each with the path at which the hook names it.
    pub fn outputs(&self) -> Vec<(PillarPath, &OwnOutput)> {
        let pillar_path = self.path.child(self.kind());
        match &self.action {
            HookAction::ConsulService(service) => {
                let port = service.port.as_ref().and_then(ValueOrOutput::output);
                let read = [("address", service.address.output()), ("port", port)];
                read.into_iter().filter_map(|(key, own)| Some((pillar_path.child(key), own?))).collect()
            }
            HookAction::Prometheus(prometheus) => {
                let targets = prometheus.targets.iter().enumerate();
                targets
                    .filter_map(|(index, one)| {
                        Some((pillar_path.child("targets").child(index), one.output()?))
                    })
                    .collect()
            }
            HookAction::ConsulKv { .. } | HookAction::Salt(_) | HookAction::Webhook(_) => Vec::new(),
        }
    }
}
