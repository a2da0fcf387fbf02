//! The error of a terraform that did not succeed.

use super::Invoker;
use super::command_output::CommandOutput;
use crate::error::{Code, Error, Layer, Phase};
use crate::process::{Cause, CutShort};
use crate::terraform::{self, Severity};
use crate::words::{Words, words};

impl Invoker<'_> {
    /// The error of a command that did not succeed.
    pub fn failure(&self, step: &str, phase: Phase, output: &CommandOutput) -> Error {
        let error = match output.exit.stopped {
            Some(Cause::User) => Error::new(
                Layer::Host,
                phase,
                Code::Cancelled,
                Words::own(format!("stopped on request during {step}")),
                "run again to continue",
            ),
            Some(Cause::LockLost) => {
                let message =
                    format!("{}; terraform was asked to stop during {step}", self.ends_for.borrow());
                let remedy = "check the changes of the other holder, plan, then run again";
                Error::new(Layer::Host, phase, Code::LockLost, message, remedy)
            }
            Some(Cause::LeaseExpiring) => {
                let message =
                    format!("{}; terraform was asked to stop during {step}", self.ends_for.borrow());
                let remedy = "check in Vault why they could not be renewed, then run again";
                Error::new(Layer::Host, phase, Code::LeaseExpiring, message, remedy)
            }
            Some(Cause::Timeout) => Error::new(
                Layer::Host,
                phase,
                Code::Timeout,
                Words::own(format!("{step} took longer than its timeout; terraform was asked to stop")),
                Words::own(format!("raise timeouts:{step} in the pillar, or find the cause of the delay")),
            ),
            None => {
                let errors: Vec<_> = output
                    .diagnostics
                    .iter()
                    .filter(|one| one.severity == Severity::Error)
                    .cloned()
                    .collect();
                let stderr = self.context.redactor.text(&output.exit.stderr_tail);
                terraform::explain(step, &errors, &output.exit, &stderr)
            }
        };
        let lost = "resources that were being changed may exist without being in the state";
        let message = match error.code {
            // Terraform may name only the file.
            Code::DiskFull | Code::ReadOnly => {
                words![&error.message, Words::own(format!("\nIt ran in {}", self.cwd().display()))]
            }
            _ => error.message,
        };
        let end = if message.ends_with('.') { "" } else { "." };
        let message = match output.exit.cut_short {
            Some(CutShort::Late) => {
                words![message, end, " It did not end in time and was killed: ", lost, "."]
            }
            Some(CutShort::Forced) => words![message, end, " Eos did not wait for it: ", lost, "."],
            None => message,
        };
        Error { message, ..error }.during(phase)
    }
}
