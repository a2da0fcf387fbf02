//! Compares docs/reference/reasons.md with the codes in the sources: the page explains every code, and no code that is
//! gone.

use std::collections::BTreeSet;

use eos::error::Code;

fn codes() -> BTreeSet<&'static str> {
    Code::ALL.iter().map(|code| code.as_str()).collect()
}

fn explained() -> BTreeSet<&'static str> {
    let page = include_str!("../../docs/reference/reasons.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    // The cells that name codes: all except the last, which has the remedy.
    let cells = rows.filter_map(|row| row.trim_end_matches('|').rsplit_once('|').map(|(names, _)| names));
    cells.flat_map(|names| names.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_code_is_explained() {
    let missing: Vec<_> = codes().difference(&explained()).copied().collect();
    assert!(missing.is_empty(), "docs/reference/reasons.md lacks {missing:?}");
}

#[test]
fn every_explained_name_is_a_code() {
    let gone: Vec<_> = explained().difference(&codes()).copied().collect();
    assert!(gone.is_empty(), "docs/reference/reasons.md explains what is no code: {gone:?}");
}

#[test]
fn no_two_codes_have_the_same_text() {
    assert_eq!(codes().len(), Code::ALL.len());
}

#[test]
fn a_report_shows_a_code_as_its_text() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(code.to_string(), code.as_str());
    }
}
