//! The command line of the caller, and the environment that the call is about.
//!
//! Both belong to the current thread, as a locale does: an error is made far below the call, and its text needs the
//! spelling at once, because it also goes to logs and events. Nothing else depends on them.

use std::cell::RefCell;
use std::fmt::Display;

use serde::Deserialize;

/// In place of the environment, if the call is about none or about several.
const ANY_ENVIRONMENT: &str = "ENVIRONMENT";

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
    pub(super) fn is_of_salt(&self) -> bool {
        self.program == Program::SaltRun || self.module.is_some()
    }

    /// The option `-c`, if the caller has it.
    pub(super) fn configuration(&self) -> &[String] {
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

/// The process in which the call runs, in words.
pub fn process() -> &'static str {
    let current = current();
    let is_of_master = ["--auth", "--api"].iter().any(|way| current.words.iter().any(|word| word == way));
    match (&current.module, current.program) {
        (Some(_), _) => "the minion, or salt-call",
        (None, Program::SaltRun) => "salt-run",
        (None, Program::Eos) if is_of_master => "the master",
        (None, Program::Eos) => "this command eos",
    }
}

/// Whether the call was made with the command `eos`.
pub fn is_eos() -> bool {
    !current().is_of_salt()
}

/// A command line of `eos`.
#[cfg(test)]
pub(super) fn eos(words: &[&str]) -> CommandLine {
    let words = words.iter().map(ToString::to_string).collect();
    CommandLine { program: Program::Eos, words, ..CommandLine::default() }
}
