//! Claims about secrets in Vault, with a real Vault and a real terraform.

pub mod bench;
mod canary;
mod ensuring;
mod layers;
mod lending;
mod login;
mod providing;
mod reading;
