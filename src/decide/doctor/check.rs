//! One check and its result.

use serde::{Serialize, Serializer};

use crate::error::{Code, Error};
use crate::words::Words;

/// What a check is about, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Salt,
    Host,
    Terraform,
    Nomad,
    Consul,
    Vault,
}

/// All checks, in the order of the page that explains them.
pub(super) const CHECKS: [(Group, &str); 25] = [
    (Group::Salt, "pillar"),
    (Group::Salt, "references"),
    (Group::Salt, "eos"),
    (Group::Salt, "minions"),
    (Group::Salt, "schedules"),
    (Group::Salt, "options"),
    (Group::Salt, "layers"),
    (Group::Host, "root"),
    (Group::Host, "disk"),
    (Group::Host, "clock"),
    (Group::Terraform, "program"),
    (Group::Terraform, "backends"),
    (Group::Terraform, "folders"),
    (Group::Terraform, "locks"),
    (Group::Terraform, "lock scope"),
    (Group::Terraform, "runs"),
    (Group::Nomad, "cluster"),
    (Group::Nomad, "token"),
    (Group::Nomad, "rights"),
    (Group::Consul, "cluster"),
    (Group::Consul, "token"),
    (Group::Consul, "rights"),
    (Group::Vault, "server"),
    (Group::Vault, "token"),
    (Group::Vault, "rights"),
];

/// The result of a check. The worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Ok,
    /// No environment uses it.
    NotUsed,
    /// It could not be checked, and the message says why.
    Unknown,
    /// A run works now, but something needs a look.
    Warning,
    /// A run would fail or be unsafe.
    Wrong,
}

#[derive(Clone, Debug)]
pub struct Check {
    pub group: Group,
    pub name: &'static str,
    pub status: CheckStatus,
    pub message: Words,
    /// What to do. Empty if there is nothing to do.
    pub remedy: Words,
    pub code: Option<Code>,
    /// The environments that it holds for. Empty: for all that were examined.
    pub environments: Vec<String>,
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            group: Group,
            name: &'a str,
            status: CheckStatus,
            message: &'a Words,
            remedy: &'a Words,
            commands: Vec<&'a str>,
            code: Option<Code>,
            environments: &'a [String],
        }
        let Self { group, name, status, message, remedy, code, environments } = self;
        let commands = message.commands().chain(remedy.commands()).collect();
        let (group, status, code) = (*group, *status, *code);
        Written { group, name, status, message, remedy, commands, code, environments }.serialize(serializer)
    }
}

impl Check {
    pub fn ok(group: Group, name: &'static str, message: impl Into<Words>) -> Self {
        debug_assert!(CHECKS.contains(&(group, name)), "{group:?} {name} is not in the list of checks");
        let (status, message, remedy) = (CheckStatus::Ok, message.into(), Words::default());
        Self { group, name, status, message, remedy, code: None, environments: Vec::new() }
    }

    /// A check that could not be made.
    pub fn unknown(group: Group, name: &'static str, message: impl Into<Words>) -> Self {
        Self { status: CheckStatus::Unknown, ..Self::ok(group, name, message) }
    }

    pub fn bad(
        group: Group,
        name: &'static str,
        (status, code): (CheckStatus, Code),
        message: impl Into<Words>,
        remedy: impl Into<Words>,
    ) -> Self {
        let remedy = remedy.into();
        Self { status, code: Some(code), remedy, ..Self::ok(group, name, message) }
    }

    /// The check whose result is this error.
    pub fn of_error(group: Group, name: &'static str, status: CheckStatus, error: Error) -> Self {
        let message = match error.component {
            Some(component) => Words::from(&component).and(": ").and(error.message),
            None => error.message,
        };
        Self::bad(group, name, (status, error.code), message, error.remedy)
    }

    /// Whether both say the same, perhaps for different environments. A fault is one fault, however it was found.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let is_fault = self.status >= CheckStatus::Warning;
        (self.status, &self.message, &self.remedy) == (other.status, &other.message, &other.remedy)
            && (is_fault || self.group == other.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::command;

    #[test]
    fn a_check_lists_the_commands_of_its_texts_and_each_of_them_is_in_one() {
        let (moves, shows) = (Words::shell("mv '/a b' /c"), command("history").of("staging"));
        let remedy = crate::words::words!["run ", moves, "; ", shows, " lists the runs of ", "staging"];
        let check = Check::bad(Group::Host, "root", (CheckStatus::Wrong, Code::File), "no folder", remedy);
        let written = serde_json::to_value(&check).unwrap();
        let listed = ["mv '/a b' /c", "salt-run infrastructure.history staging"];
        assert_eq!(written["commands"], serde_json::json!(listed));
        assert!(listed.iter().all(|one| check.remedy.contains(one)), "{written:#}");
        // A secret of another text is masked, and the commands stay.
        let mut remedy = check.remedy;
        remedy.replace_others(|_| "masked".to_owned());
        assert_eq!(remedy.commands().collect::<Vec<_>>(), listed);
    }

    #[test]
    fn the_page_of_the_doctor_explains_each_check_and_no_other() {
        let page = include_str!("../../../docs/reference/doctor.md");
        let table = page.split("## What is checked").nth(1).unwrap().split("\n\n").nth(1).unwrap();
        let mut groups: Vec<String> = Vec::new();
        let mut explained = Vec::new();
        for row in table.lines().skip(2) {
            let cells: Vec<_> = row.split(" | ").collect();
            let words = |cell: &str| -> Vec<String> {
                cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
            let named = words(cells[0]);
            groups = if named.is_empty() { groups } else { named };
            for name in words(cells[1]) {
                explained.extend(groups.iter().map(|group| (group.clone(), name.clone())));
            }
        }
        let word = |group: &Group| serde_json::to_value(group).unwrap().as_str().unwrap().to_owned();
        let known: Vec<_> = CHECKS.iter().map(|(group, name)| (word(group), (*name).to_owned())).collect();
        let lacking: Vec<_> = known.iter().filter(|one| !explained.contains(one)).collect();
        let unknown: Vec<_> = explained.iter().filter(|one| !known.contains(one)).collect();
        assert!(lacking.is_empty() && unknown.is_empty(), "{lacking:?} {unknown:?}");
        let counted = page.lines().filter(|line| line.contains("  ok  ")).count();
        assert!(page.contains(&format!("1 wrong, 1 warning, {counted} ok")), "{counted} lines are ok");
    }
}
