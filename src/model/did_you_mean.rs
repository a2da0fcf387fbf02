//! Suggests what a person may have meant.

/// The most environments in a list. Keys and variables are never left out of theirs.
const SHOWN: usize = 20;
/// The table of the algorithm grows with the product of both lengths. No name in Eos is longer.
const LONGEST: usize = 100;
/// The shortest part of a name that makes two names related.
const PART: usize = 3;

/// The candidate with the fewest edits, if it is similar enough to be a typing error.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    similar(word, candidates).min().map(|(_, candidate)| candidate)
}

/// `did you mean "x" or "y"?` with every near name, or a list of all names.
pub fn hint<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> String {
    guess(word, candidates.clone()).unwrap_or_else(|| existing(&listed(candidates)))
}

/// The same for environments, of which a pillar may have hundreds.
pub fn environment_hint<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> String {
    guess(word, candidates.clone()).unwrap_or_else(|| existing(&some_listed(candidates)))
}

fn existing(names: &str) -> String {
    match names {
        "" => "there are none".to_owned(),
        all => format!("there are: {all}"),
    }
}

fn guess<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let quoted: Vec<_> = near(word, candidates).iter().map(|name| format!("{name:?}")).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

/// `a, b, c`; empty if there are no names.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The same, but not more than a person reads: `a, b, c and 7 more`.
pub fn some_listed<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let shown = listed(names.by_ref().take(SHOWN));
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Every name that may have been meant: those with the fewest edits, or else those that share a part with the word.
fn near<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let mut near: Vec<_> = similar(word, candidates.clone()).collect();
    near.sort_unstable();
    near.dedup();
    if let Some(&(fewest, _)) = near.first() {
        return near.into_iter().take_while(|(edits, _)| *edits == fewest).map(|(_, name)| name).collect();
    }
    let parts = parts(word);
    let mut related: Vec<_> =
        candidates.filter(|name| self::parts(name).iter().any(|part| parts.contains(part))).collect();
    related.sort_unstable();
    related.dedup();
    related
}

/// The candidates that differ from the word by a typing error, with the number of edits.
fn similar<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = (usize, &'a str)> {
    let length = word.chars().count();
    // In a word of one letter, every other letter is one edit away.
    let most = (1 + length / 4).min(length.saturating_sub(1));
    candidates
        .filter(move |candidate| length <= LONGEST && candidate.len() <= LONGEST)
        .map(move |candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(move |(edits, _)| *edits <= most)
}

/// The parts of a name such as `health_timeout`, without the plural's `s`.
fn parts(name: &str) -> Vec<&str> {
    let parts = name.split(['_', '-', '.', ' ']).map(|part| part.strip_suffix('s').unwrap_or(part));
    parts.filter(|part| part.len() >= PART && name.len() <= LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_of(word: &str, names: &[&str]) -> String {
        hint(word, names.iter().copied())
    }

    #[test]
    fn every_near_name_is_suggested_and_no_other() {
        assert_eq!(hint_of("pory", &["port", "ports", "image"]), r#"did you mean "port"?"#);
        assert_eq!(hint_of("cat", &["cap", "car", "dog"]), r#"did you mean "cap" or "car"?"#);
    }

    #[test]
    fn without_a_typing_error_the_names_with_a_common_part_are_suggested() {
        let names = ["health", "healthy_deadline", "min_healthy_time", "image"];
        assert_eq!(hint_of("health_check_url", &names), r#"did you mean "health"?"#);
        assert_eq!(
            hint_of("healthy_after", &names),
            r#"did you mean "healthy_deadline" or "min_healthy_time"?"#
        );
        // A short part is shared by chance.
        assert_eq!(hint_of("long_to", &["b_to", "c"]), "there are: b_to, c");
    }

    #[test]
    fn a_list_of_keys_is_complete_however_long_it_is() {
        let names: Vec<_> = (0..46).map(|number| format!("k{number:02}")).collect();
        let hint = hint("unrelated", names.iter().map(String::as_str));
        assert!(names.iter().all(|name| hint.contains(name.as_str())) && !hint.contains("more"), "{hint}");
    }

    #[test]
    fn a_huge_word_is_near_to_nothing() {
        let huge = "x".repeat(1_000_000);
        assert_eq!(hint_of(&huge, &["a"]), "there are: a");
        assert_eq!(hint_of(&format!("port_{huge}"), &["port"]), "there are: port");
    }
}
