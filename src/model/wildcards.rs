//! Compares a text with a pattern that contains wildcards.

/// Stands for any text.
pub const ANY: char = '*';

/// Whether the whole text matches. `one`: the character that stands for one character, if there is one.
///
/// The time is bounded by the product of both lengths.
pub fn matches(pattern: &str, text: &str, one: Option<char>) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // The last `*`, and the part of the text that follows what it stands for.
    let mut retry = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(&ANY) => {
                retry = Some((at, read));
                at += 1;
            }
            Some(&wanted) if Some(wanted) == one || wanted == text[read] => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                (at, read) = (star + 1, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|wanted| *wanted == ANY)
}
