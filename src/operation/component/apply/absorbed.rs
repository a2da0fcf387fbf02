//! Changes from outside that the apply writes into the state, because its plan has refreshed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::PlannedApply;
use crate::change::{self, AbsorbedChange, AbsorbedValues, Changes, StateObjects};
use crate::decide::{State, state_objects};
use crate::error::Result;
use crate::operation::component::drift_baseline::KnownBaseline;
use crate::report::ComponentReport;
use crate::terraform::PlanFileStates;

/// How many resources a note names.
const NAMED: usize = 5;

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
        // These objects are gone afterwards.
        let gone: BTreeSet<_> = changes.destroyed().map(|one| one.address.as_str()).collect();
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

fn objects(state: &[u8]) -> StateObjects {
    state_objects(&serde_json::from_slice::<Value>(state).unwrap_or_default())
}

/// What people are told, the loudest first.
fn notes(told: &[AbsorbedChange], still: &AbsorbedValues) -> Vec<String> {
    let is_left = |one: &&AbsorbedChange| {
        still.get(&one.address).is_some_and(|values| values.iter().any(|value| value.path == one.path))
    };
    let mut notes = Vec::new();
    for (opens_to_everybody, is_compared) in [(true, true), (true, false), (false, true), (false, false)] {
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
        let loud = if opens_to_everybody { "OPEN TO EVERYBODY: " } else { "" };
        let by = if is_compared { "" } else { ", or filled in by a provider" };
        let named = resources.iter().take(NAMED).map(|(address, attributes)| {
            format!("{address} ({})", attributes.iter().copied().collect::<Vec<_>>().join(", "))
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match resources.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!(
            "{loud}{named}{more}: changed outside of Terraform since the last apply{by}. This apply did not \
             undo it; infrastructure.drift shows it"
        ));
    }
    notes
}
