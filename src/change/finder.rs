//! Finds many patterns in a text in one pass. Long patterns do not need much memory.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// In bytes. Of a longer pattern, this beginning is searched for. What follows is compared at each place found.
const BEGINNING: usize = 256;
/// In bytes, for all beginnings together. Each byte needs about 30 bytes of memory while the automaton is built.
const AT_MOST: usize = 8 << 20;

/// None if the patterns exceed the limit.
pub struct Finder(Option<Automaton>);

struct Automaton {
    automaton: AhoCorasick,
    /// By number of the pattern: the rest after its beginning, if there is one.
    rests: Vec<Option<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundPattern {
    pub pattern: usize,
    pub start: usize,
    pub end: usize,
}

impl Finder {
    pub fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        let mut beginnings = Vec::new();
        let mut rests = Vec::new();
        for pattern in patterns {
            let (beginning, rest) = pattern.split_at(boundary(pattern, BEGINNING));
            beginnings.push(beginning);
            rests.push((!rest.is_empty()).then(|| rest.to_owned()));
        }
        if beginnings.iter().map(|one| one.len()).sum::<usize>() > AT_MOST {
            return Self(None);
        }
        // Any other kind may need a kibibyte for each byte of the patterns.
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(beginnings);
        Self(automaton.ok().map(|automaton| Automaton { automaton, rests }))
    }

    /// All matches of all patterns, including overlapping ones, in the order of the ends of their beginnings. If the
    /// text contains only the first part of a long pattern, that part is returned. None if the text could not be
    /// searched.
    pub fn find(&self, text: &str) -> Option<Vec<FoundPattern>> {
        let ready = self.0.as_ref()?;
        let mut matches = Vec::new();
        // How far the long matches reach so far. What they cover is not compared again. So a text of one repeated
        // letter does not take longer than others.
        let mut covered: usize = 0;
        for one in ready.automaton.find_overlapping_iter(text) {
            let (pattern, start, mut end) = (one.pattern().as_usize(), one.start(), one.end());
            if let Some(rest) = &ready.rests[pattern] {
                let known = covered.saturating_sub(end).min(rest.len());
                let ahead = &text.as_bytes()[end + known..];
                let same = ahead.iter().zip(&rest.as_bytes()[known..]).take_while(|(a, b)| a == b).count();
                end = boundary(text, end + known + same);
                covered = covered.max(end);
            }
            matches.push(FoundPattern { pattern, start, end });
        }
        Some(matches)
    }
}

/// The last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(patterns: &[&str], text: &str) -> Vec<(usize, usize)> {
        let matches = Finder::new(patterns.iter().copied()).find(text).unwrap();
        matches.into_iter().map(|one| (one.start, one.end)).collect()
    }

    #[test]
    fn a_long_secret_is_found_completely_and_a_truncated_one_up_to_its_end() {
        let long: String = (0..1000).map(|number| format!("é{number}")).collect();
        let around = format!("<{long}>");
        assert_eq!(ends(&[&long], &around), [(1, 1 + long.len())]);
        let cut = format!("<{}>", &long[..boundary(&long, 700)]);
        assert_eq!(ends(&[&long], &cut), [(1, cut.len() - 1)]);
        assert_eq!(ends(&[&long], &long[..boundary(&long, 200)]), []);
    }

    #[test]
    fn a_mebibyte_of_one_letter_is_found_in_one_pass() {
        let long = "x".repeat(1 << 20) + "y";
        let text = format!("{}y, {long}", "x".repeat(1 << 20));
        let found = ends(&[&long], &format!("x{text}"));
        assert_eq!(found.iter().map(|one| one.1).max(), Some(text.len() + 1));
        assert!(found.iter().any(|one| one.1 == (1 << 20) + 2), "the one that begins a letter later");
    }

    #[test]
    fn too_many_secrets_are_not_searched() {
        let many: Vec<String> = (0..40_000).map(|number| format!("{number:0>250}")).collect();
        assert_eq!(Finder::new(many.iter().map(String::as_str)).find("text"), None);
    }
}
