//! Says in words why a component has its status, where the status alone would mislead and no note says it.

use serde_json::Value;

use super::alike::label;
use crate::command_line::switch;
use crate::error::Code;

/// A line for each such reason, with its components.
pub fn lines(report: &Value) -> String {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    let components = report["components"].as_object().into_iter().flatten();
    for (name, one) in components.filter(|(_, one)| one["error"].is_null()) {
        let Some(sentence) = one["reason"].as_str().and_then(Code::from_text).and_then(sentence) else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, names)) => names.push(name),
            None => found.push((sentence, vec![name])),
        }
    }
    found.iter().map(|(sentence, names)| format!("  {}: {sentence}\n", label(names))).collect()
}

/// None if the status says everything, or a note of the component does.
fn sentence(reason: Code) -> Option<String> {
    let text = match reason {
        Code::NeverSynced => {
            return Some(format!(
                "no scheduled check has read its outputs yet; without {} they are read from its state",
                switch("cached")
            ));
        }
        Code::ByFingerprint | Code::SameFingerprint => {
            "nothing that its plan depends on has changed; no Terraform was started, and drift was not looked for"
        }
        Code::DoneBefore => "the run that this run continues had completed it; it was not planned again",
        Code::NothingThere => "there was nothing to destroy",
        Code::InState => "the resource is in the state already",
        Code::MovedBefore => "the resource has this address already",
        Code::NotInState => "the resource is not in the state",
        Code::NothingToPutRight => "no plan undoes this drift, so there is nothing to apply",
        Code::NothingToPromote => "no canary of it waits",
        Code::Acknowledged => "the block of its failed rollback is removed",
        Code::NothingToAcknowledge => "it had no block of a failed rollback",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{markdown, text};
    use super::*;

    fn report(reason: &str, status: &str, count: usize) -> Value {
        let one = json!({ "status": status, "reason": reason, "error": null });
        let components: serde_json::Map<_, _> =
            (0..count).map(|number| (format!("t{number:02}"), one.clone())).collect();
        json!({ "environment": "e", "operation": "orchestrate", "error": null, "components": components })
    }

    #[test]
    fn a_text_and_a_page_say_that_terraform_was_not_started() {
        let report = report("by_fingerprint", "unchanged", 20);
        let run = json!({ "run_id": "01R", "operation": "orchestrate", "state": "complete" });
        let shown = json!({ "run": run, "steps": [], "report": report });
        for said in [text(&report, false), text(&shown, false), markdown(&shown)] {
            assert_eq!(said.matches("no Terraform was started").count(), 1, "{said}");
        }
    }

    #[test]
    fn outputs_that_no_check_has_read_are_told_from_outputs_of_what_has_no_state() {
        let said = text(&report("never_synced", "absent", 1), false);
        assert!(said.contains("without cached=True they are read from its state"), "{said}");
        assert!(!text(&report("no_state", "absent", 1), false).contains("state:"));
    }

    /// The table of the page of reasons whose statuses sound well.
    #[test]
    fn each_reason_for_nothing_to_do_is_said_by_the_status_or_by_a_note_or_here() {
        const BY_THE_STATUS: [&str; 4] = ["prepared", "promoted", "never_ran_here", "no_state"];
        const BY_A_NOTE: [&str; 8] = [
            "data_kept",
            "described",
            "needed_by_data",
            "salt_not_planned",
            "salt_step",
            "salt_not_undone",
            "no_gates",
            "never_applied",
        ];
        let page = include_str!("../../docs/reference/reasons.md");
        let table = page.split("### ").find(|part| part.starts_with("Nothing to do")).unwrap();
        let codes: Vec<_> = table.split('`').filter_map(Code::from_text).collect();
        assert!(codes.len() > 20, "{codes:?}");
        for code in codes {
            let elsewhere = BY_THE_STATUS.iter().chain(&BY_A_NOTE).any(|one| *one == code.as_str());
            assert_ne!(sentence(code).is_some(), elsewhere, "{code:?}");
        }
    }
}
