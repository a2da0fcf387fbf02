//! Renders an HCL variables file in which all values are texts.

use std::collections::BTreeMap;
use std::fmt::Write;

/// One line `name = "value"` for each variable. A character that could end the text or begin a template is written by
/// its number. So it has no special meaning, and it cannot be escaped twice.
pub fn hcl_variables(variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut text = String::new();
    for (name, value) in variables {
        let name = hcl::Identifier::new(name.as_str()).map_err(|error| error.to_string())?;
        text.push_str(&format!("{} = \"", name.as_str()));
        for letter in value.chars() {
            match letter.is_control() || "\"\\$%".contains(letter) {
                // All these characters are below U+10000.
                true => drop(write!(text, "\\u{:04x}", letter as u32)),
                false => text.push(letter),
            }
        }
        text.push_str("\"\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_templates_are_written_by_their_numbers() {
        let text = hcl_variables(&[("x".to_owned(), "a\"b\\ $${up}\n".to_owned())].into()).unwrap();
        assert_eq!(text, "x = \"a\\u0022b\\u005c \\u0024\\u0024{up}\\u000a\"\n");
    }

    #[test]
    fn a_name_that_is_not_an_identifier_is_refused() {
        assert!(hcl_variables(&[("a b".to_owned(), String::new())].into()).is_err());
    }
}
