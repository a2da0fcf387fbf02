//! What happens to a run when Nomad, Consul or Vault is killed during it. The server is started again later, or stays
//! away.
//!
//! One run has a component in each phase when the server dies. The test holds the components there and releases them.
//! It sees at the dead server's port that the run sent requests in vain. So nothing here waits for a fixed time.

mod away;
mod consul;
mod nomad;
mod scene;
mod vault;
