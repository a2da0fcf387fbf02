//! Every driver with every type of job.

use std::time::Instant;

use super::cell::{Length, story};

const DRIVERS: [&str; 3] = ["docker", "exec", "raw_exec"];
const TYPES: [&str; 6] = ["service", "batch", "system", "periodic", "parameterized", "sysbatch"];

// Each driver and each type once. `make matrix-services` plays the whole story of all.

#[test]
fn a_batch_job_in_a_container_is_up_updated_scaled_failed_back_and_destroyed() {
    story("docker", "batch", Length::Whole);
}

#[test]
fn a_parameterized_job_in_a_container_is_up_run_refused_and_destroyed() {
    story("docker", "parameterized", Length::Short);
}

#[test]
fn a_service_in_a_root_of_its_own_is_up_failed_and_destroyed() {
    story("exec", "service", Length::Short);
}

#[test]
fn a_periodic_job_in_a_root_of_its_own_is_up_run_refused_and_destroyed() {
    story("exec", "periodic", Length::Short);
}

#[test]
fn a_program_on_each_node_is_up_failed_and_destroyed() {
    story("raw_exec", "system", Length::Short);
}

#[test]
fn a_program_that_ends_on_each_node_is_up_failed_and_destroyed() {
    story("raw_exec", "sysbatch", Length::Short);
}

/// Whether CELLS names this cell, its driver or its type. If it is empty, it names all.
fn is_wanted(driver: &str, kind: &str) -> bool {
    let cells = std::env::var("CELLS").unwrap_or_default();
    let mut words = cells.split_whitespace().peekable();
    words.peek().is_none() || words.any(|word| [driver, kind, &format!("{driver}:{kind}")].contains(&word))
}

/// Plays the story of a driver with each type that CELLS allows. Returns the failed ones.
fn failures(driver: &'static str) -> Vec<String> {
    let mut failed = Vec::new();
    for kind in TYPES.into_iter().filter(|kind| is_wanted(driver, kind)) {
        let cell = format!("{driver}:{kind}");
        let began = Instant::now();
        let ended = std::panic::catch_unwind(|| story(driver, kind, Length::Whole));
        let word = match ended {
            Ok(true) => "ok",
            Ok(false) => "skipped",
            Err(_) => "FAILED",
        };
        println!("{cell:24} {word} {} s", began.elapsed().as_secs());
        if ended.is_err() {
            failed.push(cell);
        }
    }
    failed
}

#[test]
#[ignore = "make matrix-services"]
fn every_driver_runs_every_type_from_its_first_run_until_nothing_is_left() {
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running = DRIVERS.map(|driver| scope.spawn(move || failures(driver)));
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{failed:?}");
}
