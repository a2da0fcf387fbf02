//! Texts of a driver's `config`: Nomad reads them as a template once more when the task starts, with functions and
//! directives. So what would begin a template is escaped, but for references to what Nomad knows on the node.

use serde_json::Value;

/// The same of Terraform's, of a variable called `text`: each reference twice, since one match ends where the next
/// has to look back.
pub const ESCAPE: &str = r#"replace(replace(replace(replace(replace(replace(text, "\u0024{", "\u0024\u0024{"), "\u0025{", "\u0025\u0025{"), local.known...), local.known...), local.named...), local.named...)"#;
/// As `replace` takes them: a pattern, and what stands in its place.
pub const KNOWN: [&str; 2] = [
    r#""/(^|[^$])[$][$]{((?:NOMAD_[A-Za-z0-9_]*|(?:attr|meta|node|env)[.\\[][^{}]*)})/""#,
    r#""$1$$\u007b$2""#,
];
pub const NAMED: [&str; 2] = [
    r#""/(^|[^$])[$][$]{([A-Za-z_][A-Za-z0-9_]*)}/""#,
    r#""$1$$\u007bhasindex(env, \"$2\") ? env[\"$2\"] : \"\\u0024{$2}\"}""#,
];

/// Texts and keys, however deep; names of settings at the top are not ours to change.
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
            // The task's environment has it, or it is no reference of Nomad's.
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
    fn what_would_begin_a_template_is_escaped_but_for_what_nomad_knows() {
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
