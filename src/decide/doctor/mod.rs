//! Whether everything below an environment is fit for a run: each check is ok, or says what to do.
//!
//! Each file has the facts of some checks, and judges them. Who found the facts is not known here.

mod check;
mod clock;
mod disk;
mod folded;
mod lock_scope;
mod of_layer;
mod root;
mod runs;
mod salt;

pub use check::{Check, CheckStatus, Group};
pub use clock::{HostClock, clock};
pub use disk::{DiskFacts, disk};
pub use folded::folded;
pub use lock_scope::{LockScope, lock_scope};
pub use of_layer::of_layer;
pub use root::{RootFacts, root};
pub use runs::{BlockedComponent, DiedRun, InterruptedApply, RunFacts, WayOn, runs};
pub use salt::{NamedFunction, SaltConfiguration, salt};
