//! Escapes texts in a driver's `config`. Nomad reads them again as a template when the task starts, with functions and
//! directives. So the start of a template is escaped, except in references to values that Nomad knows on the node.

use serde_json::Value;

/// The same escapes as an expression for Terraform. It applies to a variable named `text`. Each replacement of a
/// reference is done twice: a match consumes the character that the next match must look at.
pub const ESCAPE: &str = r#"replace(replace(replace(replace(replace(replace(text, "\u0024{", "\u0024\u0024{"), "\u0025{", "\u0025\u0025{"), local.known...), local.known...), local.named...), local.named...)"#;
/// Arguments for `replace`: a pattern and its replacement.
pub const KNOWN: [&str; 2] = [
    r#""/(^|[^$])[$][$]{((?:NOMAD_[A-Za-z0-9_]*|(?:attr|meta|node|env)[.\\[][^{}]*)})/""#,
    r#""$1$$\u007b$2""#,
];
pub const NAMED: [&str; 2] = [
    r#""/(^|[^$])[$][$]{([A-Za-z_][A-Za-z0-9_]*)}/""#,
    r#""$1$$\u007bhasindex(env, \"$2\") ? env[\"$2\"] : \"\\u0024{$2}\"}""#,
];

/// Escapes texts and keys at any depth. The names of settings at the top level are not escaped.
pub fn escape(value: &Value) -> Value {
    match value {
        Value::String(text) => escaped(text).into(),
        Value::Array(items) => items.iter().map(escape).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (escaped(key), escape(item))).collect(),
        other => other.clone(),
    }
}

fn escaped(text: &str) -> String {
    let mut into = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        let (before, from) = rest.split_at(at);
        into.push_str(before);
        let is_escaped = into.ends_with('$');
        let (mark, after) = from.split_at(1);
        rest = after;
        let Some(inside) = after.strip_prefix('{') else {
            into.push_str(mark);
            continue;
        };
        match inside.split_once('}').filter(|_| mark == "$" && !is_escaped) {
            Some((name, after)) if is_known(name) => {
                into.push_str(&format!("${{{name}}}"));
                rest = after;
            }
            // The task's environment contains the name, or it is not a reference of Nomad.
            Some((name, after)) if is_name(name) => {
                into.push_str(&format!(
                    r#"${{hasindex(env, "{name}") ? env["{name}"] : "\u0024{{{name}}}"}}"#
                ));
                rest = after;
            }
            _ => into.push_str(&format!("{mark}{mark}")),
        }
    }
    into + rest
}

fn is_known(reference: &str) -> bool {
    if reference.contains('{') {
        return false;
    }
    let root = ["attr", "meta", "node", "env"].iter().find_map(|root| reference.strip_prefix(root));
    root.is_some_and(|rest| rest.starts_with(['.', '[']))
        || (reference.starts_with("NOMAD_") && is_name(reference))
}

fn is_name(text: &str) -> bool {
    let letter = |one: char| one.is_ascii_alphanumeric() || one == '_';
    !text.is_empty() && text.chars().all(letter) && !text.starts_with(|one: char| one.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_markers_are_escaped_except_nomads_own_variables() {
        let home = r#"${hasindex(env, "HOME") ? env["HOME"] : "\u0024{HOME}"}"#;
        for (text, expected) in [
            ("code=%{http_code}", "code=%%{http_code}"),
            ("%%{x} %", "%%%{x} %"),
            ("${1:-x} $", "$${1:-x} $"),
            ("${upper(x)}", "$${upper(x)}"),
            ("$${x}", "$$${x}"),
            ("$${NOMAD_PORT_http}", "$$${NOMAD_PORT_http}"),
            ("${NOMAD_PORT_http}${attr.kernel.name}", "${NOMAD_PORT_http}${attr.kernel.name}"),
            ("%${env[\"HOME\"]}", "%${env[\"HOME\"]}"),
            ("${HOME}", home),
            ("${", "$${"),
            ("${a${NOMAD_X}", "$${a${NOMAD_X}"),
        ] {
            assert_eq!(escape(&text.into()), expected, "{text}");
        }
    }

    #[test]
    fn keys_within_a_setting_are_texts_too() {
        let value = serde_json::json!([{ "%{a}": ["${1}", 1, true, null] }]);
        assert_eq!(escape(&value), serde_json::json!([{ "%%{a}": ["$${1}", 1, true, null] }]));
    }
}
