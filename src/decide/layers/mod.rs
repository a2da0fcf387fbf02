//! Whether the layers below an environment can do their work: Salt, Terraform, Nomad, Consul and Vault.
//!
//! Each file has the facts about one layer, and judges them. Who asked for the facts is not known here.

mod consul;
mod layer;
mod nomad;
mod salt;
mod terraform;
mod token;
mod vault;

pub use consul::{ConsulAgent, ConsulAgents, ConsulFacts, consul};
pub use layer::{LayerReport, LayerStatus};
pub use nomad::{NomadFacts, NomadNode, nomad};
pub use salt::{MinionsFacts, SaltFacts, SaltPlace, salt};
pub use terraform::{
    BackendAnswer, BackendFacts, LeftLock, LockFacts, ProgramFacts, TerraformFacts, terraform,
};
pub use token::TokenFacts;
pub use vault::{VaultFacts, VaultSeal, VaultToken, vault};

#[cfg(test)]
mod tests;
