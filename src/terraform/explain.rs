//! Turns Terraform's texts into an error with a remedy. No other code matches Terraform's texts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Diagnostic, Severity};
use crate::command_line::{command, only_a_retry};
use crate::error::{Code, Error, Layer, Phase};
use crate::process::Exit;
use crate::words::Words;

/// A text that Terraform prints, Eos's code for it, and the remedy. The first match counts, so a cause is above its
/// effects: Terraform reports a state that it cannot read as a lock that it cannot acquire.
const KNOWN: &[(&str, Code, &str)] = &[
    ("no space left on device", Code::DiskFull, "free some space on that file system, then run again"),
    ("read-only file system", Code::ReadOnly, Error::READ_ONLY),
    ("too many open files", Code::Runtime, OPEN_FILES),
    ("no file exists at \"~", Code::TerraformFailed, HOME_FILE),
    ("module package \"~", Code::TerraformFailed, HOME_MODULE),
    (
        "Unsupported state file format",
        Code::StateCorrupt,
        "replace the state with a good copy, then run again",
    ),
    ("Lock Info:", Code::StateLocked, FREE),
    ("already locked", Code::StateLocked, FREE),
    ("Error acquiring the state lock", Code::StateLock, STATE),
    ("terminated with status 'failed'", Code::DeploymentFailed, DEPLOYMENT),
    ("job modify index has changed since last refresh", Code::PlanStale, REGISTERED),
    ("Saved plan is stale", Code::PlanStale, "make a new plan"),
    ("Backend configuration changed", Code::BackendChanged, MIGRATE),
    ("Backend initialization required", Code::BackendChanged, MIGRATE),
    ("checksums previously recorded in the dependency lock file", Code::ProviderLock, LOCK_FILE),
    ("Provider dependency changes detected", Code::ProviderLock, LOCK_FILE),
    ("Inconsistent dependency lock file", Code::ProviderLock, LOCK_FILE),
    (OUTGROWN, Code::ProviderLock, LOCK_FILE),
    ("Failed to query available provider packages", Code::ProviderUnavailable, PROVIDER),
    ("Failed to install provider", Code::ProviderUnavailable, PROVIDER),
    ("Error accessing remote module registry", Code::ModuleUnavailable, MODULE),
    ("Failed to retrieve available versions for module", Code::ModuleUnavailable, MODULE),
    ("Failed to download module", Code::ModuleUnavailable, MODULE),
    ("Could not download module", Code::ModuleUnavailable, MODULE),
    (
        "Required plugins are not installed",
        Code::ProviderUnavailable,
        "remove .terraform from the component's workdir, then run again; init creates it again",
    ),
    ("Configuration for import target does not exist", Code::NotDeclared, DECLARE),
    // Terraform 1.5.
    ("Import block target does not exist", Code::NotDeclared, DECLARE),
    ("Cannot import to non-existent resource address", Code::NotDeclared, DECLARE),
    ("Resource has no configuration", Code::NotDeclared, DECLARE),
    ("rate_limit_exceeded", Code::RateLimited, RATE),
    ("Unsupported Terraform Core version", Code::TerraformTooOld, VERSION),
    ("Unsupported OpenTofu Core version", Code::TerraformTooOld, VERSION),
    // OpenTofu 1.12.
    ("This module is not compatible with OpenTofu", Code::TerraformTooOld, VERSION),
    ("Failed to get existing workspaces", Code::BackendUnreachable, BACKEND),
    ("Error refreshing state", Code::BackendUnreachable, BACKEND),
    ("Failed to load state", Code::BackendUnreachable, BACKEND),
    ("Failed to refresh state", Code::BackendUnreachable, BACKEND),
];
const HOME_FILE: &str = "in Terraform, ~ is the component's own folder HOME, not that of a person: put the file \
                         into the module (\"${path.module}/NAME\"), or write its absolute path";
const HOME_MODULE: &str = "a module's source cannot begin with ~: put the module below this one and write \
                           \"./NAME\"";
const MODULE: &str = "check the source and the version of that module, and that this host can reach its registry \
                      or server; HTTPS_PROXY of the process that runs Eos is used";
const OPEN_FILES: &str = "raise the limit of open files (ulimit -n) of the process that runs Eos";
const RATE: &str = "run again later: what was done stays. A smaller infrastructure:settings:concurrency:hcloud, or fewer \
                    other programs with the same project, leave more requests";
const DECLARE: &str = "first declare it in the component's module, under this address";
const FREE: &str = "wait until that run ends; if it has certainly ended, release the lock with `terraform \
                    force-unlock ID` in the workdir";
const REGISTERED: &str =
    "somebody registered the job again at the same time, such as an autoscaler: run again";
/// The end of the remedy names the option of a retry.
const DEPLOYMENT: &str = "correct the job. ";
const STATE: &str = "check that the user that runs Salt can reach the state and write to its location";
/// The end of the remedy names the command that moves the state.
const MIGRATE: &str = "set the old backend again, or move the state: ";
/// Terraform's text between the provider of a lock file and the version that the configuration requires.
const OUTGROWN: &str = "does not match configured version constraint";
const LOCK_FILE: &str = "the module ships its .terraform.lock.hcl: run `terraform init -upgrade` at the module's source and \
                         ship the file that it writes";
const VERSION: &str = "use a version of the program that the module allows";
const PROVIDER: &str = "check the provider's name and version, and that its registry, or a mirror in \
                        infrastructure:settings:terraform:cli_config_file, can be reached";
const BACKEND: &str = "check that the backend can be reached, and that its credentials are in \
                       infrastructure:settings:terraform:env";

/// Makes the error of a failed command. `step` is the command's name, `stderr` the end of its stderr.
pub fn explain(step: &str, diagnostics: &[Diagnostic], exit: &Exit, stderr: &str) -> Error {
    let errors: Vec<_> = diagnostics.iter().filter(|one| one.severity == Severity::Error).collect();
    let words = match errors.is_empty() {
        true => stderr.to_owned(),
        false => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    // Terraform wraps lines for people at 78 columns, also within a known text.
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let (code, remedy) = KNOWN.iter().find(|(text, ..)| line.contains(text)).map_or(
        (Code::TerraformFailed, "correct the cause that Terraform names, then run again"),
        |&(_, code, remedy)| (code, remedy),
    );
    // What the caller can paste.
    let remedy = Words::from(remedy).and(match code {
        Code::DeploymentFailed => Words::own(only_a_retry()),
        Code::BackendChanged => command("orchestrate").here().flag("migrate_backend").into(),
        _ => Words::default(),
    });
    let lock = (code == Code::StateLocked).then(|| json!(lock_info(&words)));
    let words = without_advice(&words);
    let message = match words.is_empty() {
        true => format!("terraform {step} ended with {} and printed nothing", ending(exit)),
        false => words,
    };
    let addresses: Vec<_> = errors.iter().filter_map(|one| one.address.as_deref()).collect();
    let diagnostics: Vec<_> = errors
        .iter()
        .map(|one| json!({ "summary": one.summary, "detail": one.detail, "address": one.address }))
        .collect();
    let mut details =
        json!({ "step": step, "exit": ending(exit), "addresses": addresses, "diagnostics": diagnostics });
    if let Some(lock) = lock {
        details["lock"] = lock;
    }
    Error::new(Layer::Terraform, Phase::Planning, code, message, remedy).with(details)
}

/// Terraform's general advice, each by the beginning of its paragraph. It does not fit Eos: a person does not run
/// these commands, and a state is never changed without its lock.
const ADVICE: &[&str] = &[
    "To see which modules are currently depending on",
    "Terraform acquires a state lock to protect",
    "OpenTofu acquires a state lock to protect",
];

fn without_advice(words: &str) -> String {
    let is_advice = |paragraph: &&str| {
        let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        !ADVICE.iter().any(|advice| line.starts_with(advice))
    };
    words.split("\n\n").filter(is_advice).collect::<Vec<_>>().join("\n\n").trim_end().to_owned()
}

/// The providers for which the lock file has a version that the configuration does not allow, as an init reports them.
pub fn outgrown(stderr: &str) -> BTreeSet<String> {
    let words: Vec<_> = stderr.split_whitespace().collect();
    let said: Vec<_> = OUTGROWN.split(' ').collect();
    // locked provider SOURCE VERSION does not match ...
    let named = words.windows(4 + said.len()).filter_map(|words| match words {
        ["locked", "provider", source, _, rest @ ..] if rest == said => Some((*source).to_owned()),
        _ => None,
    });
    named.collect()
}

/// Whether an init fails because the version in the lock file is no longer offered.
pub fn is_gone(stderr: &str) -> bool {
    let line = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    line.contains("the previously-selected version") && line.contains("is no longer available")
}

/// Whether a warning is about the arguments with which Eos calls Terraform: users can do nothing about it.
pub fn is_about_arguments(diagnostic: &Diagnostic) -> bool {
    let known =
        ["Deprecated flag: -state", "Resource targeting is in effect", "Applied changes may be incomplete"];
    diagnostic.severity == Severity::Warning && known.contains(&diagnostic.summary.as_str())
}

/// Whether a provider died during a call. The call's result is then unknown.
pub fn provider_died(diagnostics: &[Diagnostic]) -> bool {
    let known = ["Plugin did not respond", "Request cancelled"];
    diagnostics.iter().any(|one| known.contains(&one.summary.as_str()))
}

/// Terraform's information about a lock's holder: `id`, `who`, `operation`, `created` and more.
fn lock_info(words: &str) -> BTreeMap<String, &str> {
    // The http backend shows the requested lock in full, but only the id of the lock that is held.
    if let Some((_, rest)) = words.split_once("already locked: ID=") {
        return rest.split_whitespace().take(1).map(|id| ("id".to_owned(), id)).collect();
    }
    let lines = words.lines().skip_while(|line| line.trim() != "Lock Info:").skip(1);
    lines
        .map_while(|line| line.trim().split_once(':'))
        .map(|(key, value)| (key.to_lowercase(), value.trim()))
        .collect()
}

fn ending(exit: &Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT: Exit =
        Exit { code: Some(1), signal: None, stopped: None, cut_short: None, stderr_tail: String::new() };

    #[test]
    fn a_known_text_gets_its_code_in_spite_of_line_breaks() {
        let init = |words| explain("init", &[], &EXIT, words).code;
        assert_eq!(init("write x: no space\nleft on device"), Code::DiskFull);
        assert_eq!(
            init("doesn't match any of the checksums previously\n  recorded in the\ndependency lock file"),
            Code::ProviderLock
        );
        assert_eq!(
            init("Error: Incompatible module\n\nThis module is not compatible with\nOpenTofu v1.12.6."),
            Code::TerraformTooOld
        );
        assert_eq!(init("Error: Import block target does not exist\n\nThe target"), Code::NotDeclared);
        assert_eq!(init("something else"), Code::TerraformFailed);
    }

    #[test]
    fn a_module_that_cannot_be_fetched_has_its_own_code_and_remedy() {
        let said = "Error: Error accessing remote module registry\n\n  on main.tf line 1:\n\nFailed to retrieve \
            available versions for module \"vpc\" (main.tf:1) from\nr.test: failed to request discovery document";
        let error = explain("init", &[], &EXIT, said);
        assert_eq!(error.code, Code::ModuleUnavailable);
        assert!(error.remedy.contains("registry"), "{error}");
    }

    #[test]
    fn a_path_with_a_tilde_has_a_remedy_of_its_own() {
        let said = "Error: Invalid function argument\n\nInvalid value for \"path\" parameter: no file exists at\n\
                    \"~/.ssh/id.pub\"; this function";
        assert!(explain("plan", &[], &EXIT, said).remedy.contains("~ is the component's own folder"));
        let said = "installation method for remote\nmodule package \"~/m\".";
        assert!(explain("init", &[], &EXIT, said).remedy.contains("./NAME"));
    }

    #[test]
    fn terraforms_general_advice_is_left_out_and_everything_else_is_kept() {
        let said = "Error: Failed to query available provider packages\n\nno such host\n\nTo see which modules \
            are\ncurrently depending on x/y and what versions are specified, run the following command:\n    \
            terraform providers\n\nError: another";
        assert_eq!(
            explain("init", &[], &EXIT, said).message,
            "Error: Failed to query available provider packages\n\nno such host\n\nError: another"
        );
        let said = "Error acquiring the state lock: x\n\nTerraform acquires a state lock to protect the state \
            from being written\nby multiple users.";
        assert_eq!(explain("plan", &[], &EXIT, said).message, "Error acquiring the state lock: x");
    }

    #[test]
    fn a_version_selected_by_an_earlier_init_is_distinguished_from_one_that_never_existed() {
        let said = "Error: Failed to query available provider packages\n\nCould not retrieve the list of available \
            versions for provider\nr.test/x/a: the previously-selected version 1.0.0 is no longer\navailable";
        assert_eq!(explain("init", &[], &EXIT, said).code, Code::ProviderUnavailable);
        assert!(is_gone(said));
        assert!(!is_gone("no available releases match the given constraints 1.1.0"));
    }

    #[test]
    fn the_cause_is_reported_and_not_the_lock_error_that_follows_from_it() {
        let plan = |cause: &str| {
            explain("plan", &[], &EXIT, &format!("Error acquiring the state lock: {cause}")).code
        };
        assert_eq!(plan("open s: no space left on device"), Code::DiskFull);
        assert_eq!(plan("Unsupported state file format"), Code::StateCorrupt);
        assert_eq!(plan("open s: permission denied"), Code::StateLock);
        assert_eq!(plan("Lock Info:\n  ID: 7"), Code::StateLocked);
    }

    #[test]
    fn the_held_lock_is_reported_and_not_the_requested_one() {
        let asked = "Lock Info:\n  ID:        asked\n  Who:       me@here\n";
        let lock = |words: &str| explain("plan", &[], &EXIT, words).details["lock"].clone();
        assert_eq!(lock(asked), json!({ "id": "asked", "who": "me@here" }));
        assert_eq!(
            lock(&format!("HTTP remote state already locked: ID=held\n{asked}")),
            json!({ "id": "held" })
        );
    }

    #[test]
    fn each_provider_blocked_by_the_lock_file_is_found_in_spite_of_line_breaks() {
        let said = "Error: Failed to query available provider packages\n\nCould not retrieve the list of available \
            versions for provider\nr.test/x/a: locked provider r.test/x/a 1.0.0 does not match\nconfigured version \
            constraint 1.1.0; must use terraform init -upgrade to\nallow selection of new versions\n\nError: Failed \
            to query available provider packages\n\nCould not ... provider\nr.test/x/b: locked provider r.test/x/b \
            1.0.0 does not\nmatch configured version constraint >= 1.2.0, ~> 1.0; must use tofu init\n-upgrade";
        assert_eq!(outgrown(said), ["r.test/x/a".to_owned(), "r.test/x/b".to_owned()].into());
        assert_eq!(outgrown("no available releases match the given constraints 1.1.0"), [].into());
        assert_eq!(explain("init", &[], &EXIT, said).code, Code::ProviderLock);
    }

    #[test]
    fn an_end_without_output_is_reported_as_such() {
        let error = explain("plan", &[], &Exit { code: None, signal: Some(9), ..EXIT }, "");
        assert_eq!(error.message, "terraform plan ended with signal 9 and printed nothing");
    }
}
