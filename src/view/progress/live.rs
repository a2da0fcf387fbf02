//! The live block: the last lines of a terminal, redrawn in place. All other lines appear above it.
//!
//! A process has one terminal, so it has one block. Each change is one write, so that nothing comes between its parts.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::view::width::{columns, cut};

/// The lines that are on the terminal now.
static BLOCK: Mutex<Vec<String>> = Mutex::new(Vec::new());
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Shows nothing from now on. The process was started without stderr, so another file may have its number, such as
/// Salt's log.
pub fn close() {
    CLOSED.store(true, Ordering::Relaxed);
}

fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Whether progress is drawn in place.
pub fn is_terminal() -> bool {
    !is_closed()
        && std::io::stderr().is_terminal()
        && std::env::var_os("TERM").is_none_or(|kind| kind != "dumb")
}

/// Colour is for a terminal, and https://no-color.org switches it off.
pub fn has_colour() -> bool {
    is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

/// Shows these lines in place of the block.
pub fn show(lines: Vec<String>) {
    change("", lines);
}

/// Writes whole lines that stay, above the block.
pub fn above(text: &str) {
    let mut block = BLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = std::mem::take(&mut *block);
    write(&lines, text, &lines);
    *block = lines;
}

/// Writes lines that stay, and shows the block below them with other lines.
pub fn change(text: &str, lines: Vec<String>) {
    let mut block = BLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    write(&block, text, &lines);
    *block = lines;
}

#[cfg(test)]
pub fn is_shown() -> bool {
    !BLOCK.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

fn write(old: &[String], text: &str, new: &[String]) {
    if is_closed() {
        return;
    }
    let (_, width) = size();
    // If stderr takes nothing, nobody can be informed.
    let _ = std::io::stderr().lock().write_all(redrawn(old, text, new, width).as_bytes());
}

/// The text that replaces the old block. `width`: the columns that a line may use now.
fn redrawn(old: &[String], text: &str, new: &[String], width: usize) -> String {
    // A terminal that has become narrower shows a line of the block in several rows. It was cut to the width before.
    let rows: usize = old.iter().map(|line| columns(line).div_ceil(width + 1).max(1)).sum();
    // Erases line by line: some terminals do not erase larger areas completely.
    let erased = "\x1b[1A\x1b[2K".repeat(rows);
    let new: String = new.iter().map(|line| format!("{}\n", cut(line, width))).collect();
    format!("{erased}{text}{new}")
}

/// Lines and usable columns. The last column is not used: a line that reaches it may wrap, and an extra line would
/// remain after the next redraw.
pub fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    let (lines, columns) = size
        .filter(|size| size.ws_row > 0 && size.ws_col > 0)
        .map_or((24, 80), |size| (size.ws_row.into(), size.ws_col.into()));
    (lines, columns - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_stands_whole_above_the_block() {
        let block = ["head".to_owned(), "  web  planning".to_owned()];
        let up = "\x1b[1A\x1b[2K";
        assert_eq!(
            redrawn(&block, "[WARNING ] hot\n", &block, 79),
            format!("{up}{up}[WARNING ] hot\nhead\n  web  planning\n")
        );
    }

    #[test]
    fn the_rows_into_which_a_narrower_terminal_has_broken_the_block_are_erased_too() {
        let block = ["x".repeat(100), String::new()];
        let rows = |width| redrawn(&block, "", &[], width).matches("\x1b[2K").count();
        assert_eq!((rows(119), rows(79), rows(39)), (2, 3, 4));
    }
}
