//! Draws a report as text: counts, failures, changes, and outputs.

use serde_json::Value;

use super::quote::{block, line};
use super::style::Style;
use super::{
    attribute, changes, components, drift, failures, history, layers, locks, shown_run, snapshots, statuses,
    units, warnings,
};
use crate::command_line::command;
use crate::count::counted;
use crate::printable::one_line;
use crate::report::waits_for_approval;

/// Draws any report. Unknown parts are omitted. The text ends with a newline.
pub fn text(report: &Value, colour: bool) -> String {
    let style = Style { colour };
    let mut text = String::new();
    if !report["error"].is_null() {
        text.push_str(&failures::whole(report));
        text.push_str(&layers::layers(report, style));
        return text;
    }
    // For another program: nothing stands around it.
    if let Some(drawing) = report["drawing"].as_str() {
        return drawing.to_owned();
    }
    if report["runs"].is_array() {
        return history::history(report, style);
    }
    if report["steps"].is_array() {
        return shown_run::shown(report, style, |report| self::text(report, colour));
    }
    if let Some(locks) = report["locks"].as_array() {
        return locks::locks(&line(&report["environment"]), locks);
    }
    if let Some(found) = report["snapshots"].as_array() {
        return snapshots::snapshots(&line(&report["environment"]), found);
    }
    let report = &*drift::as_drawn(report);
    text.push_str(&headline(report));
    text.push_str(&components::table(report, style));
    text.push_str(&layers::layers(report, style));
    text.push_str(&failures::each(report));
    text.push_str(&changes::diff(report));
    text.push_str(&drift::drift(report));
    text.push_str(&components::notes(report));
    text.push_str(&warnings::of_report(report));
    text.push_str(&components::orphans(report));
    text.push_str(&extras(report));
    // In a test, the outputs are unchanged.
    if report["test"] != true {
        text.push_str(&outputs(report));
    }
    text
}

/// `staging: 6 applied, 1 failed   +14 ~2 -0   0m41s   run 01JD3K`
fn headline(report: &Value) -> String {
    let said = statuses::counted(
        report["components"].as_object().into_iter().flatten().map(|(_, one)| &one["status"]),
    );
    let worst = layers::worst(report);
    let unchecked: Vec<_> = report["unchecked"].as_array().into_iter().flatten().map(line).collect();
    let said = match (said.is_empty(), report["operation"].as_str()) {
        (true, _) if !unchecked.is_empty() => {
            format!("nothing wrong was found, but not all was checked ({})", unchecked.join(", "))
        }
        (true, _) if worst.is_empty() => "all is well".to_owned(),
        (true, _) => "no components".to_owned(),
        (false, Some("status")) => format!("as recorded: {}", said.join(", ")),
        (false, _) => said.join(", "),
    };
    let said = std::iter::once(said).chain(worst).collect::<Vec<_>>().join(", ");
    let said = match warnings::count(report) {
        0 => said,
        many => format!("{said}, {}", counted(many, "warning")),
    };
    let total = crate::report::Counts::of_report(report);
    let changes = if total.is_empty() { String::new() } else { format!("   {}", units::counts(&total)) };
    let mode = if report["test"] == true { format!(" ({})", mode(report)) } else { String::new() };
    let environment = match report["environment"].as_str() {
        Some("") | None => report["operation"].as_str().unwrap_or_default(),
        Some(environment) => environment,
    };
    let duration = units::seconds(report["duration"].as_f64().unwrap_or_default());
    // `show` does not know the id of a question. Reports of earlier versions do not say whether they are kept.
    let run = match (report["run_id"].as_str(), &report["run_kept"]) {
        (None, _) | (_, Value::Bool(false)) => String::new(),
        (Some(run), _) => format!("   run {run}"),
    };
    format!("{environment}{mode}: {said}{changes}   {duration}{run}\n")
}

fn mode(report: &Value) -> &str {
    match report["operation"].as_str() {
        Some("plan") => "plan",
        _ => "test",
    }
}

/// Parts of the report that only some operations have.
fn extras(report: &Value) -> String {
    let mut text = String::new();
    if let Some(plan_id) = report["plan_id"].as_str() {
        // Reports of earlier versions do not contain the commands.
        let command = |what: &'static str| match &report[format!("{what}_command")] {
            Value::String(command) => line(&command.as_str().into()),
            _ => command(what).with("plan_id", plan_id).to_string(),
        };
        let any = |is: &dyn Fn(&Value) -> bool| {
            report["components"].as_object().into_iter().flatten().any(|(_, one)| is(one))
        };
        let (waits, planned) = (any(&waits_for_approval), any(&|one| one["status"] == "planned"));
        if waits {
            text.push_str(&format!("\n  to approve what is blocked: {}", command("approve")));
        }
        // Without a change, or if every plan failed, there is nothing to apply. What is blocked names its own commands.
        if planned {
            text.push_str(&format!("\n  to apply this plan: {}", command("apply")));
        }
        if waits || planned {
            text.push('\n');
        }
    }
    if let Some(command) = report["next_command"].as_str() {
        let (gap, when) = match report["operation"] == "plan" {
            true => ("", "then, for what has no plan yet"),
            false => ("\n", "now, for what had no plan"),
        };
        text.push_str(&format!("{gap}  {when}: {}\n", line(&command.into())));
    }
    for left in report["left_behind"].as_array().into_iter().flatten() {
        text.push_str(&format!("  still there: {}\n", block(left, "    ")));
    }
    for (component, notes) in report["notes"].as_object().into_iter().flatten() {
        for note in notes.as_array().into_iter().flatten() {
            text.push_str(&format!("  {component}: {}\n", block(note, "    ")));
        }
    }
    if let (true, Some(command)) = (report["unchecked"].is_array(), report["plan_command"].as_str()) {
        text.push_str(&format!("\n  to let Terraform check the rest: {}\n", line(&command.into())));
    }
    for one in report["waiting"].as_array().into_iter().flatten() {
        let text_of = |key: &str| line(&one[key]);
        let (component, plan_id) = (text_of("component"), text_of("plan_id"));
        let what = match (&one["error"], text_of("approved").as_str()) {
            (Value::Object(error), _) => format!("cannot be applied: {}", line(&error["message"])),
            (_, "") => "waits for approval".to_owned(),
            (_, who) => format!("is approved, by {who}"),
        };
        text.push_str(&format!("  {component}: plan {plan_id} {what}\n"));
    }
    if let Some(order) = report["order"].as_array() {
        text.push('\n');
        let edges = report["edges"].as_array();
        for name in order.iter().filter_map(Value::as_str) {
            let needs: Vec<_> = edges
                .into_iter()
                .flatten()
                .filter(|edge| edge["from"] == name)
                .filter_map(|edge| edge["to"].as_str())
                .collect();
            let needs =
                if needs.is_empty() { String::new() } else { format!("   after {}", needs.join(", ")) };
            text.push_str(&format!("  {name}{needs}\n"));
        }
    }
    if let Some(run) = report["cancelled_run"].as_str() {
        text.push_str(&format!("  asked run {run} to stop; terraform finishes its current operations\n"));
    }
    text
}

fn outputs(report: &Value) -> String {
    let mut text = String::new();
    for (name, component) in report["components"].as_object().into_iter().flatten() {
        let outputs = component["outputs"].as_object().into_iter().flatten();
        for (output, value) in outputs {
            text.push_str(&format!("  {name}.{} = {}\n", one_line(output), attribute::short(value)));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}
