//! A call of one of Eos's own functions, as its caller writes it.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use super::caller::{CommandLine, Program, current, environment};
use super::input::Input;
use super::option::{FLAG, flag, word};
use crate::shell::joined;

const ENVIRONMENT: &str = "environment";
/// These functions take secrets again that only their first call knew.
const TAKE_SECRETS_AGAIN: [&str; 2] = ["apply", "resume"];
/// These functions take the pillar of a branch.
const OF_BRANCHES: [&str; 3] = ["plan", "validate", "show"];

/// A call of a function of the runner, as the caller writes it.
pub fn command(function: &'static str) -> Command {
    Command { function: function.into(), parts: Vec::new(), inputs: Vec::new() }
}

/// Displayed as a command line, with each word quoted for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    function: Cow<'static, str>,
    /// The parameters and their values, in this order.
    parts: Vec<(Cow<'static, str>, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<(Input, String, String)>,
}

impl Command {
    pub fn of(self, environment: impl Display) -> Self {
        self.with(ENVIRONMENT, environment)
    }

    /// Of the environment that the call is about.
    pub fn here(self) -> Self {
        self.of(environment())
    }

    pub fn with(mut self, parameter: &'static str, value: impl Display) -> Self {
        self.parts.push((parameter.into(), value.to_string()));
        self
    }

    pub fn flag(self, parameter: &'static str) -> Self {
        self.with(parameter, FLAG)
    }

    /// Gives a value to a variable of the component.
    pub fn input(mut self, input: Input, name: &str, value: &str) -> Self {
        self.inputs.push((input, name.to_owned(), value.to_owned()));
        self
    }

    /// `infrastructure.resume run_id=01JD3K`. The environment and a single component have no name, as in a call.
    fn of_runner(&self, words: &mut Vec<String>) {
        words.push(format!("infrastructure.{}", self.function));
        words.extend(self.parts.iter().map(|(parameter, value)| match &**parameter {
            ENVIRONMENT | "component" => value.clone(),
            parameter => format!("{parameter}={value}"),
        }));
        for input in [Input::Variable, Input::Secret] {
            let its = self.inputs.iter().filter(|(one, ..)| *one == input);
            let its: Vec<_> = its.map(|(_, name, value)| (name.clone(), value.clone())).collect();
            words.extend((!its.is_empty()).then(|| input.of_salt(&its)));
        }
    }

    /// `resume 01JD3K`.
    fn of_eos(&self, words: &mut Vec<String>) {
        words.push(match &*self.function {
            "orchestrate" => "apply".to_owned(),
            function => function.replace('_', "-"),
        });
        for (parameter, value) in &self.parts {
            if word(parameter).is_some() {
                words.push(value.clone());
                continue;
            }
            words.push(flag(parameter));
            words.extend((value != FLAG).then(|| value.clone()));
        }
        for (input, name, value) in &self.inputs {
            words.extend([input.flag().to_owned(), format!("{name}={value}")]);
        }
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CommandLine { program, mut words, minion, branch, secrets, .. } = current();
        let branch = branch.into_iter().filter(|_| OF_BRANCHES.contains(&&*self.function));
        match program {
            Program::SaltRun => {
                self.of_runner(&mut words);
                words.extend(minion.map(|minion| format!("minion={minion}")));
                words.extend(branch.map(|(parameter, value)| format!("{parameter}={value}")));
            }
            Program::Eos => {
                self.of_eos(&mut words);
                words.extend(minion.into_iter().flat_map(|minion| ["--minion".to_owned(), minion]));
                words.extend(branch.flat_map(|(parameter, value)| [flag(&parameter), value]));
                words.extend(secrets.into_iter().filter(|_| TAKE_SECRETS_AGAIN.contains(&&*self.function)));
            }
        }
        f.write_str(&joined(&words))
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::{about, eos};
    use super::*;

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
    fn a_value_for_a_variable_is_written_as_the_caller_writes_it() {
        let made = || {
            let plan =
                command("plan").of("staging").with("components", "web").input(Input::Variable, "size", "2");
            plan.input(Input::Variable, "name", "x y").input(Input::Secret, "token", "env:T").to_string()
        };
        assert_eq!(
            CommandLine::default().during(made),
            "salt-run infrastructure.plan staging components=web 'variables={size: 2, name: x y}' \
             'secrets={token: env:T}'"
        );
        assert_eq!(
            eos(&["eos", "-c", "/x"]).during(made),
            "eos -c /x plan staging web --var size=2 --var 'name=x y' --secret token=env:T"
        );
    }

    #[test]
    fn a_command_names_the_environment_of_the_call_once_it_is_known() {
        CommandLine::default().during(|| {
            assert_eq!(command("history").here().to_string(), "salt-run infrastructure.history ENVIRONMENT");
            about("staging");
            assert_eq!(command("history").here().to_string(), "salt-run infrastructure.history staging");
        });
        assert_eq!(current().environment, None);
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
