//! `terraform apply` of a saved plan. Eos applies nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{option, variable_file, words};

pub struct ApplyArguments {
    pub plan: PathBuf,
    /// Only for the local backend. A saved plan does not contain it.
    pub state: Option<PathBuf>,
    /// Whether the program knows the argument with which a destroy may leave objects that the module keeps.
    pub may_forget: bool,
    /// The file with the values of ephemeral variables. A saved plan contains all other values.
    pub variable_file: Option<PathBuf>,
}

impl ApplyArguments {
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = words(&["apply", "-json", "-input=false", "-auto-approve", "-lock-timeout=0s"]);
        arguments.extend(self.state.as_ref().map(|state| option("state", state)));
        if self.may_forget {
            arguments.push("-suppress-forget-errors".into());
        }
        arguments.extend(self.variable_file.iter().map(|file| variable_file(file)));
        arguments.push(self.plan.clone().into());
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_an_apply_repeat_state_and_ephemeral_values_and_end_with_the_plan() {
        let apply = ApplyArguments {
            plan: "/w/p".into(),
            state: Some("/w/s".into()),
            may_forget: true,
            variable_file: Some("/w/v.json".into()),
        };
        let expected = "apply -json -input=false -auto-approve -lock-timeout=0s -no-color -state=/w/s \
                        -suppress-forget-errors \
                        -var-file=/w/v.json /w/p";
        assert_eq!(apply.arguments().join(" ".as_ref()), expected);
    }
}
