//! Writes a pillar file with one service in YAML.

use serde_json::{Map, Value};

/// Words that YAML reads as something else than a text.
const SPECIAL: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"];

/// A file of its own: its first line says that it is YAML alone, so nothing in it is a template. `notes` are comments.
pub fn pillar(service: &str, entry: &Map<String, Value>, notes: &[String]) -> String {
    let mut text = "#!yaml\n".to_owned();
    for note in notes {
        text.push_str(&format!("# {note}\n"));
    }
    text.push_str("infrastructure:\n  services:\n");
    text.push_str(&format!("    {}:\n", word(service)));
    mapping(entry, 3, &mut text);
    text
}

/// Any mapping.
pub fn document(map: &Value) -> String {
    let mut text = String::new();
    if let Value::Object(map) = map {
        mapping(map, 0, &mut text);
    }
    text
}

fn mapping(map: &Map<String, Value>, depth: usize, into: &mut String) {
    for (key, value) in map {
        into.push_str(&format!("{}{}:", "  ".repeat(depth), word(key)));
        item(value, depth + 1, into);
    }
}

/// What follows a key.
fn item(value: &Value, depth: usize, into: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            into.push('\n');
            mapping(map, depth, into);
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            into.push('\n');
            for item in items {
                into.push_str(&format!("{}- {}\n", "  ".repeat(depth), flow(item)));
            }
        }
        Value::String(text) if is_block(text) => {
            into.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in text.trim_end_matches('\n').split('\n') {
                let indent = if line.is_empty() { String::new() } else { "  ".repeat(depth) };
                into.push_str(&format!("{indent}{line}\n"));
            }
        }
        other => into.push_str(&format!(" {}\n", flow(other))),
    }
}

/// Several lines that YAML's block form gives back as they are.
fn is_block(text: &str) -> bool {
    let lines = text.trim_end_matches('\n');
    lines.contains('\n')
        && !text.ends_with("\n\n")
        && !lines.starts_with([' ', '\n'])
        && lines.split('\n').all(|line| !line.ends_with(' '))
        && text.chars().all(|letter| letter == '\n' || is_plain(letter))
}

fn is_plain(letter: char) -> bool {
    matches!(letter, ' '..='~')
        || (letter > '\u{a0}' && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// On one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, one)| format!("{}: {}", word(key), flow(one)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A text that cannot be read as anything else.
fn word(text: &str) -> String {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '/');
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./!".contains(&byte);
    let special = SPECIAL.contains(&text.to_ascii_lowercase().as_str());
    match begins && text.bytes().all(good) && !special {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// JSON's quotes are also YAML's, except for letters that YAML does not print.
fn quoted(text: &str) -> String {
    let mut into = String::new();
    for letter in Value::from(text).to_string().chars() {
        match u32::from(letter) {
            code if is_plain(letter) || code < 0x20 => into.push(letter),
            code if code <= 0xffff => into.push_str(&format!("\\u{code:04x}")),
            code => into.push_str(&format!("\\U{code:08x}")),
        }
    }
    into
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_that_yaml_would_read_otherwise_are_quoted_and_several_lines_are_a_block() {
        let entry = json!({
            "args": ["-c", "x: y", "no", "12", "/a/b"], "replicas": 2,
            "job": { "meta!": { "a b": "1" }, "template": [{ "data": "x\ny\n" }], "text": "one\n  two\n", "gone": null },
        });
        let expected = "#!yaml\n# A note.\ninfrastructure:\n  services:\n    web:\n      \
                        args: [\"-c\", \"x: y\", \"no\", \"12\", /a/b]\n      job:\n        gone: null\n        \
                        meta!:\n          \"a b\": \"1\"\n        template:\n          - {data: \"x\\ny\\n\"}\n        \
                        text: |\n          one\n            two\n      replicas: 2\n";
        assert_eq!(pillar("web", entry.as_object().unwrap(), &["A note.".to_owned()]), expected);
    }
}
