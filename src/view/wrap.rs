//! Breaks lines at the width of a terminal.

use unicode_width::UnicodeWidthStr;

use super::width::beginning;

/// The width that every terminal has.
pub const COLUMNS: usize = 80;

/// The parts with commas between them, in lines of at most [`COLUMNS`]. A part is never broken.
pub fn listed(parts: &[String], indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let part = if index + 1 < parts.len() { format!("{part},") } else { part.clone() };
        match lines.last_mut() {
            Some(line) if line.width() + 1 + part.width() <= COLUMNS => {
                line.push(' ');
                line.push_str(&part);
            }
            _ => lines.push(format!("{indent}{part}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The text, broken between words so that its lines have at most [`COLUMNS`]. The first line begins in this column. The others are behind a
/// bar there, so that they cannot look like a line of the report.
pub fn filled(text: &str, column: usize) -> String {
    let (mut filled, mut used) = (String::new(), column);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if filled.is_empty() {
            used += word.width();
        } else if used + 1 + word.width() > COLUMNS {
            filled.push_str(&format!("\n{:column$}| ", ""));
            used = column + 2 + word.width();
        } else {
            filled.push(' ');
            used += 1 + word.width();
        }
        filled.push_str(word);
    }
    filled
}

/// A text of at most this width. The end of a longer one is replaced by `…`.
pub fn shortened(text: &str, width: usize) -> String {
    match text.width() <= width {
        true => text.to_owned(),
        false => format!("{}…", beginning(text, width.saturating_sub(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_broken_only_between_its_parts() {
        let parts: Vec<_> = (0..30).map(|number| format!("part {number}")).collect();
        let text = listed(&parts, "    ");
        assert!(text.lines().count() > 1 && text.lines().all(|line| line.width() <= COLUMNS), "{text}");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), parts.join(", "));
    }

    #[test]
    fn what_is_cut_ends_with_an_ellipsis() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
        assert_eq!(shortened("日本語", 5), "日本…");
    }
}
