//! Changes from outside that the apply writes into the state, because its plan has refreshed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::PlannedApply;
use crate::change::{self, AbsorbedChange, AbsorbedValues, Changes, StateObjects};
use crate::command_line::command;
use crate::decide::{State, listed_briefly, state_objects};
use crate::error::Result;
use crate::operation::component::drift_baseline::KnownBaseline;
use crate::report::ComponentReport;
use crate::terraform::PlanFileStates;
use crate::words::{Words, words};

const OUTSIDE: &str = "changed outside of Terraform since the last apply";
const FILLED_IN: &str = "filled in by a provider or by another resource, or ";

impl PlannedApply<'_> {
    /// Keeps what nobody has accepted, before the state has it. It is read from the plan file and costs no process.
    pub(super) fn absorb(&self, file: &Path, changes: &Changes) -> Vec<AbsorbedChange> {
        if self.destroy || self.intent.accepts_drift() {
            return Vec::new();
        }
        self.try_to_absorb(file, changes).unwrap_or_else(|error| {
            let name = &self.node.component.name;
            tracing::warn!("{name}: changes from outside before this apply could not be stored: {error}");
            Vec::new()
        })
    }

    fn try_to_absorb(&self, file: &Path, changes: &Changes) -> Result<Vec<AbsorbedChange>> {
        let baseline = KnownBaseline::of(self.invoker, &self.state_before)?;
        let states = match PlanFileStates::read(file) {
            Ok(states) => states,
            // OpenTofu may have encrypted the file.
            Err(reason) => {
                tracing::debug!("{}: {reason}", file.display());
                return Ok(Vec::new());
            }
        };
        if states.are_same() && !baseline.must_be_compared() {
            return Ok(Vec::new());
        }
        let (mut before, refreshed) = (objects(&states.before), objects(&states.refreshed));
        let gone = gone(changes);
        before.retain(|address, _| !gone.contains(self.invoker.context.redactor.text(address).as_str()));
        let rules = &self.node.component.drift;
        let (absorbed, told) =
            baseline.with_known(|known| change::absorbed(&before, &refreshed, rules, known));
        baseline.keep_absorbed(self.invoker, absorbed)?;
        Ok(told)
    }

    /// Keeps what the apply has not undone, and tells it. `text`: the state after the apply. None if all changes of
    /// that kind are accepted or gone.
    pub(super) fn tell_absorbed(
        &self,
        report: &mut ComponentReport,
        told: &[AbsorbedChange],
        (after, text): (&State, Option<&[u8]>),
    ) {
        match self.still_absorbed(after, text) {
            Ok(still) => report.notes.extend(notes(told, &still)),
            Err(error) => tracing::warn!("{}: {error}", self.node.component.name),
        }
    }

    fn still_absorbed(&self, after: &State, text: Option<&[u8]>) -> Result<AbsorbedValues> {
        let baseline = KnownBaseline::of(self.invoker, &after.remembered())?;
        let still = baseline.with_known(|known| match text {
            Some(text) if !known.absorbed.is_empty() => {
                change::still_absorbed(&known.absorbed, &objects(text), known)
            }
            _ => AbsorbedValues::new(),
        });
        baseline.keep_absorbed(self.invoker, still.clone())?;
        Ok(still)
    }
}

/// The addresses whose object in use does not outlast this apply. An old copy, and a deletion that Terraform leaves to a
/// later plan, say nothing about it.
fn gone(changes: &Changes) -> BTreeSet<&str> {
    let deleted = changes.resources.iter().filter(|one| one.does("delete") && one.deposed.is_none());
    deleted.map(|one| one.address.as_str()).collect()
}

fn objects(state: &[u8]) -> StateObjects {
    state_objects(&serde_json::from_slice::<Value>(state).unwrap_or_default())
}

/// The notes of the report. Changes that were compared with a baseline are first, and of them those that open a
/// resource to everybody.
fn notes(told: &[AbsorbedChange], still: &AbsorbedValues) -> Vec<Words> {
    let is_left = |one: &&AbsorbedChange| {
        still.get(&one.address).is_some_and(|values| values.iter().any(|value| value.path == one.path))
    };
    let mut notes = Vec::new();
    for (opens_to_everybody, is_compared) in [(true, true), (false, true), (true, false), (false, false)] {
        let mut resources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let alike = |one: &&AbsorbedChange| {
            (one.opens_to_everybody, one.is_compared) == (opens_to_everybody, is_compared)
        };
        for one in told.iter().filter(alike).filter(is_left) {
            let attribute = one.path.first().map(String::as_str).unwrap_or_default();
            resources.entry(&one.address).or_default().insert(attribute);
        }
        if resources.is_empty() {
            continue;
        }
        let named = resources.iter().map(|(address, attributes)| {
            format!("{address} ({})", attributes.iter().copied().collect::<Vec<_>>().join(", "))
        });
        let named = listed_briefly(&named.collect::<Vec<_>>());
        let said = match (is_compared, opens_to_everybody) {
            (true, true) => format!("OPEN TO EVERYBODY: {named}: {OUTSIDE}"),
            (true, false) => format!("{named}: {OUTSIDE}"),
            // The module itself may have opened it, by another resource.
            (false, true) => format!("{FILLED_IN}{OUTSIDE}: {named}, open to everybody"),
            (false, false) => format!("{FILLED_IN}{OUTSIDE}: {named}"),
        };
        notes.push(words![
            said,
            ". This apply did not undo it. If the configuration does not have it now, this shows it: ",
            command("drift").here()
        ]);
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_in_use_outlasts_the_deletion_of_an_old_copy_and_one_that_is_left_for_later() {
        let one = |name: &str, actions: Value, deposed: Value| {
            json!({ "address": format!("t.{name}"), "mode": "managed", "type": "t", "name": name,
                "deposed": deposed, "change": { "actions": actions, "before": {}, "after": null } })
        };
        let later = one("later", json!(["delete"]), Value::Null);
        let changes = change::read(&json!({
            "resource_changes": [
                one("copy", json!(["delete"]), json!("12345678")),
                one("deleted", json!(["delete"]), Value::Null),
                one("replaced", json!(["delete", "create"]), Value::Null),
            ],
            "deferred_changes": [{ "reason": "provider_config_unknown", "resource_change": later }],
        }));
        assert_eq!(changes.destroyed().count(), 4);
        assert_eq!(gone(&changes), BTreeSet::from(["t.deleted", "t.replaced"]));
    }

    #[test]
    fn only_a_change_that_was_compared_begins_with_open_to_everybody() {
        let told = |address: &str, is_compared: bool| AbsorbedChange {
            address: address.to_owned(),
            path: vec!["ingress".to_owned()],
            opens_to_everybody: true,
            is_compared,
        };
        let kept = json!([{ "path": ["ingress"], "before": "", "found": "", "is_compared": true,
            "opens_to_everybody": true }]);
        let still = serde_json::from_value(json!({ "t.a": kept, "t.b": kept })).unwrap();
        let notes = notes(&[told("t.a", false), told("t.b", true)], &still);
        assert!(notes[0].starts_with("OPEN TO EVERYBODY: t.b (ingress): changed outside"), "{notes:?}");
        let unsure = "filled in by a provider or by another resource, or changed outside of Terraform since the \
                      last apply: t.a (ingress), open to everybody.";
        assert!(notes[1].starts_with(unsure), "{notes:?}");
        assert_eq!(notes.len(), 2);
    }
}
