//! Draws one differing attribute so that a person sees the difference.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::quote::line;
use super::width::beginning;
use crate::count::counted;
use crate::printable::one_line;

/// In columns. Longer values are cut, because they would hide what matters.
const LONGEST: usize = 120;
/// Maximum number of differing lines that are shown of one text.
const LINES: usize = 12;
/// Number of characters that are shown before the first difference.
const BEFORE: usize = 30;

/// `path: before → after` with an indent. Of texts with several lines, only the differing lines are shown.
pub fn draw(attribute: &Value, more: &str, indent: &str) -> String {
    let (path, before, after) = (line(&attribute["path"]), &attribute["before"], &attribute["after"]);
    if let (Some(old), Some(new)) = (before.as_str(), after.as_str())
        && old.contains('\n')
        && new.contains('\n')
    {
        return format!("{indent}{path}:{more}\n{}", lines(old, new, &format!("{indent}  ")));
    }
    let (old, new) = (short(before), short(after));
    let (old, new) = match old == new && before != after {
        true => apart(&one_line(&before.to_string()), &one_line(&after.to_string())),
        false => (old, new),
    };
    format!("{indent}{path}: {old} → {new}{more}\n")
}

fn lines(old: &str, new: &str, indent: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let (mut shown, mut left) = (Vec::new(), 0);
    for operation in diff.ops() {
        let changed: Vec<_> =
            diff.iter_changes(operation).filter(|one| one.tag() != ChangeTag::Equal).collect();
        let of = |tag| changed.iter().filter(move |one| one.tag() == tag).map(|one| one.value().trim_end());
        let (gone, come): (Vec<_>, Vec<_>) =
            (of(ChangeTag::Delete).collect(), of(ChangeTag::Insert).collect());
        let pair = |index: usize, sign: &str, own: &[&str], other: &[&str]| {
            let own = one_line(own[index]);
            format!("{indent}{sign} {}\n", apart(&own, &one_line(other.get(index).unwrap_or(&""))).0)
        };
        let gone_lines = (0..gone.len()).map(|index| pair(index, "-", &gone, &come));
        for text in gone_lines.chain((0..come.len()).map(|index| pair(index, "+", &come, &gone))) {
            if shown.len() < LINES { shown.push(text) } else { left += 1 }
        }
    }
    let rest =
        if left == 0 { String::new() } else { format!("{indent}… and {}\n", counted(left, "more line")) };
    shown.concat() + &rest
}

/// Cuts two long texts. Both begin shortly before their first difference.
fn apart(old: &str, new: &str) -> (String, String) {
    let same = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let from = if same < LONGEST / 2 { 0 } else { same - BEFORE };
    let part = |text: &str| {
        let rest: String = text.chars().skip(from).collect();
        let part = beginning(&rest, LONGEST);
        let (start, end) = (if from == 0 { "" } else { "…" }, if part.len() < rest.len() { "…" } else { "" });
        format!("{start}{part}{end}")
    };
    (part(old), part(new))
}

/// A value on one line.
pub fn short(value: &Value) -> String {
    let text = match value.as_str() {
        // Eos wrote this mark in place of a value.
        Some(mark @ (SENSITIVE | UNKNOWN)) => mark.to_owned(),
        // JSON does not escape DEL, C1 and characters that change the writing direction.
        _ => one_line(&value.to_string()).into_owned(),
    };
    match beginning(&text, LONGEST) {
        all if all.len() == text.len() => text,
        cut => format!("{cut}… ({} bytes)", text.len()),
    }
}

const SENSITIVE: &str = "(sensitive)";
const UNKNOWN: &str = "(known after apply)";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drawn(before: Value, after: Value) -> String {
        draw(&json!({ "path": "jobspec", "before": before, "after": after }), "", "  ")
    }

    #[test]
    fn only_the_different_lines_of_a_long_text_are_shown() {
        let text =
            |args: &str| format!("# Written by Eos\n{}\n  args = [{args}]\n}}\n", "# the same\n".repeat(50));
        assert_eq!(
            drawn(json!(text("\"a\"")), json!(text("\"b\""))),
            "  jobspec:\n    -   args = [\"a\"]\n    +   args = [\"b\"]\n"
        );
    }

    #[test]
    fn many_different_lines_are_counted_and_long_ones_are_truncated() {
        let many = |word: &str| (0..40).map(|line| format!("{word} {line}\n")).collect::<String>();
        let found = drawn(json!(many("a")), json!(many("b")));
        assert_eq!(found.lines().count(), 1 + LINES + 1, "{found}");
        assert!(found.ends_with("… and 68 more lines\n"), "{found}");
        let long = |end: &str| format!("x\n{}{end}{}\n", "y".repeat(500), "z".repeat(500));
        let found = drawn(json!(long("1")), json!(long("2")));
        assert!(found.contains("y1z") && found.contains("y2z"), "{found}");
        assert!(found.lines().all(|line| line.chars().count() < LONGEST + 10), "{found}");
    }

    #[test]
    fn the_shown_part_of_long_values_contains_their_difference() {
        let long = |word: &str| json!([("x".repeat(300) + word), "y".repeat(300)]);
        let found = drawn(long("one"), long("two"));
        assert!(found.contains("xone") && found.contains("xtwo"), "{found}");
        assert_eq!(drawn(json!(1), json!("(sensitive)")), "  jobspec: 1 → (sensitive)\n");
    }

    #[test]
    fn no_line_of_a_text_moves_a_cursor() {
        let found = drawn(json!("a\nb\u{1b}[2J\n"), json!("a\nc\u{9b}31m\n"));
        assert!(!found.contains('\u{1b}') && !found.contains('\u{9b}'), "{found:?}");
    }
}
