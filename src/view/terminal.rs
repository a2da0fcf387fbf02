//! Breaks the lines of a drawn text for a terminal: between words, and never inside a command.

use serde_json::Value;

use super::quote::line;
use super::width::columns;
use super::wrap::{COLUMNS, filled_line};

/// Programs whose commands stand in texts without being listed in the report.
const PROGRAMS: [&str; 3] = ["eos ", "salt-run ", "salt-call "];
/// Words that follow a command in a sentence. They are no part of it.
const AFTER: [&str; 19] = [
    "shows",
    "lists",
    "says",
    "names",
    "continues",
    "applies",
    "checks",
    "runs",
    "has",
    "is",
    "and",
    "or",
    "to",
    "with",
    "then",
    "once",
    "for",
    "if",
    "it",
];

/// The lines that are longer than a terminal is wide are broken between words. Of what another program reads, none is.
pub fn broken(report: &Value, text: &str) -> String {
    if report["drawing"].is_string() {
        return text.to_owned();
    }
    let mut listed = Vec::new();
    list(report, &mut listed);
    let one = |line: &str| match columns(line) <= COLUMNS {
        true => format!("{line}\n"),
        false => format!("{}\n", broken_line(line, &listed)),
    };
    text.lines().map(one).collect()
}

fn broken_line(line: &str, listed: &[String]) -> String {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let listed = listed.iter().filter(|command| text.contains(&***command)).cloned();
    let commands: Vec<_> = listed.chain(found(text)).collect();
    match commands.iter().any(|command| command == text) {
        true => line.to_owned(),
        false => format!("{:indent$}{}", "", filled_line(text, &commands, indent)),
    }
}

/// The commands that the report has in places of their own.
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

/// The commands in a sentence: each from its program to the end of its clause.
fn found(text: &str) -> Vec<String> {
    let begins = |at: &usize| {
        let is_after_space = text[..*at].chars().next_back().is_none_or(|before| " (\"".contains(before));
        is_after_space && PROGRAMS.iter().any(|program| text[*at..].starts_with(program))
    };
    let places = text.char_indices().map(|(at, _)| at).filter(begins);
    places.map(|at| command(&text[at..]).to_owned()).filter(|command| command.contains(' ')).collect()
}

fn command(text: &str) -> &str {
    let (mut is_quoted, mut end) = (false, 0);
    for word in text.split_inclusive(' ') {
        let (plain, was_quoted) = (word.trim_end(), is_quoted);
        is_quoted ^= word.matches('\'').count() % 2 == 1;
        if !was_quoted && AFTER.contains(&plain) {
            break;
        }
        let bare = plain.trim_end_matches([';', ',', ':', '.', ')', '"']);
        if !is_quoted && bare != plain {
            end += bare.len();
            break;
        }
        end += word.len();
    }
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::super::text;
    use super::*;

    #[test]
    fn a_command_in_a_sentence_ends_where_its_clause_does() {
        for (text, commands) in [
            (
                "correct it, then run again: eos -c '/a; b' apply staging --retry",
                &["eos -c '/a; b' apply staging --retry"][..],
            ),
            (
                "plan again: salt-run infrastructure.plan staging; or wait",
                &["salt-run infrastructure.plan staging"],
            ),
            ("eos show 01R shows why (eos history staging)", &["eos show 01R", "eos history staging"]),
            ("which eos makes", &["eos makes"]),
            ("the videos of it", &[]),
        ] {
            assert_eq!(found(text), commands, "{text}");
        }
    }

    #[test]
    fn no_text_breaks_inside_a_word_or_a_command_at_80_columns() {
        let resume = format!("eos -c /srv/{} resume 01R", "x".repeat(50));
        let plan = "salt-run infrastructure.plan staging";
        let words = "it is a sentence of many words that goes on and on until it is told, ".repeat(3);
        let error = json!({
            "message": format!("{words}\n  {words}"), "remedy": format!("{words}then {plan}; or {resume}"), "phase": "planning",
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
