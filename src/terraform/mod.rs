//! Terraform as a program: its arguments, its environment, and its output.
//!
//! Knows the command line, the `-json` stream and the texts of known failures. Must not know components.
//! In: values, a line of output, or a failure. Out: an argument list, an [`Event`], or an error.

mod apply;
mod environment;
mod event;
mod explain;
mod init;
mod plain_warnings;
mod plan;
mod plan_file;
mod show;
mod state;
mod tool;

pub use apply::ApplyArguments;
pub use environment::{TerraformFolders, environment};
pub use event::{
    ChangeSummary, Diagnostic, Event, EventResource, OperationEvent, PlannedChange, Severity,
    TerraformAction, parse,
};
pub use explain::{explain, is_about_arguments, is_gone, outgrown, provider_died};
pub use init::InitArguments;
pub use plain_warnings::plain_warnings;
pub use plan::{PlanArguments, Refresh};
pub use plan_file::PlanFileStates;
pub use show::{show_plan, show_state};
pub use state::{force_unlock, state_pull, state_push};
pub use tool::{BinaryIdentity, Product, Tool};

use std::ffi::OsString;
use std::path::Path;

/// Bytes of disk space that are reserved for a command's output.
pub const ROOM: u64 = 32 * 1024;

/// The argument that makes terraform read variables from a file.
pub fn variable_file(path: &Path) -> OsString {
    option("var-file", path)
}

/// `-name=path`, as one argument.
fn option(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(format!("-{name}="));
    argument.push(path);
    argument
}

/// The first arguments of a command. They switch colours off, because the output is stored and shown.
fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().chain(&["-no-color"]).map(OsString::from).collect()
}

/// Inserts an option behind the words of a command: what follows a path is not read as an option.
pub fn insert_option(arguments: &mut Vec<OsString>, option: OsString) {
    let words = arguments.iter().take_while(|word| !word.to_string_lossy().starts_with('-')).count();
    arguments.insert(words, option);
}

/// OpenTofu evaluates the sources of child modules in each command, also in one that plans nothing. A saved plan
/// contains the values, and a plan names the file anyway.
pub fn with_sources(
    tool: &Tool,
    step: &str,
    mut arguments: Vec<OsString>,
    variables: &Path,
) -> Vec<OsString> {
    if tool.evaluates_sources() && !["plan", "apply"].contains(&step) && variables.exists() {
        insert_option(&mut arguments, variable_file(variables));
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_inserted_between_the_words_and_the_paths_of_a_command() {
        let mut push = state_push(Path::new("s"));
        insert_option(&mut push, "-var-file=v".into());
        assert_eq!(push.join(" ".as_ref()), "state push -var-file=v -lock-timeout=0s -no-color s");
    }

    #[test]
    fn every_command_is_without_colour() {
        let plan = PlanArguments {
            out: "p".into(),
            variable_files: Vec::new(),
            state: None,
            destroy: false,
            refresh: Refresh::First,
            lock: true,
            targets: Vec::new(),
            replace: Vec::new(),
        };
        let file = Path::new("s");
        let commands = [
            InitArguments::default().arguments(),
            ApplyArguments { plan: "p".into(), state: None, may_forget: false, variable_file: None }
                .arguments(),
            plan.arguments(),
            show_plan(file),
            show_state(None),
            show_state(Some(file)),
            state_pull(),
            state_push(file),
            force_unlock("id"),
            words(&["version", "-json"]),
        ];
        for command in commands {
            assert!(command.contains(&"-no-color".into()), "{command:?}");
        }
    }
}
