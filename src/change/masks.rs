//! Removes secrets from reports: from all text that others wrote, and from nothing else.

use serde_json::Value;

use super::diff::{SENSITIVE, UNKNOWN};
use super::redact::Redactor;
use crate::error::Error;
use crate::report::{
    ActionInvocation, AttributeChange, ComponentReport, KeptBecause, ResourceChange, SaltRun, Warning,
};

/// Whether Eos wrote this part of an error's details itself.
fn is_own(key: &str, part: &Value) -> bool {
    const OWN: [&str; 10] =
        ["command", "exit", "file", "files", "gate", "holder", "id", "job", "namespace", "step"];
    // If the lock is an object, Terraform reported it. A path or a key comes from Eos.
    OWN.contains(&key) || key == "problems" || key == "lock" && part.is_string()
}

impl Redactor {
    pub fn report(&self, report: &mut ComponentReport) {
        let text = |text: &mut String| *text = self.text(text);
        report.notes.iter_mut().for_each(|note| self.words(note));
        report.error.iter_mut().for_each(|error| self.error(error));
        report.outputs.values_mut().for_each(|value| self.value(value));
        report.warnings.iter_mut().for_each(|warning| self.warning(warning));
        self.resources(&mut report.resource_changes);
        self.resources(&mut report.deferred_changes);
        self.actions(&mut report.action_invocations);
        // An address, an id and a command may contain values that the module did not mark as sensitive.
        for orphan in &mut report.possible_orphans {
            text(&mut orphan.address);
            text(&mut orphan.import);
            orphan.id.iter_mut().for_each(text);
        }
        for one in &mut report.kept {
            text(&mut one.address);
            if let KeptBecause::NeededBy(address) = &mut one.because {
                text(address);
            }
        }
        for drift in report.drift.iter_mut() {
            for one in &mut drift.changes {
                text(&mut one.address);
                self.attributes(&mut one.attributes);
            }
            for one in &mut drift.first_look {
                text(&mut one.address);
                self.attributes(&mut one.attributes);
            }
        }
        report.salt.iter_mut().for_each(|run| self.salt(run));
        report.rollback.iter_mut().for_each(|back| self.report(back));
    }

    pub fn error(&self, error: &mut Error) {
        self.words(&mut error.message);
        self.words(&mut error.remedy);
        for (key, part) in error.details.as_object_mut().into_iter().flatten() {
            match key.as_str() {
                // Eos wrote the counts itself.
                "gates" => {
                    for gate in part.as_array_mut().into_iter().flatten() {
                        self.gathered(&mut gate["target"]);
                        self.gathered(&mut gate["last"]["said"]);
                    }
                }
                key if is_own(key, part) => {}
                _ => self.gathered(part),
            }
        }
    }

    pub fn warning(&self, warning: &mut Warning) {
        for text in [&mut warning.summary, &mut warning.detail].into_iter().chain(&mut warning.address) {
            *text = self.text(text);
        }
    }

    /// An address may contain a secret as a key of `for_each`.
    pub fn resources(&self, resources: &mut [ResourceChange]) {
        for resource in resources {
            let others = resource.previous_address.iter_mut().chain(&mut resource.import_id);
            for text in std::iter::once(&mut resource.address).chain(others) {
                *text = self.text(text);
            }
            self.attributes(&mut resource.attributes);
        }
    }

    pub fn actions(&self, actions: &mut [ActionInvocation]) {
        for action in actions {
            for text in std::iter::once(&mut action.address).chain(&mut action.resource) {
                *text = self.text(text);
            }
        }
    }

    pub(super) fn attributes(&self, attributes: &mut [AttributeChange]) {
        for attribute in attributes {
            attribute.path = self.text(&attribute.path);
            let hidden = [&mut attribute.before, &mut attribute.after].map(|value| {
                let before = value.clone();
                self.value(value);
                *value != before
            });
            // If a secret replaces another, the old value is no longer known as a secret. It is hidden too.
            for (value, of_secret) in [(&mut attribute.before, hidden[1]), (&mut attribute.after, hidden[0])]
            {
                if of_secret && !value.is_null() && value != UNKNOWN {
                    *value = SENSITIVE.into();
                }
            }
        }
    }

    fn salt(&self, run: &mut SaltRun) {
        let text = |text: &mut String| *text = self.text(text);
        for one in run.minions.values_mut() {
            for line in one.changed.iter_mut().chain(&mut one.failed) {
                [&mut line.id, &mut line.name, &mut line.comment].into_iter().for_each(text);
                line.changes.iter_mut().for_each(text);
            }
            one.said.iter_mut().for_each(|said| self.value(said));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::error::{Code, Layer, Phase};
    use crate::report::{
        Counts, Drift, DriftClass, DriftEvidence, Drifted, FirstLook, MinionResult, PossibleOrphan,
        StateLine, Status,
    };
    use crate::view;
    use crate::words::{Words, words};

    /// All text that others can write in a report is `theirs`. Each number that Eos counts is `count`.
    fn report(theirs: &Value, count: u64) -> ComponentReport {
        let text = match theirs.as_str() {
            Some(text) => format!("X {text} Y\n{text}"),
            None => format!("X {theirs} Y"),
        };
        let value = json!({ "deep": [theirs, text, { text.as_str(): theirs }] });
        let own = Words::own(format!("at serial {count}: "));
        let attribute = AttributeChange {
            path: text.clone(),
            before: theirs.clone(),
            after: value.clone(),
            replaces: false,
        };
        let (kind, name) = ("terraform_data".to_owned(), "x".to_owned());
        let resource = ResourceChange {
            address: format!("terraform_data.x[\"{text}\"]"),
            kind: kind.clone(),
            name: name.clone(),
            actions: vec!["update".to_owned()],
            previous_address: Some(text.clone()),
            import_id: Some(text.clone()),
            attributes: vec![attribute.clone()],
            ..ResourceChange::default()
        };
        let action = ActionInvocation {
            address: text.clone(),
            resource: Some(text.clone()),
            ..ActionInvocation::default()
        };
        let drifted = Drifted {
            deposed: None,
            address: text.clone(),
            kind: kind.clone(),
            name,
            class: DriftClass::Drifted,
            actions: vec!["update".to_owned()],
            planned: Vec::new(),
            undone_by_a_plan: false,
            opens_to_everybody: true,
            cause: None,
            evidence: DriftEvidence::default(),
            attributes: vec![attribute.clone()],
        };
        let first_look = FirstLook {
            address: text.clone(),
            kind: kind.clone(),
            name: drifted.name.clone(),
            opens_to_everybody: false,
            attributes: vec![attribute],
        };
        let orphan = PossibleOrphan {
            run_id: count.to_string(),
            address: text.clone(),
            kind,
            id: Some(text.clone()),
            import: format!("terraform import {text}"),
        };
        let line = StateLine {
            id: text.clone(),
            name: text.clone(),
            function: "file.managed".to_owned(),
            comment: text.clone(),
            changes: vec![text.clone()],
        };
        let minion = MinionResult {
            status: Status::Failed,
            changed: vec![line.clone()],
            failed: vec![line],
            unchanged: count,
            left_out: 0,
            said: Some(value.clone()),
        };
        let details = json!({
            "step": "apply", "exit": format!("exit code {count}"), "addresses": [text], "nomad": { "notes": [value] },
            "gates": [{ "measured": count, "target": text, "last": { "said": text } }],
            "holder": { "pid": count }, "lock": { "who": text },
        });
        let message = words![own.clone(), text.clone()];
        let error =
            Error::new(Layer::Terraform, Phase::Application, Code::TerraformFailed, message, text.clone());
        let back = ComponentReport {
            notes: vec![text.clone()].into(),
            ..ComponentReport::new(Status::RolledBack, None)
        };
        ComponentReport {
            changes: Counts { add: count, ..Counts::default() },
            resource_changes: vec![resource.clone()],
            deferred_changes: vec![resource],
            action_invocations: vec![action],
            outputs: BTreeMap::from([("shown".to_owned(), value)]),
            error: Some(error.with(details)),
            notes: vec![words![own, text.clone()], text.clone().into()].into(),
            warnings: vec![Warning {
                summary: text.clone(),
                detail: text.clone(),
                address: Some(text.clone()),
                check: Some("age".to_owned()),
                place: Some("main.tf:4".to_owned()),
                stays: false,
            }],
            possible_orphans: vec![orphan],
            drift: Some(Box::new(Drift {
                drift_id: None,
                drift_detected: true,
                configuration_changed: false,
                seen: Some(count),
                changes: vec![drifted],
                first_look: vec![first_look],
            })),
            salt: Some(Box::new(SaltRun {
                jids: vec![count.to_string()],
                function: "state.apply".to_owned(),
                target: "*".to_owned(),
                minions: BTreeMap::from([("minion".to_owned(), minion)]),
            })),
            rollback: Some(Box::new(back)),
            ..ComponentReport::new(Status::Failed, Code::TerraformFailed)
        }
    }

    fn whole(component: &ComponentReport) -> Value {
        json!({ "schema": 1, "environment": "staging", "components": { "net": component }, "error": null })
    }

    fn keys(value: &Value) -> Vec<String> {
        match value {
            Value::Object(map) => {
                map.iter().flat_map(|(key, one)| [vec![key.clone()], keys(one)].concat()).collect()
            }
            Value::Array(items) => items.iter().flat_map(keys).collect(),
            _ => Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn no_secret_stays_in_a_report_its_text_or_a_states_return(
            secret in prop_oneof![
                "[0-9]{4,12}".prop_map(Value::from),
                "[#%~][k-z0-9é\u{1b}\u{202e}\"<]{3,9}".prop_map(Value::from),
                (100_000..u64::MAX).prop_map(Value::from),
            ]
        ) {
            let mut report = report(&secret, 7);
            Redactor::new([&secret]).report(&mut report);
            let report = whole(&report);
            let secret = secret.as_str().map_or_else(|| secret.to_string(), str::to_owned);
            let escaped = [Value::from(secret.clone()).to_string().trim_matches('"').to_owned(), secret];
            let returned = view::returns::one(&report, "n", "net").to_string();
            for shown in [report.to_string(), view::text(&report, false), returned] {
                for secret in &escaped {
                    prop_assert!(!shown.contains(secret), "{secret} is in {shown}");
                }
            }
        }
    }

    #[test]
    fn a_secret_equal_to_a_count_or_key_of_eos_is_masked_only_in_texts_of_others() {
        let secrets = [
            json!(54321),
            json!("status"),
            json!("failed"),
            json!("serial"),
            json!("exit code"),
            json!("apply"),
        ];
        let redactor = Redactor::new(&secrets);
        let before = report(&json!("status 54321"), 54321);
        let mut after = before.clone();
        redactor.report(&mut after);
        assert_eq!(after.notes[0], "at serial 54321: X (sensitive) (sensitive) Y\n(sensitive) (sensitive)");
        let (before, after) = (json!(before), json!(after));
        for place in [
            "/changes/add",
            "/error/details/gates/0/measured",
            "/error/details/exit",
            "/error/details/step",
            "/error/details/holder/pid",
            "/drift/seen",
            "/salt/jids/0",
            "/salt/minions/minion/unchanged",
            "/status",
            "/reason",
            "/error/code",
            "/possible_orphans/0/run_id",
        ] {
            assert!(after.pointer(place).is_some_and(|one| Some(one) == before.pointer(place)), "{place}");
        }
        for key in ["status", "add", "exit", "seen"] {
            assert!(keys(&after).contains(&key.to_owned()), "{key}");
        }
    }

    #[test]
    fn the_old_value_of_a_changed_secret_is_masked_too() {
        let change = |before: Value, after: Value| {
            let attribute = AttributeChange { path: "input".to_owned(), before, after, replaces: false };
            let mut report = report(&json!("none"), 1);
            report.resource_changes[0].attributes = vec![attribute];
            Redactor::new([&json!("new-secret"), &json!(54321)]).report(&mut report);
            let AttributeChange { before, after, .. } = report.resource_changes[0].attributes[0].clone();
            (before, after)
        };
        let masked = || json!(SENSITIVE);
        assert_eq!(change(json!("old-secret"), json!("new-secret")), (masked(), masked()));
        assert_eq!(change(json!(12345), json!({ "port": 54321 })), (masked(), json!({ "port": SENSITIVE })));
        assert_eq!(change(json!(null), json!(54321)), (json!(null), masked()));
        assert_eq!(change(json!(54321), json!(UNKNOWN)), (masked(), json!(UNKNOWN)));
        assert_eq!(change(json!("old"), json!("new")), (json!("old"), json!("new")));
    }

    #[test]
    fn redacting_a_report_twice_equals_redacting_it_once() {
        let redactor = Redactor::new([&json!("sens"), &json!("(sensitive"), &json!(1000)]);
        let mut once = report(&json!("sens 1000 (sensitive"), 1000);
        redactor.report(&mut once);
        let mut twice = once.clone();
        redactor.report(&mut twice);
        assert_eq!(json!(once), json!(twice));
    }
}
