//! `terraform init`.

use std::ffi::OsString;

use super::words;

#[derive(Default)]
pub struct InitArguments {
    /// Forget the previous backend. Eos has already dealt with its state.
    pub reconfigure: bool,
    /// The module ships a lock file. Only the module may change it.
    pub readonly_lock_file: bool,
    /// Use the newest providers and modules that the configuration allows. Terraform refuses this together with a
    /// read-only lock file.
    pub upgrade: bool,
}

impl InitArguments {
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = words(&["init", "-input=false"]);
        if self.reconfigure {
            arguments.push("-reconfigure".into());
        }
        if self.readonly_lock_file {
            arguments.push("-lockfile=readonly".into());
        } else if self.upgrade {
            arguments.push("-upgrade".into());
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_init_never_asks() {
        let init = InitArguments { reconfigure: true, readonly_lock_file: true, upgrade: true };
        let expected = "init -input=false -no-color -reconfigure -lockfile=readonly";
        assert_eq!(init.arguments().join(" ".as_ref()), expected);
        let init = InitArguments { reconfigure: false, readonly_lock_file: false, upgrade: true };
        assert_eq!(init.arguments().join(" ".as_ref()), "init -input=false -no-color -upgrade");
    }
}
