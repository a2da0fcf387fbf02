//! Environment variables of terraform that the settings must not contain.

/// Variables that Eos sets itself.
pub const OURS: &[&str] =
    &["HOME", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION", "TF_INPUT", "CHECKPOINT_DISABLE"];

/// Variables that change what a command does: an inherited `TF_CLI_ARGS_plan=-destroy` turned a plan into a destroy, and
/// with TF_ENCRYPTION Eos cannot read OpenTofu's states.
const HARMFUL: &[&str] = &[
    "TF_CLI_ARGS",
    "TF_VAR_",
    "TF_LOG",
    "TF_ENCRYPTION",
    "TF_WORKSPACE",
    "TF_REATTACH_PROVIDERS",
    "TF_SKIP_PROVIDER_VERIFY",
];

/// Refuses a variable that Eos would silently replace, or that would change its commands.
pub fn allow_variable(name: &str) -> Result<(), String> {
    match OURS.contains(&name) || is_harmful(name) {
        true => Err(format!(
            "terraform's environment must not contain {name}: Eos sets it, or it would change the commands of \
             Eos; remove it"
        )),
        false => Ok(()),
    }
}

fn is_harmful(name: &str) -> bool {
    HARMFUL.iter().any(|harmful| match harmful.strip_suffix('_') {
        Some(_) => name.starts_with(harmful),
        None => name == *harmful || name.strip_prefix(harmful).is_some_and(|rest| rest.starts_with('_')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_change_terraforms_commands_are_refused() {
        for name in ["TF_CLI_ARGS_apply", "TF_VAR_x", "TF_LOG_PATH", "TF_LOG", "TF_WORKSPACE"] {
            assert!(allow_variable(name).unwrap_err().contains(name));
        }
    }

    #[test]
    fn reserved_names_are_refused_and_names_with_the_same_beginning_are_not() {
        assert!(OURS.iter().all(|name| allow_variable(name).is_err()));
        assert!(
            ["HOME_REGION", "TF_LOGGING", "HOMEPAGE", "TF_DISABLE_PLUGIN_TLS"]
                .iter()
                .all(|name| allow_variable(name).is_ok())
        );
    }
}
