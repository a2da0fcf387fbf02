//! Makes texts of other programs safe for a terminal: no control character has an effect or changes the direction of
//! writing.

use std::borrow::Cow;

/// Escapes characters that a terminal would interpret. Line breaks and tabs stay; `\r\n` is one line break.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.chars().any(|one| is_unsafe(one) && !stays(one)) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(escape(&text.replace("\r\n", "\n"), stays)),
    }
}

/// Escapes the same characters, and also line breaks and tabs, so that the text stays on one line.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.chars().any(is_unsafe) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(escape(text, |_| false)),
    }
}

fn stays(one: char) -> bool {
    matches!(one, '\n' | '\t')
}

fn escape(text: &str, stays: fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            _ if stays(one) || !is_unsafe(one) => escaped.push(one),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // In the notation of JSON.
            one => {
                let mut units = [0; 2];
                let units = one.encode_utf16(&mut units).iter();
                escaped.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    escaped
}

/// C0, DEL, C1, line and paragraph separators, and format characters that reorder or hide other characters.
/// The joiners U+200C and U+200D stay: scripts and emoji need them.
fn is_unsafe(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_escaped_and_words_of_any_script_stay() {
        let text = "\u{1b}[2J\u{7}\u{7f}\u{9b}31m\u{202e}\u{2066}\u{2028}\u{85}\r\n\ta\rb";
        let escaped = r"\u001b[2J\u0007\u007f\u009b31m\u202e\u2066\u2028\u0085";
        assert_eq!(printable(text), format!("{escaped}\n\ta\\rb"));
        assert_eq!(one_line(text), format!("{escaped}\\r\\n\\ta\\rb"));
        for plain in ["é 日本語 ‰ 👩‍👩‍👧", "a\u{200c}b", "", "a\n\tb"] {
            assert_eq!(printable(plain), plain);
        }
        assert_eq!(printable("\u{e0041}"), r"\udb40\udc41");
    }

    proptest! {
        #[test]
        fn no_terminal_control_character_stays(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(is_unsafe));
            prop_assert!(!printable(&text).chars().any(|one| is_unsafe(one) && !stays(one)));
            let once = printable(&text);
            prop_assert_eq!(printable(&once), once.as_ref());
        }
    }
}
