//! Functions of Salt itself, with the configuration of the caller.

use super::caller::current;
use crate::shell::joined;

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

#[cfg(test)]
mod tests {
    use super::super::caller::{CommandLine, eos};
    use super::*;

    #[test]
    fn functions_of_salt_are_named_with_the_configuration_of_the_caller() {
        let made = || (salt_run(&["manage.status"]), salt_call(&["pillar.items"]));
        let (run, call) = eos(&["eos", "-c", "/a b", "--auth", "pam"]).during(made);
        assert_eq!((&*run, &*call), ("salt-run -c '/a b' manage.status", "salt-call -c '/a b' pillar.items"));
        let module = Some(["salt-call", "--local", "--id=web1"].map(str::to_owned).to_vec());
        let (_, call) = CommandLine { module, ..eos(&["eos", "--as-minion"]) }.during(made);
        assert_eq!(call, "salt-call --local --id=web1 pillar.items");
    }
}
