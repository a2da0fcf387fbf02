//! What somebody may have meant.

/// The candidate with the fewest edits, if it is near enough to be a slip.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + word.chars().count() / 4;
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, or else what there is.
pub fn hint<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => match candidates.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "there is none".to_owned(),
            all => format!("there are: {all}"),
        },
    }
}
