//! Draws the checks of the doctor: one line for each that is well, grouped, then the others with what to do, the worst
//! last. Lines have at most 80 columns, except those with a long command.

use serde_json::Value;

use super::quote::{flat, line};
use super::style::Style;
use super::units;
use super::width::pad;
use super::wrap::{commands, filled};

/// The columns of a group, and of the name of a check.
const GROUP: usize = 9;
const NAME: usize = 10;
/// The columns of the longest status, and of the word before a remedy.
const STATUS: usize = 7;
const NEXT: &str = "next:  ";

/// The statuses that are told at the end, with the worst last.
const TOLD: [&str; 3] = ["unknown", "warning", "wrong"];

pub fn checks(report: &Value, style: Style) -> String {
    let all: Vec<_> = report["checks"].as_array().into_iter().flatten().collect();
    let told = |check: &&&Value| TOLD.iter().any(|status| check["status"] == *status);
    let mut text = headline(report, &all);
    let mut group = String::new();
    for check in all.iter().filter(|check| !told(check)) {
        let this = line(&check["group"]);
        if this != group {
            text.push('\n');
        }
        let shown = if this == group { "" } else { this.as_str() };
        let head = format!("  {}  {}  ", pad(shown, GROUP), pad(&line(&check["name"]), NAME));
        let column = 2 + GROUP + 2 + NAME + 2 + 4;
        let mark = if check["status"] == "ok" { style.status("ok", 2) } else { "-".to_owned() + " " };
        text.push_str(
            format!("{head}{mark}  {}", filled(&said(check), &commands(&check["commands"]), column))
                .trim_end(),
        );
        text.push('\n');
        group = this;
    }
    for status in TOLD {
        for check in all.iter().filter(|check| check["status"] == status) {
            text.push_str(&fault(check, status, style));
        }
    }
    for left in report["left_behind"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n  still there: {}\n", filled(&flat(left), &[], 15)));
    }
    text
}

/// `staging: 1 wrong, 2 warnings, 12 ok   0.4s`
fn headline(report: &Value, all: &[&Value]) -> String {
    let count = |status: &str| all.iter().filter(|check| check["status"] == status).count();
    let parts = [("wrong", "wrong"), ("warning", "warning"), ("unknown", "not known"), ("ok", "ok")];
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(status, word)| (count(status), word))
        .filter(|(many, _)| *many > 0)
        .map(|(many, word)| match word {
            "warning" => crate::count::counted(many, word),
            word => format!("{many} {word}"),
        })
        .collect();
    let about = match line(&report["environment"]) {
        all if all.is_empty() => "all environments".to_owned(),
        one => one,
    };
    let took = units::seconds(report["duration"].as_f64().unwrap_or_default());
    format!("{about}: {}   {took}\n", parts.join(", "))
}

fn fault(check: &Value, status: &str, style: Style) -> String {
    let column = 2 + STATUS + 2;
    let head = format!("  {}  ", style.status(status, STATUS));
    let said = format!("{} {}: {}", line(&check["group"]), line(&check["name"]), said(check));
    let commands = commands(&check["commands"]);
    let mut text = format!("\n{head}{}\n", filled(&said, &commands, column));
    let remedy = flat(&check["remedy"]);
    if !remedy.is_empty() {
        text.push_str(&format!("{:column$}{NEXT}{}\n", "", filled(&remedy, &commands, column + NEXT.len())));
    }
    text
}

/// The message, and the environments if it does not hold for all.
fn said(check: &Value) -> String {
    let environments: Vec<_> = check["environments"].as_array().into_iter().flatten().map(line).collect();
    match environments.is_empty() {
        true => flat(&check["message"]),
        false => format!("{} [{}]", flat(&check["message"]), environments.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unicode_width::UnicodeWidthStr;

    use super::super::wrap::COLUMNS;
    use super::*;

    fn check(group: &str, name: &str, status: &str, message: &str, environments: &[&str]) -> Value {
        let remedy = if status == "ok" {
            ""
        } else {
            "do this, and then that, until it is well and nothing else is left"
        };
        json!({
            "group": group, "name": name, "status": status, "message": message, "remedy": remedy,
            "environments": environments,
        })
    }

    #[test]
    fn a_command_that_is_longer_than_a_line_can_be_copied_as_one_piece() {
        let long = "salt-run -c /srv/salt/of/the/team infrastructure.acknowledge staging components=database minion=web1";
        let mut check = check("terraform", "runs", "wrong", "database is blocked", &[]);
        check["remedy"] = json!(format!("see why: salt-run x.show 1; once it is put right: {long}"));
        check["commands"] = json!(["salt-run x.show 1", long]);
        let text = checks(&json!({ "environment": "staging", "checks": [check] }), Style { colour: false });
        assert!(
            text.ends_with(&format!(
                "
  wrong    terraform runs: database is blocked
           next:  see why: salt-run x.show 1; once it is put right:
    {long}
"
            )),
            "{text}"
        );
    }

    #[test]
    fn what_is_well_is_one_line_each_and_the_wrong_ones_are_last_with_their_remedy() {
        let report = json!({
            "environment": "", "duration": 0.42,
            "checks": [
                check("salt", "pillar", "ok", "it and its modules are correct", &[]),
                check("salt", "minions", "warning", "no answer from 1 minion", &["staging"]),
                check("host", "root", "wrong", "the user eve may not write to /srv/terraform (owner salt, mode 0700)", &[]),
                check("host", "disk", "ok", "/srv/terraform (the root): 41.2 GiB of 98.0 GiB free", &[]),
                check("vault", "server", "not_used", "not used", &[]),
            ],
        });
        let text = checks(&report, Style { colour: false });
        assert_eq!(
            text,
            "all environments: 1 wrong, 1 warning, 2 ok   0.4s

  salt       pillar      ok  it and its modules are correct

  host       disk        ok  /srv/terraform (the root): 41.2 GiB of 98.0 GiB
                             | free

  vault      server      -   not used

  warning  salt minions: no answer from 1 minion [staging]
           next:  do this, and then that, until it is well and nothing else is
                  | left

  wrong    host root: the user eve may not write to /srv/terraform (owner salt,
           | mode 0700)
           next:  do this, and then that, until it is well and nothing else is
                  | left
"
        );
        assert!(text.lines().all(|line| line.width() <= COLUMNS), "{text}");
    }
}
