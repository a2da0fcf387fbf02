//! Puts text of others into markdown so that none of it is read as markdown or HTML, mentions nobody and links nowhere.

use crate::printable::{one_line, printable};

/// Maximum number of lines in one fence.
const LINES: usize = 400;

/// A text on one line, as code: in a sentence, a heading or a cell of a table.
pub fn code(text: &str) -> String {
    let text = one_line(text);
    match text.contains(['`', '|', '\\', '<', '>', '&', '$']) || text.trim() != text || text.is_empty() {
        false => format!("`{text}`"),
        true => html(&text),
    }
}

/// The same as HTML, where markdown is not read.
pub fn html(text: &str) -> String {
    let mut escaped = String::from("<code>");
    for one in one_line(text).chars() {
        match one {
            ' ' | '-' | ',' => escaped.push(one),
            one if one.is_alphanumeric() || !one.is_ascii() => escaped.push(one),
            one => escaped.push_str(&format!("&#{};", u32::from(one))),
        }
    }
    escaped + "</code>"
}

/// Lines of text, as they are. The fence is longer than each row of backticks in the text.
pub fn fence(language: &str, text: &str) -> String {
    let text = printable(text);
    let lines: Vec<_> = text.lines().collect();
    let shown = lines[..lines.len().min(LINES)].join("\n");
    let more = match lines.len().checked_sub(LINES) {
        None | Some(0) => String::new(),
        Some(more) => format!("\n… and {more} more line(s)"),
    };
    let longest = text.split(|one| one != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{shown}{more}\n{fence}\n")
}

/// Text that a reader opens. `summary` is HTML.
pub fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{body}\n</details>\n")
}
