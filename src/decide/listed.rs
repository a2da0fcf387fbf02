//! Names in a sentence, as many as a person reads.

use crate::words::{Words, words};

const SHOWN: usize = 5;

/// `a, b, c and 4 more`. The names count as written by others.
pub fn listed_briefly(names: &[String]) -> Words {
    let (shown, more) = names.split_at(names.len().min(SHOWN));
    match more.len() {
        0 => shown.join(", ").into(),
        more => words![shown.join(", "), " and ", more, " more"],
    }
}
