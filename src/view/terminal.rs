//! Breaks the lines of a drawn text for a terminal: between words, and never inside a command.

use serde_json::Value;

use super::quote::line;
use super::width::columns;
use super::wrap::{COLUMNS, filled_line};
use super::{drift, text};

/// The lines that are longer than a terminal is wide are broken between words. Of what another program reads, none is.
pub fn broken(report: &Value, text: &str) -> String {
    if report["drawing"].is_string() {
        return text.to_owned();
    }
    // That of a run is a part of what shows it.
    let drawn = [report, &report["report"]];
    let mut commands: Vec<_> = drawn.into_iter().flat_map(drift::commands).collect();
    commands.extend(drawn.into_iter().flat_map(text::commands));
    list(report, &mut commands);
    let one = |line: &str| match columns(line) <= COLUMNS {
        true => format!("{line}\n"),
        false => format!("{}\n", broken_line(line, &commands)),
    };
    text.lines().map(one).collect()
}

fn broken_line(line: &str, commands: &[String]) -> String {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let commands: Vec<_> = commands.iter().filter(|command| text.contains(&***command)).cloned().collect();
    match commands.iter().any(|command| command == text) {
        true => line.to_owned(),
        false => format!("{:indent$}{}", "", filled_line(text, &commands, indent)),
    }
}

/// The commands that the report lists.
fn list(value: &Value, commands: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(_) if key.ends_with("_command") || key == "import" => {
                        commands.push(line(inner))
                    }
                    Value::Array(items) if key == "commands" => commands.extend(items.iter().map(line)),
                    inner => list(inner, commands),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| list(inner, commands)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::super::text;
    use super::*;
    use crate::error::{Code, Error, Layer, Phase};
    use crate::report::ComponentReport;
    use crate::words::{Words, words};

    #[test]
    fn no_text_breaks_inside_a_word_or_a_command_at_80_columns() {
        let resume = format!("eos -c /srv/{} resume 01R", "x".repeat(50));
        let plan = "salt-run infrastructure.plan staging";
        let words = "it is a sentence of many words that goes on and on until it is told, ".repeat(3);
        let error = json!({
            "message": format!("{words}\n  {words}"), "remedy": format!("{words}then {plan}; or {resume}"), "phase": "planning",
            "commands": [plan],
        });
        let refused = json!({ "message": "1 problem\n x", "details": { "problems": [{ "path": "arguments:x", "message": words }] } });
        let source = json!({ "file": format!("/w/{}/env/staging.sls", "pillar/".repeat(6)), "line": 3 });
        let level = json!({ "effect": "wins", "level": "component", "value": "v".repeat(30), "path": "a:b", "sources": [source] });
        let reports = [
            json!({ "error": error }),
            json!({ "error": refused }),
            json!({
                "environment": "staging", "resume_command": resume, "error": null,
                "components": { "web": { "status": "failed", "error": error, "notes": [words] } },
            }),
            json!({ "environment": "staging", "what": "web", "why": [{ "name": "size", "kind": "variable", "levels": [level] }] }),
        ];
        for report in reports {
            let drawn = text(&report, false);
            let broken = broken(&report, &drawn);
            let alone = |line: &&str| line.trim() != resume && line.width() > COLUMNS;
            assert_eq!(broken.lines().find(alone), None, "{broken}");
            assert!(broken.contains(plan) || !drawn.contains(plan), "{broken}");
            let joined = |text: &str| text.replace('|', " ").split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(joined(&broken), joined(&drawn));
        }
    }

    #[test]
    fn a_command_of_the_system_and_one_that_only_the_text_names_are_never_broken() {
        let chown = "chown -R salt '/srv/terraform of the team/staging'";
        let remedy =
            words!["check what is in it, then run as root: ", Words::shell(chown), "; then run again"];
        let error =
            Error::new(Layer::Host, Phase::Planning, Code::FolderNotTrusted, "it is not safe", remedy);
        let note =
            words!["it was stopped, and no plan starts it: ", Words::shell("nomad job start web-of-all")];
        let mut web = ComponentReport::failed(error);
        web.notes.push(note);
        let drifted = json!({ "status": "drifted", "drift": { "drift_id": "0f".repeat(16), "changes": [] } });
        let environment = "an-environment-with-a-long-name";
        let report =
            json!({ "environment": environment, "components": { "web": web, "network-of-all": drifted } });
        let accept = format!(
            "salt-run infrastructure.accept_drift {environment} network-of-all drift_id={}",
            "0f".repeat(16)
        );
        let broken = broken(&report, &text(&report, false));
        for command in [chown, "nomad job start web-of-all", &accept] {
            assert!(broken.contains(command), "{command} in {broken}");
        }
        assert!(broken.lines().all(|line| line.width() <= COLUMNS || line.trim() == accept), "{broken}");
    }

    #[test]
    fn what_fits_and_what_another_program_reads_stays_as_it_is() {
        let long = "a b ".repeat(40);
        assert_eq!(broken(&json!({ "drawing": long }), &long), long);
        let table = "  web   applied    +1 ~0 -0    0.4s\n\n";
        assert_eq!(broken(&json!({}), table), table);
        let wide = format!("  web   {}   end\n", "x".repeat(70));
        assert_eq!(broken(&json!({}), &wide), format!("  web   {}\n  | end\n", "x".repeat(70)));
        let import = format!("terraform import {} ID", "a b ".repeat(40));
        let report = json!({ "components": { "web": { "possible_orphans": [{ "import": import }] } } });
        assert_eq!(broken(&report, &format!("    {import}\n")), format!("    {import}\n"));
    }
}
