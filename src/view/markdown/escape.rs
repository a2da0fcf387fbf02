//! Puts text of others into markdown so that none of it is read as markdown or HTML, mentions nobody and links nowhere.

use std::borrow::Cow;

use crate::count::counted;
use crate::printable::{one_line, printable};

/// Maximum number of lines in one fence.
const LINES: usize = 400;
/// Maximum number of bytes in one line of a fence.
const WIDTH: usize = 2000;
/// Bytes for the ends of lines, and for the line that counts what is left out.
const REST: usize = 60;

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

/// Lines of text, as they are, in at most `room` bytes. The fence is longer than each row of backticks in the text.
pub fn fence(language: &str, text: &str, room: usize) -> String {
    let text = printable(text);
    let (mut shown, mut fence, mut left) = (String::new(), 3, 0);
    for (number, line) in text.lines().enumerate() {
        let line = cut(line);
        let longest = line.split(|one| one != '`').map(str::len).max().unwrap_or(0);
        let longer = fence.max(longest + 1);
        let size = 2 * longer + language.len() + shown.len() + line.len() + REST;
        if number == LINES || size > room {
            left = text.lines().count() - number;
            break;
        }
        fence = longer;
        shown.push_str(&format!("{line}\n"));
    }
    if left > 0 {
        shown.push_str(&format!("… and {}\n", counted(left, "more line")));
    }
    let fence = "`".repeat(fence);
    format!("{fence}{language}\n{shown}{fence}\n")
}

fn cut(line: &str) -> Cow<'_, str> {
    if line.len() <= WIDTH {
        return line.into();
    }
    let end = (0..=WIDTH).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &line[..end]).into()
}

/// Text that a reader opens. `summary` is HTML.
pub fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{body}\n</details>\n")
}
