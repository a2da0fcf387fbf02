//! The forms of a text in other programs' output: escaped or encoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;

use crate::printable::printable;

/// In bytes. In base64, only the characters that encode nothing else are certain. A shorter text has too few of them to
/// be recognized.
const ENCODED: usize = 8;

/// The text itself, and its forms on terminals and in JSON, URLs and base64.
pub fn forms(text: &str) -> Vec<String> {
    let json = Value::from(text).to_string();
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json);
    // The form that Terraform's `jsonencode` and most Go programs write.
    let go: String =
        json.chars().map(|one| if "<>&".contains(one) { escaped(one) } else { one.into() }).collect();
    let ascii =
        |json: &str| json.chars().map(|one| if one.is_ascii() { one.into() } else { escaped(one) }).collect();
    let percent = percent(text);
    let mut forms =
        vec![text.to_owned(), printable(text).into_owned(), ascii(json), ascii(&go), json.to_owned(), go];
    forms.extend([percent.replace("%20", "+"), percent]);
    if text.len() >= ENCODED {
        forms.extend(base64(text.as_bytes()));
    }
    forms
}

fn escaped(one: char) -> String {
    one.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// RFC 3986: encodes all characters except the unreserved ones.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

/// All forms of the text, for each position at which it may begin in the encoded data. Characters that also depend on
/// neighbouring bytes are left out.
fn base64(text: &[u8]) -> impl Iterator<Item = String> {
    let standard = (0..3).map(|before| {
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], text].concat());
        encoded[(before * 8).div_ceil(6)..(before + text.len()) * 8 / 6].to_owned()
    });
    standard.flat_map(|standard| [standard.replace('+', "-").replace('/', "_"), standard])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_equals_the_form_that_other_programs_write() {
        let forms = forms("é\"<&> /+%");
        for form in [
            "é\"<&> /+%",
            r#"é\"<&> /+%"#,
            r#"\u00e9\"<&> /+%"#,
            r#"é\"\u003c\u0026\u003e /+%"#,
            r#"\u00e9\"\u003c\u0026\u003e /+%"#,
            "%C3%A9%22%3C%26%3E%20%2F%2B%25",
            "%C3%A9%22%3C%26%3E+%2F%2B%25",
        ] {
            assert!(forms.iter().any(|one| one == form), "{form} is not in {forms:?}");
        }
        assert_eq!(escaped('🦊'), r"\ud83e\udd8a");
    }

    #[test]
    fn a_secret_is_found_in_base64_at_any_offset() {
        let secret = "hunter2?>long";
        for before in ["", "x", "xy", "joe:", "\u{0}"] {
            for engine in [&STANDARD_NO_PAD, &base64::engine::general_purpose::URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{before}{secret}@host"));
                assert!(forms(secret).iter().any(|form| encoded.contains(form)), "{encoded}");
            }
        }
    }
}
