//! The notation for a part of an output: `subnets.0.id`, `subnets[0].id`, `zone_ids["foo.test"]`.
//!
//! A step is a key of a mapping or an index of a list, as in Terraform. A key that is not a plain word is written in
//! brackets, with the quotes and escapes of JSON.

use std::fmt;

use serde_json::Deserializer;

/// Characters that separate steps or begin a quoted key.
const RESERVED: [char; 4] = ['.', '[', ']', '"'];

/// The name of an output, and the steps below it. The error follows the path in a message.
pub(super) fn parse(text: &str) -> Result<(String, Vec<String>), String> {
    let (output, mut rest) = word(text)?;
    let mut steps = Vec::new();
    while let Some(next) = rest.chars().next() {
        let (step, behind) = match next {
            '.' => word(&rest[1..])?,
            '[' => bracket(&rest[1..])?,
            _ => return Err(format!("has no '.' or '[' before {rest:?}; {FORMS}")),
        };
        steps.push(step);
        rest = behind;
    }
    Ok((output, steps))
}

/// Writes the steps so that [`parse`] reads the same again.
pub(super) fn write(steps: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    steps.iter().try_for_each(|step| match is_word(step) {
        true => write!(f, ".{step}"),
        false => write!(f, "[{}]", serde_json::Value::from(step.as_str())),
    })
}

fn is_word(step: &str) -> bool {
    !step.is_empty() && !step.contains(RESERVED) && !step.contains(char::is_control)
}

fn word(text: &str) -> Result<(String, &str), String> {
    let (word, rest) = text.split_at(text.find(RESERVED).unwrap_or(text.len()));
    match (word, rest.chars().next()) {
        (_, Some('"' | ']')) | ("", Some('[')) => Err(format!("has a misplaced bracket or quote; {FORMS}")),
        ("", _) => Err(format!("has an empty part; {FORMS}")),
        _ => Ok((word.to_owned(), rest)),
    }
}

const FORMS: &str = "write subnets[0], or zone_ids[\"foo.test\"] for a key that is not a plain word";

/// Reads what follows an opening bracket, up to the closing one.
fn bracket(text: &str) -> Result<(String, &str), String> {
    let inner = text.trim_start_matches(' ');
    let (step, rest) = match inner.starts_with('"') {
        true => {
            let mut keys = Deserializer::from_str(inner).into_iter::<String>();
            let key = keys.next().and_then(Result::ok);
            let key = key.ok_or_else(|| format!("has no text in JSON's quotes at {inner:?}"))?;
            (key, &inner[keys.byte_offset()..])
        }
        false => {
            let end = inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(inner.len());
            let (digits, rest) = inner.split_at(end);
            if digits.is_empty() {
                return Err(format!("has neither an index nor a key in double quotes at {inner:?}; {FORMS}"));
            }
            let index = digits.trim_start_matches('0');
            (if index.is_empty() { "0" } else { index }.to_owned(), rest)
        }
    };
    match rest.trim_start_matches(' ').strip_prefix(']') {
        Some(rest) => Ok((step, rest)),
        None => Err(format!("has a bracket that is not closed; {FORMS}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Written(String, Vec<String>);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)?;
            write(&self.1, f)
        }
    }

    fn steps(text: &str) -> Vec<String> {
        let (output, steps) = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(output, "zones", "{text}");
        steps
    }

    #[test]
    fn a_key_in_quotes_is_one_step_whatever_it_contains() {
        assert_eq!(steps(r#"zones["foo.test"]"#), ["foo.test"]);
        assert_eq!(steps(r#"zones["a b"].id"#), ["a b", "id"]);
        assert_eq!(steps(r#"zones[ "say \"hi\"]\\" ][0]"#), ["say \"hi\"]\\", "0"]);
        assert_eq!(steps(r#"zones[""]["]"]["["]"#), ["", "]", "["]);
        assert_eq!(steps(r#"zones["\u00fc\n"]"#), ["ü\n"]);
    }

    #[test]
    fn an_index_is_the_same_in_both_notations() {
        assert_eq!(steps("zones[0].id"), steps("zones.0.id"));
        assert_eq!(steps("zones[007]"), ["7"]);
        assert_eq!(steps("zones[000]"), ["0"]);
    }

    #[test]
    fn a_plain_word_may_contain_what_earlier_versions_accepted() {
        assert_eq!(steps("zones.a b.c/d-e_f.ü.a:1"), ["a b", "c/d-e_f", "ü", "a:1"]);
        assert_eq!(Written("zones".to_owned(), steps("zones.a b.c/d")).to_string(), "zones.a b.c/d");
    }

    #[test]
    fn what_is_not_a_path_is_refused_with_the_right_forms() {
        for text in [
            "",
            ".",
            "zones.",
            "zones..a",
            "zones[",
            "zones[]",
            "zones[-1]",
            "zones[a]",
            "zones['a']",
            "zones[\"a]",
            "zones[\"a\"",
            "zones[\"a\"]b",
            "zones]",
            "zones.\"a.b\"",
            "zones\"a\"",
            "[0]",
            "zones[0",
            "zones[*]",
            "zones.[0]",
            "zones[\"\\x\"]",
            "zones[\"a\nb\"]",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.is_empty(), "{text:?}");
        }
        assert!(parse("zones[a]").unwrap_err().contains("zone_ids[\"foo.test\"]"));
    }

    proptest! {
        #[test]
        fn every_list_of_steps_can_be_written_and_is_read_as_the_same(
            keys in prop::collection::vec(
                prop_oneof!["\\PC{0,8}", "[.\\[\\]\"\\\\ a0\u{0}\n'${}]{0,6}", "[0-9]{1,12}"], 0..5
            ),
        ) {
            let written = Written("zones".to_owned(), keys.clone()).to_string();
            let read = parse(&written);
            prop_assert_eq!(read, Ok(("zones".to_owned(), keys)), "{}", written);
        }

        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_can_be_written(
            text in prop_oneof!["\\PC{0,20}", "z?[.\\[\\]\"\\\\ a0]{0,12}"],
        ) {
            if let Ok((output, steps)) = parse(&text) {
                let written = Written(output.clone(), steps.clone()).to_string();
                prop_assert_eq!(parse(&written), Ok((output, steps)), "{}", written);
            }
        }
    }
}
