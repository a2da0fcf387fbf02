//! Draws what `create` and `delete` change in the pillar, and where the service answers.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::quote::line;
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
}
