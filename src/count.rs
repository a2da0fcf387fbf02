//! A number with its noun.

use std::fmt::Display;

/// `1 node`, `2 nodes`, `0 nodes`. Only for nouns whose plural ends in s.
pub fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn only_one_thing_is_in_the_singular() {
        assert_eq!(
            [0, 1, 2, 21].map(|count| counted(count, "node")),
            ["0 nodes", "1 node", "2 nodes", "21 nodes"]
        );
    }
}
