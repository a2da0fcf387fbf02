//! How the caller writes a command of Eos. Texts for people name commands in this way, so that they can be pasted.

mod caller;
mod command;
mod input;
mod option;
mod salt;

pub use self::caller::{CommandLine, Program, about, current, environment, is_eos, process};
pub use self::command::{Command, command};
pub use self::input::Input;
pub use self::option::{argument, only_a_retry, option, secret, switch, switched_off};
pub use self::salt::{salt_call, salt_run};
