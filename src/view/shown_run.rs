//! Draws one past run or one kept plan: who, when and what for, then the run's own report.

use serde_json::{Value, json};

use super::quote::{block, line};
use super::style::Style;
use super::wrap::{SCREEN, listed};
use super::{changes, components, failures, history, statuses, units};
use crate::report::waits_for_approval;

/// `report`: how a report is drawn at the end of a run.
pub fn shown(answer: &Value, style: Style, report: impl Fn(&Value) -> String) -> String {
    let mut text = String::new();
    let run = &answer["run"];
    if !run.is_null() {
        text.push_str(&format!("{}\n", title(run)));
        text.push_str(&listed(&facts(run), "  "));
        text.push_str(&format!("{}\n", how_it_stands(answer)));
        match &answer["report"] {
            Value::Null => text.push_str(&components::table(&as_report(answer, "progress"), style)),
            whole => {
                let next = line(&answer["run"]["next"]);
                let result = report(&without_commands(whole, &answer["plan"], !next.is_empty()));
                text.push_str(&in_order(&text, result, made(whole)));
                if !next.is_empty() {
                    text.push_str(&format!("\n  not all of this run is done; {next}\n"));
                }
            }
        }
    }
    if !answer["plan"].is_null() {
        if run.is_null() {
            let plan = as_report(&answer["plan"], "components");
            let counts = history::counts(&answer["plan"]["counts"]);
            text.push_str(&format!(
                "plan {}: {}   {counts}\n",
                line(&answer["plan"]["plan_id"]),
                said(&plan)
            ));
            text.push_str(&listed(&plan_facts(&answer["plan"]), "  "));
            text.push_str(&components::table(&plan, style));
            text.push_str(&failures::each(&plan));
            text.push_str(&changes::diff(&plan));
        }
        text.push_str(&format!("\n{}{}", verdict(&answer["plan"]), commands(&answer["plan"])));
    }
    text
}

/// `run 01JD3K: orchestrate of staging, failed`
pub fn title(run: &Value) -> String {
    let text = |key: &str| line(&run[key]);
    let mode = if run["test"] == true && run["operation"] != "plan" { " (test)" } else { "" };
    let environment = match text("environment").as_str() {
        "" => String::new(),
        environment => format!(" of {environment}"),
    };
    format!("run {}: {}{mode}{environment}, {}", text("run_id"), text("operation"), text("state"))
}

/// Who asked for the run, when, and what for.
pub fn facts(run: &Value) -> Vec<String> {
    let with = |word: &str, key: &str| match line(&run[key]).as_str() {
        "" => None,
        value => Some(format!("{word} {value}")),
    };
    let took = run["duration"].as_f64().map(|seconds| match run["state"].as_str() {
        Some("running") => format!("for {} so far", units::seconds(seconds)),
        _ => format!("took {}", units::seconds(seconds)),
    });
    [
        with("by", "approver").or_else(|| with("by", "user")),
        with("on", "host"),
        with("began", "began"),
        took,
        with("job", "jid"),
        with("of", "of_branch"),
        with(history::of_plan(run), "plan_id"),
        with("continues run", "resumes"),
        with("continued by run", "resumed_by"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Who made the plan, and when.
pub fn plan_facts(plan: &Value) -> Vec<String> {
    let by = &plan["made_by"];
    let with = |word: &str, value: &Value| match line(value).as_str() {
        "" => None,
        value => Some(format!("{word} {value}")),
    };
    let who = with("made by", &by["user"]).or_else(|| {
        by.is_null().then(|| "made by an earlier version, which did not note by whom".to_owned())
    });
    let of = with("of", &plan["of_branch"]);
    [who, with("on", &by["host"]), with("at", &plan["made"]), with("job", &by["jid"]), of]
        .into_iter()
        .flatten()
        .collect()
}

/// A fact as the words that say what its value is, and the value.
pub fn split_fact(fact: &str) -> (&str, &str) {
    let at = ["continued by run", "continues run", "applies plan", "approves plan", "tests plan", "made by"]
        .iter()
        .find(|words| fact.starts_with(**words))
        .map_or_else(|| fact.find(' ').unwrap_or(fact.len()), |words| words.len());
    let (word, value) = fact.split_at(at);
    (word, value.trim())
}

/// What a reader has to know about a run that has no report, or whose plan is gone. Empty if there is nothing.
pub fn how_it_stands(answer: &Value) -> String {
    let run = &answer["run"];
    match (run["state"].as_str(), &answer["report"]) {
        (Some("running"), _) => "  it is still going; so far, by its journal:\n".to_owned(),
        (Some("died"), Value::Null) => {
            let words = (line(&run["next"]), line(&run["resumed_by"]));
            let next = match (run["changes"] == true, words.0.as_str(), words.1.as_str()) {
                (false, ..) => "it was not to change anything".to_owned(),
                (true, next, "") if !next.is_empty() => next.to_owned(),
                (true, _, "") => "nothing of it is left to do".to_owned(),
                (true, _, later) => format!("run {later} continued it"),
            };
            format!("  it crashed or was killed, and has no report; {next}\n  what its journal says:\n")
        }
        (_, Value::Null) => "  its report is gone; what its journal says:\n".to_owned(),
        (_, report) if report["plan_id"].is_string() && answer["plan"].is_null() => {
            "  the plans that it saved are no longer kept\n".to_owned()
        }
        _ => String::new(),
    }
}

/// The changes of a run that are not drawn in its own report. A component that failed made only a part of its plan.
fn made(report: &Value) -> String {
    let made = |is_well| {
        changes::of_components(report, |one| !changes::waits(one) && one["error"].is_null() == is_well)
    };
    let titled = |title: &str, text: String| match text.is_empty() {
        true => text,
        false => format!("\n  {title}:\n{text}"),
    };
    titled("what it changed", made(true)) + &titled("what it had planned before it failed", made(false))
}

/// What is longer than a screen ends with the result, because only its end stays visible.
fn in_order(before: &str, result: String, made: String) -> String {
    let lines: usize = [before, &result, &made].iter().map(|part| part.lines().count()).sum();
    match lines > SCREEN && !made.is_empty() {
        true => format!("{}\n{result}", made.trim_start_matches('\n')),
        false => result + &made,
    }
}

/// Whether the plan can still be applied, and why not.
pub fn verdict(plan: &Value) -> String {
    let said = match plan["applicable"].as_bool() {
        _ if plan["applied"] == true => "it was already applied",
        _ if !plan["of_branch"].is_null() => "it is of a branch, so it is never applied",
        Some(true) => "it can be applied",
        Some(false) => "it cannot be applied now",
        None => "whether it can be applied is not known",
    };
    let mut text = format!("  plan {} is kept; {said}\n", line(&plan["plan_id"]));
    if !plan["error"].is_null() {
        let (message, remedy) = (&plan["error"]["message"], &plan["error"]["remedy"]);
        text.push_str(&format!("    {}\n    next: {}\n", block(message, "    "), block(remedy, "    ")));
    }
    for (name, one) in plan["components"].as_object().into_iter().flatten() {
        for sentence in sentences(one) {
            text.push_str(&format!(
                "    {}: {}\n",
                line(&name.as_str().into()),
                block(&sentence.into(), "      ")
            ));
        }
    }
    text
}

/// How to approve what waits, and how to apply what can be applied.
pub fn commands(plan: &Value) -> String {
    let mut text = String::new();
    let command = |what: &str, key: &str| match line(&plan[key]).as_str() {
        "" => String::new(),
        command => format!("  to {what}: {command}\n"),
    };
    text.push_str(&command("approve what is blocked", "approve_command"));
    if plan["applicable"] == true {
        text.push_str(&command("apply this plan", "apply_command"));
    }
    let when = match (plan["applied"] == true, plan["applicable"] == true) {
        (true, _) => "now, for what had no plan",
        (_, true) => "then, for what has no plan yet",
        _ => return text,
    };
    if let Some(command) = plan["next_command"].as_str() {
        text.push_str(&format!("  {when}: {}\n", line(&command.into())));
    }
    text
}

fn sentences(one: &Value) -> Vec<String> {
    let text = |key: &str| one[key].as_str().unwrap_or_default();
    let mut sentences = Vec::new();
    if !text("approved").is_empty() {
        sentences.push(format!("approved by {}", text("approved")));
    }
    if !text("why").is_empty() {
        sentences.push(text("why").to_owned());
    }
    if one["too_old"] == true && one["applicable"] == true {
        sentences.push(
            "it is older than policy:max_plan_age: an apply plans it again, and applies only the same changes"
                .to_owned(),
        );
    }
    sentences
}

/// Parts of an answer in the form of a report.
pub fn as_report(answer: &Value, key: &str) -> Value {
    json!({ "components": answer[key], "test": true })
}

/// `2 planned, 1 blocked`
pub fn said(report: &Value) -> String {
    let components = report["components"].as_object().into_iter().flatten();
    match statuses::counted(components.map(|(_, one)| &one["status"])) {
        none if none.is_empty() && !report["affected"].is_null() => "nothing is affected".to_owned(),
        none if none.is_empty() => "nothing to show".to_owned(),
        said => said.join(", "),
    }
}

/// The commands of the report may no longer be right. The parts about the plan and about the work that is left have their
/// own. `is_continued`: whether there is work left.
fn without_commands(report: &Value, plan: &Value, is_continued: bool) -> Value {
    let mut report = report.clone();
    if let Value::Object(report) = &mut report {
        for key in ["plan_id", "next_command", "resume_command"] {
            report.remove(key);
        }
    }
    report["is_continued"] = is_continued.into();
    for (name, one) in report["components"].as_object_mut().into_iter().flatten() {
        // It was approved since, or its plan cannot be applied any more.
        let waits = plan["components"][name]["waits"] == true && plan["approve_command"].is_string();
        if waits_for_approval(one) && !waits {
            one["error"]["remedy"] = Value::Null;
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::view::text;

    fn answer(count: usize) -> Value {
        let change = |name: &str| json!({ "address": format!("t.{name}"), "actions": ["create"] });
        let one = |number: usize| {
            let name = format!("c{number:02}");
            let report = json!({ "status": "applied", "resource_changes": [change(&name)], "error": null });
            (name, report)
        };
        let components: Map<_, _> = (0..count).map(one).collect();
        let report = json!({ "environment": "e", "operation": "orchestrate", "components": components, "error": null });
        json!({ "run": { "run_id": "01R", "state": "complete" }, "steps": [], "report": report })
    }

    #[test]
    fn the_result_of_a_long_run_is_on_the_last_screen_and_that_of_a_short_one_comes_first() {
        let place =
            |text: &str, words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
        for (count, is_last) in [(3, false), (20, true), (40, true)] {
            let said = text(&answer(count), false);
            assert_eq!(place(&said, "what it changed") < place(&said, "e: "), is_last, "{said}");
            let seen: Vec<_> = said.lines().rev().take(SCREEN).collect();
            assert!(count == 3 || seen.iter().any(|line| line.contains(" applied")), "{said}");
        }
    }

    #[test]
    fn a_run_that_can_be_resumed_names_one_way_to_go_on() {
        let error = json!({ "message": "stopped", "remedy": "run again to continue", "code": "cancelled", "phase": "planning" });
        let mut answer = answer(1);
        answer["report"]["components"]["c00"] = json!({ "status": "cancelled", "error": error });
        let says = |answer: &Value| text(answer, false).contains("run again to continue");
        assert!(says(&answer) && says(&answer["report"]));
        answer["report"]["resume_command"] = json!("eos resume 01R");
        answer["run"]["next"] = json!("to continue it: eos resume 01R");
        assert!(!says(&answer) && !says(&answer["report"]));
    }
}
