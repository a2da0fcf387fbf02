//! Judges Salt itself: the parts of Eos in it, and what its configuration names.

use serde::Deserialize;

use super::check::{Check, CheckStatus, Group};
use crate::command_line::{salt_call, salt_run};
use crate::decide::listed_briefly;
use crate::error::Code;
use crate::words::{Words, words};

/// A function that the configuration names and that Eos does not have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct NamedFunction {
    pub function: String,
    /// Such as `the job drift of the schedule`.
    pub place: String,
}

/// What Salt's configuration says. Each part is empty if the host does not know it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SaltConfiguration {
    /// The version of the installed package; empty if it is not known.
    pub package: String,
    /// Copies of Eos's modules that Salt has synchronised and that differ from the package.
    pub stale_copies: Vec<String>,
    /// Places in schedules and reactors that name functions of Eos.
    pub named: usize,
    pub unknown: Vec<NamedFunction>,
    /// Files of reactors that do not exist.
    pub missing_reactors: Vec<NamedFunction>,
    /// All masters of this Salt, and the place that names them.
    pub masters: Vec<String>,
    pub masters_in: String,
    /// Options of the master that are on, and that let other hosts do more than Eos needs.
    pub open: Vec<String>,
    /// Why a part could not be read, one sentence each.
    pub unreadable: Vec<String>,
}

/// `core`: the version of the running core. `is_known`: the host has told its configuration.
pub fn salt(found: &SaltConfiguration, core: &str, is_known: bool) -> Vec<Check> {
    if !is_known {
        return vec![Check::unknown(Group::Salt, "eos", "Salt's configuration could not be read")];
    }
    let mut all = vec![versions(found, core)];
    all.extend(names(found));
    if !found.open.is_empty() {
        let message = words!["the master's configuration has ", listed_briefly(&found.open)];
        let remedy = "switch it off: with open_mode or auto_accept any host becomes a minion and gets the pillar of the \
                      id that it names; with file_recv a minion writes files on the master. Eos needs none of them";
        let verdict = (CheckStatus::Warning, Code::OpenMaster);
        all.push(Check::bad(Group::Salt, "options", verdict, message, remedy));
    }
    let unreadable = found.unreadable.iter();
    all.extend(unreadable.map(|why| Check::unknown(Group::Salt, "options", why.clone())));
    all
}

fn versions(found: &SaltConfiguration, core: &str) -> Check {
    const NAME: &str = "eos";
    let verdict = (CheckStatus::Wrong, Code::VersionsDiffer);
    let package = &found.package;
    if !package.is_empty() && package != core {
        let message = format!("this process runs Eos {core}, and {package} is installed");
        let remedy = "restart salt-master and salt-minion, which keep the version with which they started";
        return Check::bad(Group::Salt, NAME, verdict, message, remedy);
    }
    if !found.stale_copies.is_empty() {
        let message = words![
            "Salt uses copies of Eos's modules that differ from the installed package: ",
            listed_briefly(&found.stale_copies)
        ];
        let [master, minion] =
            [salt_run, salt_call].map(|program| Words::shell(program(&["saltutil.sync_all"])));
        let remedy = words![
            "synchronise them again (",
            master,
            "; on a minion ",
            minion,
            "), or remove the copies: the package alone is enough"
        ];
        return Check::bad(Group::Salt, NAME, verdict, message, remedy);
    }
    Check::ok(Group::Salt, NAME, words![core.to_owned(), ", modules and core are of one version"])
}

fn names(found: &SaltConfiguration) -> Vec<Check> {
    const NAME: &str = "schedules";
    let mut all = Vec::new();
    for NamedFunction { function, place } in &found.unknown {
        let message = format!("{place} names {function}, which does not exist");
        let list = Words::shell(salt_run(&["sys.list_runner_functions"]));
        let remedy = words![
            "correct the name; ",
            Words::shell("eos --help"),
            " lists the verbs, and this all functions: ",
            list
        ];
        all.push(Check::bad(Group::Salt, NAME, (CheckStatus::Wrong, Code::NoSuchFunction), message, remedy));
    }
    for NamedFunction { function: file, place } in &found.missing_reactors {
        let message = format!("{place} names the file {file}, which does not exist");
        let remedy = "correct the path in the master's option reactor, or add the file";
        all.push(Check::bad(Group::Salt, NAME, (CheckStatus::Wrong, Code::NoSuchFunction), message, remedy));
    }
    if all.is_empty() {
        let said = match found.named {
            0 => words!["no schedule and no reactor names Eos"],
            many => words![many, " functions of Eos in schedules and reactors, all exist"],
        };
        all.push(Check::ok(Group::Salt, NAME, said));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(found: &SaltConfiguration) -> Vec<(&'static str, CheckStatus)> {
        let all = salt(found, "0.2.0", true);
        assert!(all.iter().all(|one| (one.status == CheckStatus::Ok) == one.remedy.is_empty()), "{all:?}");
        all.iter().map(|one| (one.name, one.status)).collect()
    }

    #[test]
    fn old_modules_and_unknown_functions_are_wrong_and_an_open_master_is_a_warning() {
        use CheckStatus::{Ok, Warning, Wrong};
        let well = SaltConfiguration { package: "0.2.0".into(), ..SaltConfiguration::default() };
        assert_eq!(verdicts(&well), [("eos", Ok), ("schedules", Ok)]);
        let other = SaltConfiguration { package: "0.3.0".into(), ..SaltConfiguration::default() };
        assert_eq!(verdicts(&other)[0], ("eos", Wrong));
        let stale = SaltConfiguration { stale_copies: vec!["/var/cache/x.py".into()], ..well.clone() };
        assert_eq!(verdicts(&stale)[0], ("eos", Wrong));
        let unknown = vec![NamedFunction {
            function: "infrastructure.syncc".into(),
            place: "the job drift of the schedule".into(),
        }];
        assert_eq!(verdicts(&SaltConfiguration { unknown, ..well.clone() })[1], ("schedules", Wrong));
        let open = SaltConfiguration { open: vec!["auto_accept".into()], ..well };
        assert_eq!(verdicts(&open)[2], ("options", Warning));
    }
}
