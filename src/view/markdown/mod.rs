//! One run or one kept plan as markdown, for a merge request. GitHub and GitLab read it alike.

mod diff;
mod escape;

use serde_json::Value;

pub use self::diff::diff as markdown_of_diff;
use self::escape::{code, details, fence, html};
use super::shown_run::{as_report, commands, facts, how_it_stands, plan_facts, said, split_fact, verdict};
use super::{affected, changes, components, drift, failures, history, units, warnings};
use crate::command_line::option;
use crate::count::counted;
use crate::report::Counts;

/// Lines of a fence that a reader sees without opening it.
const OPEN: usize = 20;
/// Bytes of a page. A comment on GitHub has at most 65536 characters.
const MOST: usize = 65_000;
/// Bytes of the table, and of the failures.
const MUCH: usize = 18_000;
/// Bytes of each other part, if there is much to say. The changes have what is left.
const SOME: usize = 6_000;
/// Bytes of the markdown around a part, and of the line that counts what is left out.
const END: usize = 200;
/// With less room than this, changes are not begun.
const LITTLE: usize = 1_000;

/// `answer`: what `show` found.
pub fn markdown(answer: &Value) -> String {
    let (run, plan) = (&answer["run"], &answer["plan"]);
    let report = match (&answer["report"], run) {
        (Value::Null, Value::Null) => as_report(plan, "components"),
        (Value::Null, _) => as_report(answer, "progress"),
        (report, _) => report.clone(),
    };
    let mut text = heading(answer, &report);
    let mut facts = if run.is_null() { plan_facts(plan) } else { facts(run) };
    // The next sentence says it.
    facts.retain(|fact| split_fact(fact).0 != "of");
    if let Some(branch) = plan["of_branch"].as_str().or_else(|| run["of_branch"].as_str()) {
        text.push_str(&format!(
            "Plan of {}. It only shows what would change: it is never applied.\n\n",
            code(branch)
        ));
    }
    text.push_str(&format!("{}\n\n", facts.iter().map(|fact| fact_of(fact)).collect::<Vec<_>>().join(" · ")));
    let stands = how_it_stands(answer);
    if !run.is_null() && !stands.is_empty() {
        text.push_str(&format!("{}\n", fence("text", stands.trim(), SOME)));
    }
    let affected = affected::affected(&report);
    if !affected.is_empty() {
        text.push_str(&format!("{}\n", fence("text", affected.trim(), SOME)));
    }
    text.push_str(&table(&report, MUCH));
    text.push_str(&failed(&report, MUCH));
    let notes = [
        components::notes(&report),
        drift::drift(&report),
        warnings::of_report(&report),
        components::orphans(&report),
        failures::hooks(&report),
    ];
    let mut end = folded("notes", "text", &notes.concat(), SOME);
    if !plan.is_null() {
        end.push_str(&format!("{}\n", fence("text", &verdict(plan), SOME)));
        // The commands have their own fence, so that many components do not push them off the page.
        let commands = commands(plan);
        if !commands.is_empty() {
            end.push_str(&format!("{}\n", fence("text", &commands, SOME)));
        }
    }
    text.push_str(&changed(&report, MOST.saturating_sub(text.len() + end.len())));
    text.push_str(&end);
    format!("{}\n", text.trim_end())
}

/// Nothing of the value is read as markdown.
fn fact_of(fact: &str) -> String {
    let (word, value) = split_fact(fact);
    format!("{word} {}", code(value))
}

fn heading(answer: &Value, report: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (run, plan) = (&answer["run"], &answer["plan"]);
    let what = match run.is_null() {
        true => format!("plan {}", code(&text(&plan["plan_id"]))),
        false => {
            let mode = if run["test"] == true && run["operation"] != "plan" { " (test)" } else { "" };
            let operation = format!("{}{mode} of {}", text(&run["operation"]), text(&run["environment"]));
            format!("{}, run {}", code(&operation), code(&text(&run["run_id"])))
        }
    };
    let counts = Counts::of_report(report);
    let counts =
        if counts.is_empty() { String::new() } else { format!(" {}", code(&units::counts(&counts))) };
    let how = match report["error"]["message"].as_str() {
        Some(_) => "failed before anything ran".to_owned(),
        None => said(report),
    };
    format!("### {what}: {}{counts}\n\n", plain(&how))
}

/// Words of Eos, such as statuses. A stored report may have others.
fn plain(text: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || [' ', ','].contains(&one);
    if text.chars().all(is_plain) { text.to_owned() } else { code(text) }
}

fn table(report: &Value, room: usize) -> String {
    let Some(components) = report["components"].as_object().filter(|all| !all.is_empty()) else {
        return String::new();
    };
    let mut text = "| component | status | changes | time |\n|---|---|---|---:|\n".to_owned();
    let mut left = components.len();
    for (name, one) in components {
        let status = units::word(one["status"].as_str().unwrap_or_default());
        let counts = Some(history::counts(&one["changes"])).filter(|_| !one["changes"].is_null());
        let is_something = |counts: &String| counts != "+0 ~0 -0";
        let counts = counts.filter(is_something).map_or_else(String::new, |counts| code(&counts));
        let time = one["duration"].as_f64().filter(|seconds| *seconds > 0.0);
        let time = time.map_or_else(String::new, units::seconds);
        let row = format!("| {} | {} | {counts} | {time} |\n", code(name), plain(&status));
        if text.len() + row.len() + END > room {
            break;
        }
        text.push_str(&row);
        left -= 1;
    }
    format!("{text}\n{}", more("", left))
}

/// Each failure with the words of the program that failed.
fn failed(report: &Value, room: usize) -> String {
    if !report["error"].is_null() {
        return format!("{}\n", fence("text", &failures::whole(report), room));
    }
    folded("why it failed", "text", &failures::each(report), room)
}

/// The changes of each component, as Terraform marks them.
fn changed(report: &Value, room: usize) -> String {
    let (mut text, mut left) = (String::new(), 0);
    for (name, one) in report["components"].as_object().into_iter().flatten() {
        let lines = changes::of_component(one, "", "    ");
        if lines.is_empty() {
            continue;
        }
        let counts = history::counts(&one["changes"]);
        // A component that failed made only a part of its plan.
        let planned = if one["error"].is_null() { "" } else { " of this plan" };
        let body = |title: &str| {
            let used = text.len() + title.len() + END;
            (used + LITTLE < room).then(|| fence("diff", &lines, room - used))
        };
        let is_short = lines.lines().count() <= OPEN;
        let title = match is_short {
            true => format!("{} {}{planned}", code(name), code(&counts)),
            false => format!("{} {}{planned}", html(name), html(&counts)),
        };
        match body(&title) {
            None => left += 1,
            Some(body) if is_short => text.push_str(&format!("{title}\n\n{body}\n")),
            Some(body) => text.push_str(&format!("{}\n", details(&title, &body))),
        }
    }
    text + &more("the changes of ", left)
}

/// Counts the components that have no room on the page.
fn more(of: &str, left: usize) -> String {
    match left {
        0 => String::new(),
        left => {
            let text = option("format", "text");
            format!("… and {of}{}: {text} shows them\n\n", counted(left, "more component"))
        }
    }
}

/// Text in a fence, which a reader opens if it is long. Nothing if it is empty.
fn folded(title: &str, language: &str, text: &str, room: usize) -> String {
    let text = text.trim_matches('\n');
    if text.is_empty() {
        return String::new();
    }
    let body = fence(language, text, room - END);
    match text.lines().count() <= OPEN {
        true => format!("{title}:\n\n{body}\n"),
        false => format!("{}\n", details(title, &body)),
    }
}

#[cfg(test)]
mod tests;
