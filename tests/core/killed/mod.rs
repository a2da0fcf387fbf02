//! What becomes of a run when Nomad, Consul or Vault is killed under it: it begins again after a while, or stays away.
//!
//! One run has a component in each phase when the server dies. What holds a component there is let go by the test, and
//! that it asked in vain is seen at the dead server's port: nothing here waits for a time to pass.

mod away;
mod consul;
mod nomad;
mod scene;
mod vault;
