//! A pattern that stands for several names: `*` means any text, `?` means one character.

use super::name::LONGEST;
use super::wildcards::{self, ANY};

const ONE: char = '?';

/// Checked as strictly as a name, because nothing else can match one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// Whether a text is meant as a pattern, and not as a name.
    pub fn is_meant(text: &str) -> bool {
        text.contains([ANY, ONE])
    }

    /// The reason of an error is written to follow the quoted pattern in a message.
    pub fn new(text: &str) -> Result<Self, String> {
        let fits = |one: char| {
            one.is_ascii_lowercase() || one.is_ascii_digit() || ['_', '-', ANY, ONE].contains(&one)
        };
        if text.len() > LONGEST {
            return Err(format!("has {} bytes; a pattern has at most {LONGEST}", text.len()));
        }
        match text.chars().all(fits) {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("is not a pattern: a pattern has lower-case letters, digits, '_', '-', '*' for any \
                          text and '?' for one character"
                    .to_owned())
            }
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern without its wildcards.
    pub fn stem(&self) -> String {
        self.0.replace([ANY, ONE], "")
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        wildcards::matches(&self.0, name, Some(ONE))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        NamePattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_star_means_any_text_and_a_question_mark_one_character() {
        for (pattern, name) in [
            ("tenant_*", "tenant_a"),
            ("tenant_*", "tenant_"),
            ("*", "a"),
            ("tenant_?", "tenant_b"),
            ("*_db", "tenant_a_db"),
            ("a*b*c", "a_b_b_c"),
            ("a**c", "ac"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("tenant_*", "tenant"), ("tenant_?", "tenant_ab"), ("tenant_?", "tenant_"), ("*_db", "db_x")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn other_wildcards_and_other_letters_are_refused() {
        for text in ["[ab]*", "Tenant_*", "a/*", "../*", "*\n", "{a,b}*", "é*", &"*".repeat(64)] {
            assert!(NamePattern::new(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_matches_each_pattern_that_was_made_from_it(
            name in "[a-z][a-z0-9_-]{0,20}",
            from in 0usize..20,
            length in 0usize..20,
        ) {
            let from = from.min(name.len());
            let to = (from + length).min(name.len());
            let star = format!("{}*{}", &name[..from], &name[to..]);
            prop_assert!(matches(&star, &name), "{star} {name}");
            let ones = format!("{}{}{}", &name[..from], "?".repeat(to - from), &name[to..]);
            prop_assert!(matches(&ones, &name), "{ones} {name}");
        }

        #[test]
        fn many_stars_take_no_long_time(stars in 1usize..30) {
            let pattern = format!("{}b", "a*".repeat(stars));
            prop_assert!(!matches(&pattern, &"a".repeat(63)));
        }
    }
}
