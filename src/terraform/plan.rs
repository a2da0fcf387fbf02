//! `terraform plan`, always to a file.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{option, variable_file, words};

/// How a plan treats a state that may differ from the real resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Terraform refreshes the state, then plans.
    #[default]
    First,
    /// Terraform plans from the state without a refresh. A destroy then evaluates no resource.
    Never,
    /// Terraform only refreshes the state. It evaluates no resource.
    Only,
}

pub struct PlanArguments {
    pub out: PathBuf,
    /// Files for `-var-file`, because a module's own `*.auto.tfvars` has priority over `terraform.tfvars.json`.
    pub variable_files: Vec<PathBuf>,
    /// Only for the local backend.
    pub state: Option<PathBuf>,
    pub destroy: bool,
    pub refresh: Refresh,
    /// Whether Terraform takes its own lock on the state. A plan that is never applied does not need the lock.
    pub lock: bool,
    /// Plan only these addresses and their dependencies. Empty means all.
    pub targets: Vec<String>,
    /// Addresses to replace, whatever else the plan finds.
    pub replace: Vec<String>,
}

impl PlanArguments {
    /// Exit codes: 0 no changes, 1 an error, 2 changes.
    pub fn arguments(&self) -> Vec<OsString> {
        // Eos itself waits for a lock, because terraform would retry at growing intervals.
        let mut arguments =
            words(&["plan", "-json", "-input=false", "-detailed-exitcode", "-lock-timeout=0s"]);
        arguments.push(option("out", &self.out));
        arguments.extend(self.variable_files.iter().map(|file| variable_file(file)));
        arguments.extend(self.state.as_ref().map(|state| option("state", state)));
        if self.destroy {
            arguments.push("-destroy".into());
        }
        match self.refresh {
            Refresh::First => {}
            Refresh::Never => arguments.push("-refresh=false".into()),
            Refresh::Only => arguments.push("-refresh-only".into()),
        }
        if !self.lock {
            arguments.push("-lock=false".into());
        }
        arguments.extend(self.targets.iter().map(|address| option("target", address.as_ref())));
        arguments.extend(self.replace.iter().map(|address| option("replace", address.as_ref())));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_written_to_a_file_and_reads_the_variables_of_eos() {
        let plan = PlanArguments {
            out: "/w/p".into(),
            variable_files: vec!["/w/a b.json".into()],
            state: Some("/w/s".into()),
            destroy: true,
            refresh: Refresh::Never,
            lock: true,
            targets: vec!["a.b[\"x\"]".to_owned()],
            replace: vec!["c.d".to_owned()],
        };
        let expected = "plan -json -input=false -detailed-exitcode -lock-timeout=0s -no-color -out=/w/p \
                        -var-file=/w/a b.json -state=/w/s -destroy -refresh=false -target=a.b[\"x\"] -replace=c.d";
        assert_eq!(plan.arguments().join(" ".as_ref()), expected);
    }
}
