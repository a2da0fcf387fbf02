//! Whether the layers below an environment can do their work: Salt, Terraform, Nomad, Consul and Vault.
//!
//! Each file has the facts about one layer, and judges them. Who asked for the facts is not known here.

mod clock;
mod consul;
mod layer;
mod nomad;
mod nomad_rights;
mod right;
mod salt;
mod terraform;
mod token;
mod vault;

pub use clock::ServerClock;
pub use consul::{ConsulAgent, ConsulAgents, ConsulFacts, consul};
pub use layer::{Fault, LayerLine, LayerReport, LayerStatus};
pub use nomad::{NomadFacts, NomadNode, nomad};
pub use nomad_rights::{NamespaceRule, NamespaceUse, NomadRights, TokenRules, VolumeUse};
pub use right::{Right, Rights};
pub use salt::{MinionsFacts, SaltFacts, SaltPlace, salt};
pub use terraform::{
    BackendAnswer, BackendFacts, LeftLock, LockFacts, LockKeeper, ProgramFacts, TerraformFacts, terraform,
};
pub use token::TokenFacts;
pub use vault::{VaultFacts, VaultSeal, VaultToken, vault};

#[cfg(test)]
mod tests;
