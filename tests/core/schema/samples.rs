//! Values with which the reader is asked.

use std::collections::BTreeSet;

/// A text that is no word, no key and no name of any pillar.
pub const NONSENSE: &str = "zq9";

/// One text of each notation that the reader knows.
pub const TEXTS: [&str; 20] = [
    NONSENSE,
    "/srv/a",
    "/srv/a.json",
    "/srv/{environment}.prom",
    "https://a.example",
    "a.example:1",
    "env:A",
    "vault:a/b#c",
    "vault:a/b",
    "5m",
    "20s",
    "salt://a/b",
    ">=1.5",
    "a.b",
    "25%",
    "user",
    "1",
    "2xx",
    "A",
    "",
];

pub const INTEGERS: [i64; 8] = [0, 1, 2, 20, 60, 200, 8080, 100_000];

/// Texts that differ from this one a little. A word of a list is no longer such a word, but a text in a notation often
/// is still in that notation.
pub fn variations(text: &str) -> BTreeSet<String> {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut found = BTreeSet::new();
    for at in &places {
        for more in ["1", "x"] {
            found.insert(format!("{}{more}{}", &text[..*at], &text[*at..]));
        }
    }
    for pair in places.windows(2) {
        found.insert(format!("{}{}", &text[..pair[0]], &text[pair[1]..]));
    }
    found
}

/// The words of a message: the reader names in it what it accepts.
pub fn words(message: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    message.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The keys that a message lists: `there are: a, b`.
pub fn listed(message: &str) -> Option<Vec<String>> {
    let (_, list) = message.split_once("there are: ")?;
    Some(list.split(", ").map(str::to_owned).collect())
}
