//! Suggests what a person may have meant.

/// Nobody reads a longer list to the end.
const SHOWN: usize = 20;
/// The table of the algorithm grows with the product of both lengths. No name in Eos is longer.
const LONGEST: usize = 100;

/// The candidate with the fewest edits, if it is similar enough to be a typing error.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    // In a word of one letter, every other letter is one edit away.
    let most = (1 + length / 4).min(length.saturating_sub(1));
    if length > LONGEST {
        return None;
    }
    candidates
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, or a list of the existing names.
pub fn hint<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => match listed(candidates) {
            none if none.is_empty() => "there are none".to_owned(),
            all => format!("there are: {all}"),
        },
    }
}

/// `a, b, c and 7 more`; empty if there are no names.
pub fn listed<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let shown = names.by_ref().take(SHOWN).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
