//! How the caller writes a command of Eos. Texts for people name commands in this way, so that they can be pasted.
//!
//! The command line is that of the current thread, as a locale is: an error is made far below the call, and its text
//! needs the spelling at once, because it also goes to logs and events. Nothing else depends on it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::shell::quote;

/// The command line of a caller: a program with the options that lead to the same place again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommandLine {
    pub program: Program,
    /// The program and its options: `salt-run -c /srv/salt`.
    pub words: Vec<String>,
    /// On a minion: the words before a function of its execution module, such as `salt-call --local`.
    #[serde(default)]
    pub module: Option<Vec<String>>,
    /// The minion whose pillar a master uses, if the call names it.
    #[serde(default)]
    pub minion: Option<String>,
    /// The options with which `eos` got secrets that only this process knows: a later call needs them again.
    #[serde(default)]
    pub secrets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    SaltRun,
    Eos,
}

impl Default for CommandLine {
    fn default() -> Self {
        Self {
            program: Program::SaltRun,
            words: vec!["salt-run".to_owned()],
            module: None,
            minion: None,
            secrets: Vec::new(),
        }
    }
}

thread_local! {
    static CURRENT: RefCell<CommandLine> = RefCell::default();
}

impl CommandLine {
    /// Does `work` with this command line on the current thread.
    pub fn during<T>(self, work: impl FnOnce() -> T) -> T {
        /// Puts the previous one back, also after a panic.
        struct Before(CommandLine);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(std::mem::take(&mut self.0));
            }
        }
        let _before = Before(CURRENT.replace(self));
        work()
    }
}

/// The command line of the current thread, for another thread of the same call.
pub fn current() -> CommandLine {
    CURRENT.with_borrow(Clone::clone)
}

/// A call of a function of the runner, as the caller writes it.
pub fn command(function: &'static str) -> Command {
    Command { function: function.into(), parts: Vec::new() }
}

/// Displayed as a command line, with each word quoted for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    function: Cow<'static, str>,
    /// The parameters and their values, in this order.
    parts: Vec<(Cow<'static, str>, String)>,
}

const ENVIRONMENT: &str = "environment";
/// Parameters that are words of the command `eos`. It gives all others by options.
const WORDS: [&str; 7] = [ENVIRONMENT, "component", "components", "run_id", "plan_id", "drift_id", "id"];
/// These functions take secrets again that only their first call knew.
const TAKE_SECRETS_AGAIN: [&str; 2] = ["apply", "resume"];
const FLAG: &str = "True";

impl Command {
    pub fn of(self, environment: impl Display) -> Self {
        self.with(ENVIRONMENT, environment)
    }

    pub fn with(mut self, parameter: &'static str, value: impl Display) -> Self {
        self.parts.push((parameter.into(), value.to_string()));
        self
    }

    pub fn flag(self, parameter: &'static str) -> Self {
        self.with(parameter, FLAG)
    }

    /// `infrastructure.resume run_id=01JD3K`. The environment and a single component have no name, as in a call.
    fn of_runner(&self, words: &mut Vec<String>) {
        words.push(format!("infrastructure.{}", self.function));
        words.extend(self.parts.iter().map(|(parameter, value)| match &**parameter {
            ENVIRONMENT | "component" => value.clone(),
            parameter => format!("{parameter}={value}"),
        }));
    }

    /// `resume 01JD3K`.
    fn of_eos(&self, words: &mut Vec<String>) {
        words.push(match &*self.function {
            "orchestrate" => "apply".to_owned(),
            function => function.replace('_', "-"),
        });
        for (parameter, value) in &self.parts {
            if WORDS.contains(&&**parameter) {
                words.push(value.clone());
                continue;
            }
            // The only option whose name differs.
            let name = if parameter == "snapshot_id" { "snapshot" } else { parameter };
            words.push(format!("--{}", name.replace('_', "-")));
            words.extend((value != FLAG).then(|| value.clone()));
        }
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CommandLine { program, mut words, minion, secrets, .. } = current();
        match program {
            Program::SaltRun => {
                self.of_runner(&mut words);
                words.extend(minion.map(|minion| format!("minion={minion}")));
            }
            Program::Eos => {
                self.of_eos(&mut words);
                words.extend(minion.into_iter().flat_map(|minion| ["--minion".to_owned(), minion]));
                words.extend(secrets.into_iter().filter(|_| TAKE_SECRETS_AGAIN.contains(&&*self.function)));
            }
        }
        f.write_str(&joined(&words))
    }
}

/// The words as a shell reads them.
pub fn joined(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eos(words: &[&str]) -> CommandLine {
        let words = words.iter().map(ToString::to_string).collect();
        CommandLine { program: Program::Eos, words, ..CommandLine::default() }
    }

    #[test]
    fn a_command_is_written_as_its_caller_writes_it() {
        let salt_run = CommandLine {
            words: vec!["salt-run".to_owned(), "-c".to_owned(), "/a b".to_owned()],
            minion: Some("web1".to_owned()),
            ..CommandLine::default()
        };
        let eos = eos(&["eos", "-c", "/x"]);
        type Made = fn() -> Command;
        let table: [(Made, &str, &str); 5] = [
            (
                || command("history").of("staging"),
                "salt-run -c '/a b' infrastructure.history staging minion=web1",
                "eos -c /x history staging",
            ),
            (
                || command("orchestrate").of("staging").with("components", "web").flag("retry"),
                "salt-run -c '/a b' infrastructure.orchestrate staging components=web retry=True minion=web1",
                "eos -c /x apply staging web --retry",
            ),
            (
                || command("accept_drift").of("staging").with("component", "web").with("drift_id", "0f"),
                "salt-run -c '/a b' infrastructure.accept_drift staging web drift_id=0f minion=web1",
                "eos -c /x accept-drift staging web 0f",
            ),
            (
                || command("rollback").of("staging").with("components", "web").with("snapshot_id", "01S"),
                "salt-run -c '/a b' infrastructure.rollback staging components=web snapshot_id=01S minion=web1",
                "eos -c /x rollback staging web --snapshot 01S",
            ),
            (
                || command("destroy").of("staging").with("confirm", "staging"),
                "salt-run -c '/a b' infrastructure.destroy staging confirm=staging minion=web1",
                "eos -c /x destroy staging --confirm staging",
            ),
        ];
        for (made, of_runner, of_eos) in table {
            assert_eq!(salt_run.clone().during(|| made().to_string()), of_runner);
            assert_eq!(eos.clone().during(|| made().to_string()), of_eos);
        }
        assert_eq!(current(), CommandLine::default());
    }

    #[test]
    fn a_secret_that_only_this_process_knows_is_needed_again_by_an_apply_of_the_plan_and_a_resume() {
        let secrets = vec!["--secret".to_owned(), "token=-".to_owned()];
        CommandLine { secrets, ..eos(&["eos"]) }.during(|| {
            assert_eq!(command("apply").with("plan_id", "01P").to_string(), "eos apply 01P --secret token=-");
            assert_eq!(command("resume").of("staging").to_string(), "eos resume staging --secret token=-");
            assert_eq!(command("approve").with("plan_id", "01P").to_string(), "eos approve 01P");
        });
    }
}
