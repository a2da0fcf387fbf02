//! Escapes each value of a page. Only harmless ASCII comes out, so that no text of others is read as HTML, whatever
//! encoding a reader assumes.

use std::fmt::{self, Write};

use askama::filters::Escaper;

use crate::printable::{one_line, printable};
use crate::view::width::beginning;

/// In columns: the longest text in a heading, a cell or a sentence.
const LONGEST: usize = 200;
/// In columns: the longest line of a text of several lines.
const WIDEST: usize = 1000;
/// Bytes of the HTML around a line.
const LINE: usize = 30;

/// The escaper of all templates: `askama.toml` names it.
#[derive(Clone, Copy)]
pub struct Escaped;

impl Escaper for Escaped {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        for one in printable(text).chars() {
            match one {
                '<' | '>' | '&' | '"' | '\'' | '`' => write!(out, "&#{};", u32::from(one))?,
                '\n' | '\t' | ' '..='~' => out.write_char(one)?,
                one => write!(out, "&#{};", u32::from(one))?,
            }
        }
        Ok(())
    }
}

/// A text on one line. A long one is cut.
pub fn brief(text: &str) -> String {
    let start = beginning(text, LONGEST);
    let end = if start.len() < text.len() { "…" } else { "" };
    format!("{}{end}", one_line(start))
}

/// The first lines of a text.
pub struct Lines {
    pub lines: Vec<String>,
    /// The number of lines that are left out.
    pub left: usize,
}

impl Lines {
    /// At most `room` bytes of the page. Long lines are cut.
    pub fn of(text: &str, room: usize) -> Self {
        let text = text.trim_matches('\n');
        let (mut lines, mut used) = (Vec::new(), 0);
        for whole in text.lines() {
            let start = beginning(whole, WIDEST);
            used += size(start) + LINE;
            if used > room {
                break;
            }
            lines.push(format!("{start}{}", if start.len() < whole.len() { "…" } else { "" }));
        }
        Self { left: text.lines().count() - lines.len(), lines }
    }
}

/// The bytes of a text in a page.
pub fn size(text: &str) -> usize {
    let mut escaped = String::new();
    let _ = Escaped.write_escaped_str(&mut escaped, text);
    escaped.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut escaped = String::new();
        Escaped.write_escaped_str(&mut escaped, text).unwrap();
        escaped
    }

    #[test]
    fn a_text_is_escaped_for_every_place_in_a_page() {
        assert_eq!(escaped("<b a='1' c=\"2\">&`"), "&#60;b a=&#39;1&#39; c=&#34;2&#34;&#62;&#38;&#96;");
        assert_eq!(escaped("é 日\n\tx"), "&#233; &#26085;\n\tx");
        assert_eq!(escaped("\u{202e}\u{0}\u{1b}"), "\\u202e\\u0000\\u001b");
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let long = "x".repeat(1_000_000);
        assert_eq!(brief(&long).chars().count(), LONGEST + 1);
        assert_eq!(brief("a\nb"), "a\\nb");
        let lines = Lines::of(&format!("{long}\nsecond\nthird\n"), 1_100);
        assert!(lines.lines.len() == 2 && lines.left == 1, "{}", lines.left);
        assert!(lines.lines[0].ends_with('…') && lines.lines[1] == "second");
    }

    proptest! {
        #[test]
        fn no_text_contains_a_character_that_html_reads(text in any::<String>()) {
            let escaped = escaped(&text);
            prop_assert!(escaped.bytes().all(|one| matches!(one, b'\n' | b'\t' | b' '..=b'~')));
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '`']));
            prop_assert_eq!(escaped.len(), size(&text));
        }
    }
}
