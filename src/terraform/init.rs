//! `terraform init`.

use std::ffi::OsString;

use super::words;

pub struct Init {
    /// Forget the backend of before; its state has been taken care of.
    pub reconfigure: bool,
    /// The module ships a lock file, which is then the module's to change.
    pub readonly_lock_file: bool,
}

impl Init {
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = words(&["init", "-input=false", "-no-color"]);
        if self.reconfigure {
            arguments.push("-reconfigure".into());
        }
        if self.readonly_lock_file {
            arguments.push("-lockfile=readonly".into());
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_init_never_asks() {
        let init = Init { reconfigure: true, readonly_lock_file: true };
        let expected = "init -input=false -no-color -reconfigure -lockfile=readonly";
        assert_eq!(init.arguments().join(" ".as_ref()), expected);
    }
}
