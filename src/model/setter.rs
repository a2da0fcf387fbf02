//! Who sets a value: a level of the pillar, the call, the module, or Eos.

use serde_json::Value;

use super::PillarPath;

/// What can set a value, the most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Call,
    /// The option `eos` of Salt's own configuration.
    SaltOption,
    EnvironmentComponent,
    /// `nomad_service` about this environment.
    EnvironmentNomadService,
    Component,
    /// `nomad_service` about all environments.
    NomadService,
    EnvironmentSettings,
    Settings,
    Profile,
    /// A standard input.
    Standard,
    /// A tfvars file of the module.
    ModuleFile,
    ModuleDefault,
    /// The default of Eos itself.
    Default,
}

/// What a level writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Value(Value),
    /// Outputs of other components, in the notation of the pillar.
    Outputs(Vec<String>),
    /// A reference, in the notation of the pillar.
    Secret(String),
    /// Eos generates the secret if it is missing.
    Generated,
    /// Neither of these. It may be a secret in the wrong place, so it is not known here.
    Unknown,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Wins,
    /// Only these parts of it are used.
    Part(Vec<String>),
    /// It is used too, besides what wins.
    Added,
    Overridden,
}

/// One level that sets a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setter {
    pub level: Level,
    /// The key of the component or of the settings below which it is written, such as `variables`.
    pub key: String,
    /// None if the value is not in the pillar or the call.
    pub path: Option<PillarPath>,
    /// None if the level sets the value as a whole, and has nothing at the place that was asked for.
    pub content: Option<Content>,
    pub effect: Effect,
}

impl Level {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::SaltOption => "salt_option",
            Self::EnvironmentComponent => "environment_component",
            Self::EnvironmentNomadService => "environment_nomad_service",
            Self::Component => "component",
            Self::NomadService => "nomad_service",
            Self::EnvironmentSettings => "environment_settings",
            Self::Settings => "settings",
            Self::Profile => "profile",
            Self::Standard => "standard_input",
            Self::ModuleFile => "module_file",
            Self::ModuleDefault => "module_default",
            Self::Default => "default",
        }
    }
}

impl Effect {
    /// The word in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Wins => "wins",
            Self::Part(_) => "part",
            Self::Added => "added",
            Self::Overridden => "overridden",
        }
    }
}
