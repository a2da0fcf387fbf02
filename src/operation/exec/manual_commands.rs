//! Shell commands for people, exact enough to be copied.

use std::path::Path;

use super::Invoker;
use crate::decide::OrphanCandidate;
use crate::shell::quote;

/// The terraform command as Eos runs it for this component. Credentials have to be in the shell's environment.
pub fn terraform(invoker: &Invoker<'_>, words: &[String]) -> String {
    let cwd = quote(&invoker.cwd().display().to_string());
    let data = quote(&invoker.context.paths.data().display().to_string());
    let program = quote(&invoker.context.session.call.tool.path.display().to_string());
    let words: Vec<_> = words.iter().map(|word| quote(word)).collect();
    format!("cd {cwd} && TF_DATA_DIR={data} {program} {}", words.join(" "))
}

pub fn import(invoker: &Invoker<'_>, candidate: &OrphanCandidate) -> String {
    let mut words = vec!["import".to_owned(), "-input=false".to_owned()];
    words.extend(invoker.context.state().map(|state| format!("-state={}", state.display())));
    words.push(format!("-var-file={}", invoker.context.paths.variables().display()));
    words.push(candidate.address.clone());
    words.push(candidate.id.clone().unwrap_or_else(|| "ID".to_owned()));
    terraform(invoker, &words)
}

/// The command that pushes a state to its backend. `force` is for a state that Terraform would refuse.
pub fn put_state(invoker: &Invoker<'_>, file: &Path, force: bool) -> String {
    let file = file.display().to_string();
    match invoker.context.state() {
        Some(state) => format!("cp {} {}", quote(&file), quote(&state.display().to_string())),
        None => {
            let force = force.then(|| "-force".to_owned());
            let words = ["state".to_owned(), "push".to_owned()];
            terraform(invoker, &words.into_iter().chain(force).chain([file]).collect::<Vec<_>>())
        }
    }
}
