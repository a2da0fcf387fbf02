//! Compares docs/reference/reasons.md with the codes in the sources: the page explains every code, and no code that is
//! gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Texts that precede a code or a reason in the sources.
const BEFORE: [&str; 5] = ["Phase::", "Status::", "refuse(", "refused(", "code:"];

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.to_string_lossy().contains("/tests") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

fn code() -> Vec<String> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The literals that follow one of these texts, as in `Phase::Planning, "code"`. Only names, commas and white space may
/// be between.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    BEFORE.into_iter().flat_map(move |before| text.match_indices(before)).filter_map(move |(at, before)| {
        let rest = &text[at + before.len()..];
        let (between, rest) = rest.split_once('"')?;
        let plain = between.trim().trim_end_matches(',').bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (literal, _) = rest.split_once('"')?;
        (plain && is_word(literal)).then_some(literal)
    })
}

fn documented() -> BTreeSet<String> {
    let page = include_str!("../../docs/reference/reasons.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    // The cells that name codes: all except the last, which has the remedy.
    let cells = rows.filter_map(|row| row.trim_end_matches('|').rsplit_once('|').map(|(names, _)| names));
    cells
        .flat_map(|names| names.split('`').skip(1).step_by(2))
        .filter(|name| is_word(name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_code_that_is_made_is_explained() {
    let explained = documented();
    let made: BTreeSet<String> =
        code().iter().flat_map(|text| codes(text).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(made.len() > 30, "the sources are not read as this test thinks: {made:?}");
    let missing: Vec<_> = made.difference(&explained).collect();
    assert!(missing.is_empty(), "docs/reference/reasons.md lacks {missing:?}");
}

#[test]
fn every_code_that_is_explained_is_made() {
    let code = code().concat();
    let gone: Vec<_> = documented().into_iter().filter(|name| !code.contains(&format!("{name:?}"))).collect();
    assert!(gone.is_empty(), "docs/reference/reasons.md explains what nothing makes: {gone:?}");
}
