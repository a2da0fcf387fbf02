//! From Terraform's words to an error with a remedy. The one place that matches on its texts.

use serde_json::json;

use super::{Diagnostic, Severity};
use crate::error::{Error, Layer, Phase};
use crate::process::Exit;

/// A text that Terraform prints, the code that we give it, and what to do. The first match counts.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "Error acquiring the state lock",
        "state_locked",
        "wait until that run ends; if it is gone for good, `terraform force-unlock ID` in the workdir frees it",
    ),
    ("Saved plan is stale", "plan_stale", "make a new plan"),
    (
        "Backend configuration changed",
        "backend_changed",
        "to move the state, run orchestrate with migrate_backend=True; else set the backend back",
    ),
    ("no space left on device", "disk_full", "free some space on that file system, then run again"),
    (
        "read-only file system",
        "read_only",
        "mount it writable, or choose another infrastructure:settings:root",
    ),
    ("Failed to query available provider packages", "provider_unavailable", PROVIDER),
    ("Failed to install provider", "provider_unavailable", PROVIDER),
    (
        "Inconsistent dependency lock file",
        "provider_lock",
        "update the module's .terraform.lock.hcl at its source",
    ),
    (
        "provider dependency changes were detected",
        "provider_lock",
        "update the module's .terraform.lock.hcl at its source",
    ),
    ("Unsupported Terraform Core version", "terraform_too_old", "use a terraform that the module allows"),
    ("Failed to get existing workspaces", "backend_unreachable", BACKEND),
    ("Error refreshing state", "backend_unreachable", BACKEND),
    ("Failed to load state", "backend_unreachable", BACKEND),
];
const PROVIDER: &str = "see that the provider's name and version are right, and that its registry, or a mirror in \
                        infrastructure:settings:terraform:cli_config_file, can be reached";
const BACKEND: &str = "see that the backend can be reached, and that its credentials stand in \
                       infrastructure:settings:terraform:env";

/// The error of a command that failed; `step` is its name, `stderr` its last words.
pub fn explain(step: &str, diagnostics: &[Diagnostic], exit: &Exit, stderr: &str) -> Error {
    let errors: Vec<_> = diagnostics.iter().filter(|one| one.severity == Severity::Error).collect();
    let words = match errors.is_empty() {
        true => stderr.to_owned(),
        false => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    let (code, remedy) = KNOWN.iter().find(|(text, ..)| words.contains(text)).map_or(
        ("terraform_failed", "correct what Terraform names, then run again"),
        |&(_, code, remedy)| (code, remedy),
    );
    let message = match words.is_empty() {
        true => format!("terraform {step} ended with {} and said nothing", ending(exit)),
        false => words,
    };
    let addresses: Vec<_> = errors.iter().filter_map(|one| one.address.as_deref()).collect();
    let diagnostics: Vec<_> = errors
        .iter()
        .map(|one| json!({ "summary": one.summary, "detail": one.detail, "address": one.address }))
        .collect();
    Error::new(Layer::Terraform, Phase::Planning, code, message, remedy).with(
        json!({ "step": step, "exit": ending(exit), "addresses": addresses, "diagnostics": diagnostics }),
    )
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
        Exit { code: Some(1), signal: None, stopped: None, killed: false, stderr_tail: String::new() };

    #[test]
    fn a_known_text_gets_its_code_wherever_it_stands() {
        let locked = Diagnostic {
            severity: Severity::Error,
            summary: "Error acquiring the state lock".to_owned(),
            detail: "Lock Info: ID 7".to_owned(),
            address: None,
            range: None,
        };
        let error = explain("plan", &[locked], &EXIT, "");
        assert_eq!(error.code, "state_locked");
        assert!(error.message.contains("ID 7"));
        assert_eq!(explain("init", &[], &EXIT, "write x: no space left on device").code, "disk_full");
    }

    #[test]
    fn a_silent_end_is_said_to_be_one() {
        let error = explain("plan", &[], &Exit { code: None, signal: Some(9), ..EXIT }, "");
        assert_eq!(error.message, "terraform plan ended with signal 9 and said nothing");
    }
}
