//! Measures text in columns of a terminal: `日` needs two columns, a combining accent none.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Appends spaces up to this width.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{:missing$}", "")
}

/// The longest beginning of the text that fits this width.
pub fn beginning(text: &str, width: usize) -> &str {
    let mut room = width;
    let end = text.char_indices().find(|(_, letter)| !takes(&mut room, *letter));
    end.map_or(text, |(end, _)| &text[..end])
}

/// The columns of a coloured line. Colour codes have none.
pub fn columns(line: &str) -> usize {
    letters(line).filter(|(_, is_code)| !is_code).map(|(letter, _)| width_of(letter)).sum()
}

/// Cuts a coloured line to this width: `…` is in place of its end. All colour codes are kept.
pub fn cut(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let Some(mut room) = width.checked_sub(1) else { return String::new() };
    let (mut text, mut is_cut) = (String::new(), false);
    for (letter, is_code) in letters(line) {
        if is_code || takes(&mut room, letter) {
            text.push(letter);
        } else if !is_cut {
            is_cut = true;
            text.push('…');
        }
    }
    text
}

/// Each letter, and whether it belongs to a colour code.
fn letters(line: &str) -> impl Iterator<Item = (char, bool)> {
    let mut is_code = false;
    line.chars().map(move |letter| {
        is_code |= letter == '\x1b';
        let of_code = is_code;
        is_code &= letter != 'm';
        (letter, of_code)
    })
}

/// At least one column. Some letters widen the one before them, and without a width a text could be of any length.
fn width_of(letter: char) -> usize {
    letter.width().unwrap_or_default().max(1)
}

/// Whether the letter still fits. Once a letter does not fit, no later one fits.
fn takes(room: &mut usize, letter: char) -> bool {
    let left = room.checked_sub(width_of(letter));
    *room = left.unwrap_or_default();
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_ends_with_an_ellipsis_and_keeps_its_colour_codes() {
        assert_eq!(cut("abc\x1b[31mdef\x1b[0mghi", 5), "abc\x1b[31md…\x1b[0m");
        assert_eq!(cut("abc\x1b[31mdef\x1b[0m", 6), "abc\x1b[31mdef\x1b[0m");
        assert_eq!(cut("short", 79), "short");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_wide_letter_without_room_is_omitted_with_all_that_follows() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語 x", 4), "日…");
        assert_eq!(cut("a\x1b[32m日\x1b[0mb", 2), "a\x1b[32m…\x1b[0m");
    }

    #[test]
    fn a_text_of_letters_without_a_width_is_truncated_too() {
        assert_eq!(beginning(&"\u{301}".repeat(1000), 120).chars().count(), 120);
        assert_eq!(beginning("❤\u{fe0f}❤\u{fe0f}", 3), "❤\u{fe0f}❤");
        assert_eq!(beginning("short", 5), "short");
    }

    #[test]
    fn text_after_a_padded_text_begins_in_the_same_column() {
        for text in ["", "ab", "日", "é", "❤\u{fe0f}", "far too long"] {
            assert_eq!(pad(text, 4).width(), text.width().max(4), "{text}");
        }
    }
}
