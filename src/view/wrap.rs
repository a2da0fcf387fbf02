//! Breaks lines at the width of a terminal.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::quote::{flat, flat_text};
use super::width::{beginning, columns};

/// The width that every terminal has.
pub const COLUMNS: usize = 80;
/// The lines of the usual terminal, without that of the next command.
pub const SCREEN: usize = 23;

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

/// The commands in the texts of a check or of a layer, as the report lists them.
pub fn commands(listed: &Value) -> Vec<String> {
    listed.as_array().into_iter().flatten().map(flat).collect()
}

/// The text, broken between words so that its lines have at most [`COLUMNS`]. The first line begins in this column. The
/// others are behind a bar there, so that they cannot look like a line of the report.
///
/// One of these commands is never broken, so that people can copy it as one piece. If it is longer than a line, it
/// stands alone on one without a bar, which only the terminal breaks.
pub fn filled(text: &str, commands: &[String], column: usize) -> String {
    filled_line(&flat_text(text), commands, column)
}

/// The same, with the gaps of a table.
pub fn filled_line(text: &str, commands: &[String], column: usize) -> String {
    let mut lines = Lines { text: String::new(), column, used: column, gap: 0 };
    for Piece { before, command, after } in pieces(text, commands) {
        let whole = format!("{before}{command}{after}");
        if command.is_empty() || column + BAR.len() + whole.width() <= COLUMNS {
            lines.word(&whole);
            continue;
        }
        // Nothing beside the command may be copied with it, so its own line takes the place of brackets and commas.
        let (before, after) = match (before.strip_suffix('('), after.strip_prefix(')')) {
            (Some(before), Some(after)) => (before, after),
            _ => (before, after),
        };
        lines.word(before);
        lines.alone(command);
        lines.word(after.trim_start_matches([',', ';', '.']));
    }
    lines.text
}

/// Before the second and later lines of a text.
const BAR: &str = "| ";
/// Before a command that stands alone on its line.
const ALONE: &str = "    ";

/// A word, or a command with what stands directly before and after it.
struct Piece<'a> {
    before: &'a str,
    command: &'a str,
    after: &'a str,
}

fn pieces<'a>(text: &'a str, commands: &[String]) -> Vec<Piece<'a>> {
    let word = |word| Piece { before: word, command: "", after: "" };
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((at, length)) = first_of(rest, commands) {
        let (words, before) = rest[..at].rsplit_once(' ').unwrap_or(("", &rest[..at]));
        let (command, left) = rest[at..].split_at(length);
        let (after, left) = left.split_at(left.find(' ').unwrap_or(left.len()));
        if !words.is_empty() {
            pieces.extend(words.split(' ').map(word));
        }
        pieces.push(Piece { before, command, after });
        rest = left.strip_prefix(' ').unwrap_or(left);
    }
    pieces.extend(rest.split(' ').map(word));
    pieces
}

/// Where the first of the commands begins, and its length. Of two that begin there, the longer one.
fn first_of(text: &str, commands: &[String]) -> Option<(usize, usize)> {
    let found = commands.iter().filter(|command| !command.is_empty());
    let found = found.filter_map(|command| Some((text.find(&**command)?, command.len())));
    found.min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)))
}

struct Lines {
    text: String,
    /// In which the first line begins, and the bars of the others stand.
    column: usize,
    /// The columns of the last line that are in use.
    used: usize,
    /// The spaces before the next word, without the first one.
    gap: usize,
}

impl Lines {
    fn word(&mut self, word: &str) {
        if word.is_empty() {
            self.gap += 1;
            return;
        }
        let (gap, width) = (std::mem::take(&mut self.gap) + 1, columns(word));
        if self.text.is_empty() {
            self.used += width;
        } else if self.used + gap + width > COLUMNS {
            self.text.push_str(&format!("\n{:column$}{BAR}", "", column = self.column));
            self.used = self.column + BAR.len() + width;
        } else {
            self.text.push_str(&" ".repeat(gap));
            self.used += gap + width;
        }
        self.text.push_str(word);
    }

    fn alone(&mut self, command: &str) {
        self.text.push_str(&format!("\n{ALONE}{command}"));
        // What follows begins a line.
        (self.used, self.gap) = (COLUMNS, 0);
    }
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
    fn a_command_is_never_broken_and_a_long_one_stands_alone_on_its_line() {
        let short = "salt-run manage.status".to_owned();
        let long = format!("salt-run -c /srv/{} infrastructure.show run_id=01R", "x".repeat(40));
        let commands = [short.clone(), long.clone()];
        let text =
            format!("see how far it came in the journal of the run: {short}, and then ({long}); then go on");
        assert_eq!(
            filled(&text, &commands, 20),
            format!(
                "see how far it came in the journal of the run:
                    | {short}, and then
    {long}
                    | then go on"
            )
        );
        let alone = filled(&format!("run {long}"), &commands, 10);
        assert_eq!(alone, format!("run\n    {long}"));
        // A command that is the beginning of another one.
        let shown = filled("df -i /srv shows it", &["df".to_owned(), "df -i /srv".to_owned()], 68);
        assert_eq!(shown, format!("df -i /srv\n{:68}| shows it", ""));
    }

    #[test]
    fn what_is_cut_ends_with_an_ellipsis() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
        assert_eq!(shortened("日本語", 5), "日本…");
    }
}
