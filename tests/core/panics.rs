//! The report of a call that panics.

use eos::panic_guard::guarded;

use crate::support::ends_well;

const WORDS: &str = "hunter2 of the panic";

#[test]
#[ignore = "the other half of the test below"]
fn a_process_with_a_call_that_panics() {
    let report = guarded("plan", || panic!("{WORDS}"));
    println!("{report}");
    assert_eq!((&report["operation"], &report["result"]), (&"plan".into(), &false.into()));
    assert_eq!((&report["retcode"], &report["error"]["code"]), (&1.into(), &"internal".into()));
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("tests/core/panics.rs"), "{message}");
}

/// The message of a panic may quote a value.
#[test]
fn a_panic_becomes_a_report_with_its_place_and_without_its_message() {
    let said = ends_well(a_process_with_a_call_that_panics);
    assert!(!said.contains(WORDS) && !said.contains("panicked"), "{said}");
}
