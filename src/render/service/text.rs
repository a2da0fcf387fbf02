//! Writes blocks, attributes and literals of HCL that both Terraform and Nomad can read.

use std::fmt::Write;

use serde_json::Value;

/// A text in progress. Each nested block is indented.
#[derive(Default)]
pub struct TextWriter {
    text: String,
    depth: usize,
}

impl TextWriter {
    pub fn new(head: String) -> Self {
        Self { text: head, depth: 0 }
    }

    /// Writes a block. `header` is its type, followed by labels that are already literals.
    pub fn block(&mut self, header: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("{header} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    /// Writes an attribute. The expression is already HCL.
    pub fn set(&mut self, name: &str, expression: impl AsRef<str>) {
        self.line(&format!("{name} = {}", expression.as_ref()));
    }

    pub fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.set(name, literal(&value.into()));
    }

    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    pub fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// The two syntaxes of Nomad's language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Native,
    /// In JSON, Nomad decides whether a mapping is a block or an attribute.
    Json,
}

/// A value as a literal that Terraform, its templates and Nomad read alike. The start of a template is escaped.
pub fn literal(value: &Value) -> String {
    encoded(value, Syntax::Native)
}

/// A value as a literal of one syntax. The result is byte for byte equal to that of [`super::terraform::encode`].
pub fn encoded(value: &Value, syntax: Syntax) -> String {
    let mut text = String::new();
    encode(value, syntax, &mut text);
    text
}

fn encode(value: &Value, syntax: Syntax, into: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => into.push_str(&value.to_string()),
        Value::String(text) => quote(text, syntax, into),
        Value::Array(items) => {
            into.push('[');
            for (index, item) in items.iter().enumerate() {
                into.push_str(if index == 0 { "" } else { "," });
                encode(item, syntax, into);
            }
            into.push(']');
        }
        Value::Object(map) => {
            into.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                into.push_str(if index == 0 { "" } else { "," });
                quote(key, syntax, into);
                into.push(':');
                encode(item, syntax, into);
            }
            into.push('}');
        }
    }
}

fn quote(text: &str, syntax: Syntax, into: &mut String) {
    into.push('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            // JSON's own escape is read first, so `${` would still begin a template. A literal in a template has no
            // such start, wherever it stands.
            '$' | '%' if syntax == Syntax::Json => {
                let _ = write!(into, r#"\u0024{{\"\\u{:04x}\"}}"#, u32::from(letter));
            }
            '$' | '%' if letters.peek() == Some(&'{') => escape(letter, into),
            '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(letter, into),
            letter if u32::from(letter) < 0x20 => escape(letter, into),
            letter => into.push(letter),
        }
    }
    into.push('"');
}

fn escape(letter: char, into: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(into, "\\u{:04x}", u32::from(letter));
}
