//! Values of a service that are variables of its generated module.

/// A variable that generated modules may have. Its name is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceVariable {
    Args,
    Command,
    Cpu,
    DataPath,
    Datacenters,
    Env,
    Image,
    Memory,
    Meta,
    Namespace,
    Port,
    Region,
    Replicas,
    Tags,
}

impl ServiceVariable {
    pub const ALL: [Self; 14] = [
        Self::Args,
        Self::Command,
        Self::Cpu,
        Self::DataPath,
        Self::Datacenters,
        Self::Env,
        Self::Image,
        Self::Memory,
        Self::Meta,
        Self::Namespace,
        Self::Port,
        Self::Region,
        Self::Replicas,
        Self::Tags,
    ];

    /// The name in the pillar and in the module.
    pub fn name(self) -> &'static str {
        match self {
            Self::Args => "args",
            Self::Command => "command",
            Self::Cpu => "cpu",
            Self::DataPath => "data_path",
            Self::Datacenters => "datacenters",
            Self::Env => "env",
            Self::Image => "image",
            Self::Memory => "memory",
            Self::Meta => "meta",
            Self::Namespace => "namespace",
            Self::Port => "port",
            Self::Region => "region",
            Self::Replicas => "replicas",
            Self::Tags => "tags",
        }
    }
}
