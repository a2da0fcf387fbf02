//! What differs between two environments, as markdown.

use serde_json::Value;

use super::escape::code;
use crate::view::diff::{Parts, change, name, what, written};
use crate::view::quote::line;

pub fn diff(diff: &Value) -> String {
    let [from, to] = ["environment", "target"].map(|key| line(&diff[key]));
    let parts = Parts::of(diff);
    let mut text =
        format!("### {} → {}\n\n{}\n", code(&from), code(&to), parts.summary(&from, &to).join(", "));
    for environment in [&from, &to] {
        let rows: Vec<_> =
            parts.only(environment).map(|one| vec![code(&name(one)), code(&what(one))]).collect();
        text.push_str(&table(&[&format!("only in {}", code(environment)), "what"], &rows));
    }
    let row = |name: &str, one: &Value| vec![code(name), code(&line(&one["name"])), code(&change(one))];
    let mut rows = Vec::new();
    for one in parts.differing() {
        rows.extend(written(one).map(|each| row(&name(one), each)));
    }
    rows.extend(diff["settings"].as_array().into_iter().flatten().map(|one| row("settings", one)));
    text.push_str(&table(&["in both", "value", &format!("{} → {}", code(&from), code(&to))], &rows));
    let defaults: Vec<_> = parts.by_default().iter().map(|one| code(one)).collect();
    if !defaults.is_empty() {
        text.push_str(&format!("\nBy the defaults of each environment: {}\n", defaults.join(", ")));
    }
    text
}

/// Nothing if there is no row.
fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: String = rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    format!("\n| {} |\n|{}\n{rows}", heads.join(" | "), "---|".repeat(heads.len()))
}
