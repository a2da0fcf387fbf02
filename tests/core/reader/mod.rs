//! Compares the reader of modules with a real terraform on the same files.

mod batch;
mod broken;
mod generate;
mod oracle;
mod refused;
mod unreadable;

use std::time::{Duration, Instant};

use crate::support::draw::{self, Draw};

/// The number of modules that one terraform reads together.
const BATCH: usize = 150;

/// Each run has a new random seed, and prints it if the test fails. SECONDS is the time budget. At least one batch
/// runs.
#[test]
fn the_reader_and_terraform_find_the_same_names_defaults_and_sensitivity() {
    let Some(()) = oracle::has_terraform() else { return };
    let seed = draw::number("SEED", draw::fresh_seed());
    let budget = Duration::from_secs(draw::number("SECONDS", 3));
    let began = Instant::now();
    for batch in 0.. {
        let mut draw = Draw::new(seed, batch);
        let modules: Vec<_> = (0..BATCH).map(|_| generate::module(&mut draw)).collect();
        let differing = oracle::differing(&modules);
        assert!(differing.is_empty(), "SEED={seed}, batch {batch}:\n{}", differing.join("\n"));
        if began.elapsed() >= budget {
            break;
        }
    }
}
