//! How the caller writes a command of Eos. Texts for people name commands in this way, so that they can be pasted.
//!
//! The command line is that of the current thread, as a locale is: an error is made far below the call, and its text
//! needs the spelling at once, because it also goes to logs and events. Nothing else depends on it. The environment of
//! the call is kept beside it for the same reason.

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
    /// The arguments that chose a branch, for the functions that take them.
    #[serde(default)]
    pub branch: Vec<(String, String)>,
    /// The options with which `eos` got secrets that only this process knows: a later call needs them again.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The environment that the call is about, once it is known.
    #[serde(skip)]
    pub environment: Option<String>,
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
            branch: Vec::new(),
            secrets: Vec::new(),
            environment: None,
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

    /// Whether the caller writes arguments as Salt does: `key=value`.
    fn is_of_salt(&self) -> bool {
        self.program == Program::SaltRun || self.module.is_some()
    }

    /// The option `-c`, if the caller has it.
    fn configuration(&self) -> &[String] {
        self.words.windows(2).find(|pair| pair[0] == "-c").unwrap_or_default()
    }
}

/// The command line of the current thread, for another thread of the same call.
pub fn current() -> CommandLine {
    CURRENT.with_borrow(Clone::clone)
}

/// Says which environment the call of this thread is about.
pub fn about(environment: impl Display) {
    CURRENT.with_borrow_mut(|current| current.environment = Some(environment.to_string()));
}

/// The environment that the call of this thread is about, or a word in its place.
pub fn environment() -> String {
    current().environment.unwrap_or_else(|| ANY_ENVIRONMENT.to_owned())
}

/// What a version of a service waits for that Nomad has marked as failed.
pub fn only_a_retry() -> String {
    format!("Nomad no longer tries this version, and only a run with {} registers it again", switch("retry"))
}

/// Whether the call was made with the command `eos`.
pub fn is_eos() -> bool {
    !current().is_of_salt()
}

/// An option of the call itself, as the caller writes it: `confirm=staging` or `--confirm staging`.
pub fn option(parameter: &'static str, value: impl Display) -> String {
    let value = quote(&value.to_string());
    match current().is_of_salt() {
        true => format!("{parameter}={value}"),
        false => format!("{} {value}", flag(parameter)),
    }
}

/// The same for an option without a value: `retry=True` or `--retry`.
pub fn switch(parameter: &'static str) -> String {
    match current().is_of_salt() {
        true => format!("{parameter}={FLAG}"),
        false => flag(parameter),
    }
}

/// A reference for a secret variable, as an option of the call itself.
pub fn secret(name: &str, reference: &str) -> String {
    match current().is_of_salt() {
        true => quote(&Input::Secret.of_salt(&[(name.to_owned(), reference.to_owned())])),
        false => format!("{} {}", Input::Secret.flag(), quote(&format!("{name}={reference}"))),
    }
}

/// How a call gives a value to a variable of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    Variable,
    /// Its value is a reference.
    Secret,
}

impl Input {
    /// `variables={size: 2, name: web}`
    fn of_salt(self, values: &[(String, String)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let parameter = if self == Self::Variable { "variables" } else { "secrets" };
        format!("{parameter}={{{}}}", values.join(", "))
    }

    fn flag(self) -> &'static str {
        if self == Self::Variable { "--var" } else { "--secret" }
    }
}

/// A function of Salt's own runners, for the configuration of the caller: `salt-run -c /srv/salt manage.status`.
pub fn salt_run(words: &[&str]) -> String {
    of_salt("salt-run", words)
}

/// The same for a function of the execution modules of this minion.
pub fn salt_call(words: &[&str]) -> String {
    match current().module {
        Some(mut program) => {
            program.extend(words.iter().map(|word| (*word).to_owned()));
            joined(&program)
        }
        None => of_salt("salt-call", words),
    }
}

fn of_salt(program: &str, words: &[&str]) -> String {
    let current = current();
    let words = words.iter().map(|word| (*word).to_owned());
    joined(&[&[program.to_owned()], current.configuration(), &words.collect::<Vec<_>>()].concat())
}

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

const ENVIRONMENT: &str = "environment";
/// Parameters that are words of the command `eos`. It gives all others by options.
const WORDS: [&str; 7] = [ENVIRONMENT, "component", "components", "run_id", "plan_id", "drift_id", "id"];
/// These functions take secrets again that only their first call knew.
const TAKE_SECRETS_AGAIN: [&str; 2] = ["apply", "resume"];
const FLAG: &str = "True";
/// In place of the environment, if the call is about none or about several.
const ANY_ENVIRONMENT: &str = "ENVIRONMENT";
/// These functions take the pillar of a branch.
const OF_BRANCHES: [&str; 3] = ["plan", "validate", "show"];
/// Options of `eos` whose names differ from those of the parameters.
const RENAMED: [(&str, &str); 3] =
    [("snapshot_id", "snapshot"), ("pillar_root", "pillar"), ("file_root", "files")];

/// The option of `eos` for a parameter.
fn flag(parameter: &str) -> String {
    let renamed = RENAMED.iter().find(|(name, _)| *name == parameter).map(|(_, option)| *option);
    format!("--{}", renamed.unwrap_or(parameter).replace('_', "-"))
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
            if WORDS.contains(&&**parameter) {
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
    fn a_value_and_an_option_are_written_as_the_caller_writes_them() {
        let plan = || {
            let plan = command("plan").here().with("components", "web").input(Input::Variable, "size", "2");
            plan.input(Input::Variable, "name", "x y").input(Input::Secret, "token", "env:T").to_string()
        };
        let said = || (plan(), option("confirm", environment()), switch("retry"), secret("token", "env:T"));
        let of_salt_run = CommandLine { environment: Some("staging".to_owned()), ..CommandLine::default() };
        let (made, confirm, retry, secret) = of_salt_run.clone().during(said);
        let expected = "salt-run infrastructure.plan staging components=web 'variables={size: 2, name: x y}' \
                        'secrets={token: env:T}'";
        assert_eq!(made, expected);
        assert_eq!(
            [&confirm, &retry, &secret],
            ["confirm=staging", "retry=True", "'secrets={token: env:T}'"]
        );
        let of_eos = CommandLine { environment: Some("staging".to_owned()), ..eos(&["eos", "-c", "/x"]) };
        let (made, confirm, retry, secret) = of_eos.during(said);
        let expected = "eos -c /x plan staging web --var size=2 --var 'name=x y' --secret token=env:T";
        assert_eq!(made, expected);
        assert_eq!([&confirm, &retry, &secret], ["--confirm staging", "--retry", "--secret token=env:T"]);
        // A function of an execution module takes its arguments as Salt writes them.
        let module =
            CommandLine { module: Some(vec!["salt-call".to_owned()]), ..eos(&["eos", "--as-minion"]) };
        assert_eq!(module.during(|| option("confirm", "staging")), "confirm=staging");
    }

    #[test]
    fn functions_of_salt_are_named_with_the_configuration_of_the_caller() {
        let made = || (salt_run(&["manage.status"]), salt_call(&["pillar.items"]));
        let (run, call) = eos(&["eos", "-c", "/a b", "--auth", "pam"]).during(made);
        assert_eq!((&*run, &*call), ("salt-run -c '/a b' manage.status", "salt-call -c '/a b' pillar.items"));
        let module = Some(["salt-call", "--local", "--id=web1"].map(str::to_owned).to_vec());
        let (_, call) = CommandLine { module, ..eos(&["eos", "--as-minion"]) }.during(made);
        assert_eq!(call, "salt-call --local --id=web1 pillar.items");
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
