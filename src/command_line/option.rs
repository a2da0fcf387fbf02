//! Options of a call, as its caller writes them.

use std::fmt::Display;

use super::caller::current;
use super::input::Input;
use crate::shell::quote;

/// The value of a switch, as Salt writes it.
pub(super) const FLAG: &str = "True";
const OFF: &str = "False";
/// Options of `eos` whose names differ from those of the parameters.
const RENAMED: [(&str, &str); 7] = [
    ("snapshot_id", "snapshot"),
    ("pillar_root", "pillar"),
    ("file_root", "files"),
    ("variables", "var"),
    ("secrets", "secret"),
    ("env_vars", "env"),
    ("command_args", "arg"),
];
/// Parameters that are words of the command `eos`, and how its help names them. It gives all others by options.
const WORDS: [(&str, &str); 12] = [
    ("environment", "ENV"),
    ("component", "COMPONENT"),
    ("components", "COMPONENT"),
    ("jobs", "JOB"),
    ("keys", "SERVICE/SECRET"),
    ("run_id", "RUN"),
    ("plan_id", "PLAN"),
    ("drift_id", "DRIFT"),
    ("id", "LOCK"),
    ("service", "SERVICE"),
    ("target", "TARGET"),
    ("what", "COMPONENT[.VARIABLE]"),
];

/// An option of the call itself, as the caller writes it: `confirm=staging` or `--confirm staging`.
pub fn option(parameter: &str, value: impl Display) -> String {
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

/// A switch that is on unless the call says otherwise: `refresh=False` or `--no-refresh`.
pub fn switched_off(parameter: &'static str) -> String {
    match current().is_of_salt() {
        true => format!("{parameter}={OFF}"),
        false => flag(parameter).replacen("--", "--no-", 1),
    }
}

/// A reference for a secret variable, as an option of the call itself.
pub fn secret(name: &str, reference: &str) -> String {
    match current().is_of_salt() {
        true => quote(&Input::Secret.of_salt(&[(name.to_owned(), reference.to_owned())])),
        false => format!("{} {}", Input::Secret.flag(), quote(&format!("{name}={reference}"))),
    }
}

/// A parameter, as the caller writes it: `snapshot_id`, `--snapshot`, or a word such as `ENV`.
pub fn argument(parameter: &str) -> String {
    match (current().is_of_salt(), word(parameter)) {
        (true, _) => parameter.to_owned(),
        (false, Some(word)) => word.to_owned(),
        (false, None) => flag(parameter),
    }
}

/// The word in the help of `eos` for a parameter.
pub(super) fn word(parameter: &str) -> Option<&'static str> {
    WORDS.iter().find(|(name, _)| *name == parameter).map(|(_, word)| *word)
}

/// The option of `eos` for a parameter.
pub(super) fn flag(parameter: &str) -> String {
    let renamed = RENAMED.iter().find(|(name, _)| *name == parameter).map(|(_, option)| *option);
    format!("--{}", renamed.unwrap_or(parameter).replace('_', "-"))
}

/// What a version of a service waits for that Nomad has marked as failed.
pub fn only_a_retry() -> String {
    format!("Nomad no longer tries this version, and only a run with {} registers it again", switch("retry"))
}

#[cfg(test)]
mod tests {
    use super::super::caller::{CommandLine, eos};
    use super::*;

    #[test]
    fn an_option_is_written_as_the_caller_writes_it() {
        let said = || {
            let off = switched_off("refresh");
            let places = ["environment", "plan_id", "on_failure", "variables"].map(argument);
            [option("confirm", "staging"), switch("retry"), off, secret("token", "env:T"), places.join(" ")]
        };
        assert_eq!(
            CommandLine::default().during(said),
            [
                "confirm=staging",
                "retry=True",
                "refresh=False",
                "'secrets={token: env:T}'",
                "environment plan_id on_failure variables"
            ]
        );
        let eos = eos(&["eos"]);
        assert_eq!(
            eos.clone().during(said),
            [
                "--confirm staging",
                "--retry",
                "--no-refresh",
                "--secret token=env:T",
                "ENV PLAN --on-failure --var"
            ]
        );
        // A function of an execution module takes its arguments as Salt writes them.
        let module = CommandLine { module: Some(vec!["salt-call".to_owned()]), ..eos };
        assert_eq!(module.during(|| option("confirm", "staging")), "confirm=staging");
    }
}
