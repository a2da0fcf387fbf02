//! Draws what `create` and `delete` change in the pillar, and where the service answers.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::quote::line;
use super::wrap::listed;
use crate::printable::one_line;

/// The changed lines of the entry. Empty if nothing changes.
pub fn change(report: &Value) -> String {
    let entry = &report["pillar_entry"];
    let change = entry["change"].as_str().unwrap_or_default();
    if matches!(change, "" | "unchanged") {
        return String::new();
    }
    let what = match entry["written"] == true {
        true => change.to_owned(),
        false => format!("{change}, not written"),
    };
    let [before, after] = ["before", "after"].map(|key| entry[key].as_str().unwrap_or_default());
    let mut text = format!("\n  pillar: {} ({what})\n", line(&entry["file"]));
    for one in TextDiff::from_lines(before, after).iter_all_changes() {
        let sign = match one.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        text.push_str(&format!("    {sign} {}\n", one_line(one.value().trim_end_matches('\n'))));
    }
    text + &print(&report["pillar_print"]) + &commit(&report["pillar_commit"])
}

fn commit(commit: &Value) -> String {
    if commit.is_null() {
        return String::new();
    }
    let id: String = line(&commit["commit"]).chars().take(12).collect();
    format!("\n  committed as {id} on the branch {}; nothing was pushed or deployed\n", line(&commit["name"]))
}

/// What a person does whose pillar Eos does not write.
fn print(print: &Value) -> String {
    if print.is_null() {
        return String::new();
    }
    format!(
        "\n  nothing was written, because {}. Save this file, include {} in infrastructure/eos/init.sls, and \
         call it again\n",
        line(&print["because"]),
        line(&print["include"]),
    )
}

/// What a carry has left as it is in the other environment, by the reason.
pub fn carried(report: &Value) -> String {
    let carried = &report["carried"];
    let [from, to] = ["from", "to"].map(|key| line(&carried[key]));
    let reasons = [
        ("set_there", format!("{to} sets it itself")),
        ("of_the_environment", "it depends on the environment".to_owned()),
        ("names_the_environment", format!("it names {from}")),
        ("may_be_secret", "it may be secret".to_owned()),
    ];
    let of = |(word, reason): &(&str, String)| {
        let left = carried["left"].as_array().into_iter().flatten().filter(|one| one["because"] == *word);
        let paths: Vec<_> = left.map(|one| line(&one["path"])).collect();
        match paths.is_empty() {
            true => String::new(),
            false => format!("  not carried, because {reason}:\n{}", listed(&paths, "    ")),
        }
    };
    let text: String = reasons.iter().map(of).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The data of a deleted service: what stays, and what was removed.
pub fn left(report: &Value) -> String {
    let mut text = String::new();
    let mut is_kept = false;
    for one in report["left_data"].as_array().into_iter().flatten() {
        let (what, note) = (line(&one["what"]), line(&one["note"]));
        text.push_str(&match (one["removed"] == true, note.as_str()) {
            (true, "") => format!("\n  removed: {what}"),
            (true, note) => format!("\n  removed: {what}; {note}"),
            (false, "") => format!("\n  kept: {what}"),
            (false, note) => format!("\n  not removed: {what}; {note}"),
        });
        is_kept |= one["removed"] != true && note.is_empty();
    }
    if let (true, Some(command)) = (is_kept, report["purge_command"].as_str()) {
        text.push_str(&format!("\n  to remove this for good: {}", line(&command.into())));
    }
    if text.is_empty() { text } else { text + "\n" }
}

pub fn urls(report: &Value) -> String {
    let urls = report["urls"].as_array().into_iter().flatten();
    urls.map(|url| format!("\n  it answers at {}\n", line(url))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_shows_the_lines_that_change_and_whether_they_are_written() {
        let entry = |written: bool| {
            json!({ "pillar_entry": { "file": "/p/web.sls", "change": "changed", "before": "a: 1\nb: 2\n",
                "after": "a: 1\nb: 3\n", "written": written } })
        };
        assert_eq!(
            change(&entry(true)),
            "\n  pillar: /p/web.sls (changed)\n      a: 1\n    - b: 2\n    + b: 3\n"
        );
        assert!(change(&entry(false)).contains("(changed, not written)"));
        assert_eq!(change(&json!({ "pillar_entry": { "change": "unchanged" } })), "");
    }

    #[test]
    fn data_that_stay_are_named_with_the_command_that_removes_them() {
        let one =
            |removed: bool, note: Option<&str>| json!({ "what": "x", "removed": removed, "note": note });
        let drawn = |data: &[Value]| left(&json!({ "left_data": data, "purge_command": "eos delete" }));
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[one(false, None)]), "\n  kept: x\n  to remove this for good: eos delete\n");
        let after = [one(true, None), one(true, Some("all")), one(false, Some("why"))];
        assert_eq!(drawn(&after), "\n  removed: x\n  removed: x; all\n  not removed: x; why\n");
    }
}
