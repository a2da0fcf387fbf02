//! Draws a report as text: counts, failures, changes, and outputs.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::quote::{block, line};
use super::style::Style;
use super::wrap::{COLUMNS, SCREEN, listed};
use super::{
    affected, attribute, changes, components, diff, doctor, drift, failures, history, layers, locks, order,
    pillar_entry, shown_run, snapshots, statuses, units, warnings, why,
};
use crate::command_line::{Command, command};
use crate::count::counted;
use crate::printable::one_line;
use crate::report::waits_for_approval;

/// A run shows at most so many outputs. Nobody has asked for them.
const FEW_OUTPUTS: usize = 12;

/// Draws any report. Unknown parts are omitted. The text ends with a newline.
pub fn text(report: &Value, colour: bool) -> String {
    let style = Style { colour };
    let mut text = String::new();
    if !report["error"].is_null() {
        text.push_str(&failures::whole(report));
        text.push_str(&of_branch(report));
        text.push_str(&layers::layers(report, style));
        text.push_str(&pillar_entry::change(report));
        text.push_str(&pillar_entry::carried(report));
        text.push_str(&pillar_entry::left(report));
        text.push_str(&failures::hooks(report));
        return text;
    }
    // For another program: nothing stands around it.
    if let Some(drawing) = report["drawing"].as_str() {
        return drawing.to_owned();
    }
    if let Some(path) = report["html"].as_str() {
        return format!("the page is in {}\n", one_line(path));
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
    if report["checks"].is_array() {
        return doctor::checks(report, style);
    }
    if let Some(found) = report["snapshots"].as_array() {
        return snapshots::snapshots(&line(&report["environment"]), found);
    }
    if report["diff"].is_object() {
        return diff::diff(&report["diff"]);
    }
    if report["why"].is_array() {
        return why::why(report);
    }
    let report = &*drift::as_drawn(report);
    let failures = failures::each(report) + &failures::hooks(report);
    let headline = headline(report) + &of_branch(report);
    in_order(&headline, &parts(report, style), &failures)
}

/// What the report says besides its failures: the table, and then all the rest.
fn parts(report: &Value, style: Style) -> [String; 2] {
    let table = components::table(report, style) + &layers::layers(report, style);
    let mut text = String::new();
    text.push_str(&pillar_entry::change(report));
    text.push_str(&pillar_entry::carried(report));
    text.push_str(&changes::diff(report));
    text.push_str(&drift::drift(report));
    text.push_str(&components::notes(report));
    text.push_str(&warnings::of_report(report));
    text.push_str(&components::orphans(report));
    text.push_str(&affected::affected(report));
    text.push_str(&extras(report));
    // In a test, the outputs are unchanged.
    if report["test"] != true {
        text.push_str(&outputs(report));
    }
    text.push_str(&pillar_entry::left(report));
    text.push_str(&pillar_entry::urls(report));
    [table, text]
}

/// A report that is longer than a screen ends with its failures and its verdict, because only its end stays visible.
fn in_order(headline: &str, [table, rest]: &[String; 2], failures: &str) -> String {
    let lines: usize = [headline, table, rest, failures].iter().map(|part| part.lines().count()).sum();
    match lines > SCREEN {
        false => format!("{headline}{table}{failures}{rest}"),
        true => format!("{table}{rest}{failures}\n{headline}"),
    }
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
        (true, _) if !report["affected"].is_null() => "nothing is affected".to_owned(),
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
    let said = format!("{environment}{mode}: {said}{changes}   {duration}");
    // `show` does not know the id of a question. Reports of earlier versions do not say whether they are kept.
    let run = match (report["run_id"].as_str(), &report["run_kept"]) {
        (None, _) | (_, Value::Bool(false)) => return format!("{said}\n"),
        (Some(run), _) => format!("run {run}"),
    };
    let fits = said.width() + "   ".len() + run.width() <= COLUMNS;
    format!("{said}{}{run}\n", if fits { "   " } else { "\n  " })
}

/// `  of branch more, commit 0123456789ab, pillar /builds/pillar: never applied`
fn of_branch(report: &Value) -> String {
    match (report["of_branch"].as_str(), report["operation"].as_str()) {
        (None, _) | (_, Some("show" | "show_run")) => String::new(),
        (Some(branch), operation) => {
            let end = if operation == Some("plan") { ": never applied" } else { "" };
            let words = format!("of {}{end}", line(&branch.into()));
            listed(&words.split(", ").map(str::to_owned).collect::<Vec<_>>(), "  ")
        }
    }
}

/// The commands that the text names and the report may not list.
pub fn commands(report: &Value) -> Vec<String> {
    let all = [of_plan(report, "approve"), of_plan(report, "apply"), all_outputs(report)];
    all.iter().map(Command::to_string).collect()
}

fn of_plan(report: &Value, function: &'static str) -> Command {
    command(function).with("plan_id", line(&report["plan_id"]))
}

fn all_outputs(report: &Value) -> Command {
    command("outputs").of(line(&report["environment"]))
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
    if report["plan_id"].is_string() {
        // Reports of earlier versions do not contain the commands.
        let command = |what: &'static str| match &report[format!("{what}_command")] {
            Value::String(command) => line(&command.as_str().into()),
            _ => of_plan(report, what).to_string(),
        };
        let any = |is: &dyn Fn(&Value) -> bool| {
            report["components"].as_object().into_iter().flatten().any(|(_, one)| is(one))
        };
        let is_of_branch = !report["of_branch"].is_null();
        let waits = !is_of_branch && any(&waits_for_approval);
        let planned = !is_of_branch && any(&|one| one["status"] == "planned");
        if waits {
            text.push_str(&format!("\n  to approve what is blocked: {}", command("approve")));
            if let who @ Value::String(_) = &report["approvers"] {
                text.push_str(&format!("\n  it needs an approval by {}", line(who)));
            }
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
    if let Some(command) = report["resume_command"].as_str() {
        let components = report["components"].as_object().into_iter().flatten();
        let when = match components
            .into_iter()
            .any(|(_, one)| !one["error"].is_null() && one["status"] != "cancelled")
        {
            true => "once that is put right, to continue this run",
            false => "to continue this run",
        };
        text.push_str(&format!("\n  {when}: {}\n", line(&command.into())));
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
            (_, "") => match text_of("not_approved").as_str() {
                "" => "waits for approval".to_owned(),
                void => format!("waits for approval: {void}"),
            },
            (_, who) => format!("is approved, by {who}"),
        };
        text.push_str(&format!("  {component}: plan {plan_id} {what}\n"));
    }
    text.push_str(&order::order(report));
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
    let (count, is_asked) = (text.lines().count(), report["operation"] == "outputs");
    if count > FEW_OUTPUTS && !is_asked {
        text = format!("  {}: {} shows them\n", counted(count, "output"), all_outputs(report));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn report(components: impl Iterator<Item = (String, Value)>) -> Value {
        let components: Map<_, _> = components.collect();
        json!({
            "environment": "staging", "operation": "orchestrate", "run_id": "01R", "duration": 1.0, "error": null,
            "components": components,
        })
    }

    fn part(status: &str, count: u64) -> Value {
        let outputs: Map<_, _> = (0..count).map(|number| (format!("o{number}"), number.into())).collect();
        json!({ "status": status, "changes": { "add": count }, "outputs": outputs, "error": null })
    }

    fn failed(message: &str) -> Value {
        let error = json!({ "message": message, "remedy": "repair it", "phase": "application" });
        json!({ "status": "failed", "error": error, "notes": ["it was slow"] })
    }

    #[test]
    fn a_long_report_ends_with_its_failures_and_its_verdict_and_a_short_one_begins_with_it() {
        let mixed = |count: usize| {
            let names = (0..count).map(|number| format!("c{number:02}"));
            let one = |name: &String| {
                if name == "c01" { failed("boom") } else { part("applied", name.len() as u64) }
            };
            text(&report(names.map(|name| (name.clone(), one(&name)))), false)
        };
        let short = mixed(3);
        assert!(short.starts_with("staging: 1 failed, 2 applied"), "{short}");
        let long = mixed(20);
        let end: Vec<_> = long.lines().rev().take(7).collect();
        assert!(end[0].starts_with("staging: 1 failed, 19 applied"), "{long}");
        assert_eq!(end[2], "    next: repair it");
        assert_eq!(end[5], "  c01  failed at application");
    }

    #[test]
    fn the_id_of_the_run_is_never_broken_at_80_columns() {
        for count in [1, 9, 99, 999] {
            let mut run = report([("web".to_owned(), part("applied_with_warnings", count))].into_iter());
            run["run_id"] = json!("01JD3KV6T0W8Q5YB4E2N9RZXCM");
            let said = headline(&run);
            assert!(said.lines().all(|line| line.width() <= COLUMNS), "{said}");
            assert!(said.contains("run 01JD3KV6T0W8Q5YB4E2N9RZXCM\n"), "{said}");
        }
    }

    #[test]
    fn many_outputs_are_counted_unless_they_were_asked_for() {
        let mut run = report([("web".to_owned(), part("applied", 30))].into_iter());
        let said = text(&run, false);
        assert!(
            said.contains("  30 outputs: salt-run infrastructure.outputs staging shows them\n"),
            "{said}"
        );
        run["operation"] = json!("outputs");
        assert_eq!(text(&run, false).matches("  web.o").count(), 30);
        let few = report([("web".to_owned(), part("applied", 12))].into_iter());
        assert_eq!(text(&few, false).matches("  web.o").count(), 12);
    }

    #[test]
    fn of_500_components_those_that_are_alike_are_drawn_once_and_no_failure_is_lost() {
        let one = |number: usize| match number {
            0..400 => part("unchanged", 0),
            400..490 => part("applied", 1),
            490..499 => failed("the provider is gone"),
            _ => failed("another cause"),
        };
        let said = text(&report((0..500).map(|number| (format!("t{number:03}"), one(number)))), false);
        assert!(said.lines().count() < 24, "{said}");
        for line in [
            "  t000, t001 and 398 more  unchanged",
            "  t400, t401 and 88 more   applied    +1 ~0 -0",
            "  t490, t491 and 7 more  failed at application",
            "    t490, t491, t492, t493, t494, t495, t496, t497, t498",
            "  t499  failed at application",
        ] {
            assert!(said.lines().any(|one| one == line), "{line}\n{said}");
        }
        // It is short again, so its verdict is the first line.
        assert!(said.starts_with("staging: 10 failed, 90 applied"), "{said}");
    }

    #[test]
    fn whoever_loses_something_in_a_plan_is_named_among_500() {
        let change = |action: &str| json!({ "address": "t.a", "actions": [action] });
        let one = |number: usize| {
            let (status, action) = ("planned", if number < 450 { "create" } else { "delete" });
            let remove = u64::from(number >= 450);
            json!({ "status": status, "changes": { "remove": remove, "forget": 0 }, "resource_changes": [change(action)], "error": null })
        };
        let said = text(&report((0..500).map(|number| (format!("t{number:03}"), one(number)))), false);
        assert!(said.contains("  t000, t001 and 448 more   + t.a\n"), "{said}");
        assert!((450..500).all(|number| said.contains(&format!("t{number}"))), "{said}");
        assert!(!said.contains("t300"), "{said}");
    }
}
