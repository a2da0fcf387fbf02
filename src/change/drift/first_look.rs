//! Values that nothing is known about: a look accepts them as they are, and lists them.

use serde_json::Value;

use super::configured;
use super::entries::{OutsideEntry, PlannedEntry, opens, text, undoes};
use super::outside::{ComparedWith, OutsideDifference};
use crate::empty::is_empty;
use crate::report::FirstLook;

/// How a look judges values that nothing is known about.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// Whether only the state is known. Then a value that no configuration sets and that no plan changes is accepted.
    /// If the configuration sets it and Terraform still plans no change, then either both say the same, or
    /// `ignore_changes` covers it.
    pub is_first: bool,
    /// Whether `ignore_changes` may cover an attribute: the resource's type, its name, the attribute.
    pub may_be_ignored: &'a dyn Fn(&str, &str, &str) -> bool,
}

impl Looking<'_> {
    /// Every difference from the known values is drift.
    pub const AGAIN: Looking<'static> = Looking { is_first: false, may_be_ignored: &|_, _, _| true };

    /// Whether this value may be accepted as it is.
    fn is_first_at(&self, one: &OutsideDifference<'_>) -> bool {
        match one.compared_with {
            ComparedWith::Known => self.is_first,
            ComparedWith::BeforeApply { .. } => false,
            ComparedWith::BeforeFirstLook { .. } => true,
        }
    }
}

/// Takes the differences out of the entry that a look accepts, because it is the first one at these values.
pub(super) fn first_look<'a>(
    plan: &Value,
    entry: &mut OutsideEntry<'a>,
    change: Option<&PlannedEntry<'_>>,
    looking: Looking<'_>,
) -> Vec<OutsideDifference<'a>> {
    let resource = entry.resource;
    if entry.actions != ["update"] || resource["deposed"].is_string() || resource["type"] == "nomad_job" {
        return Vec::new();
    }
    let (kind, name) = (text(&resource["type"]), text(&resource["name"]));
    let is_ignored = |one: &OutsideDifference<'_>| {
        let empty = is_empty(one.shown.before) && is_empty(one.shown.after);
        let attribute = one.path.first().map(String::as_str).unwrap_or_default();
        !empty
            && configured::sets(plan, resource, &one.path)
            && (looking.may_be_ignored)(&kind, &name, attribute)
    };
    let is_drift = |one: &OutsideDifference<'_>| {
        !looking.is_first_at(one) || change.is_some_and(|change| undoes(change, &one.path)) || is_ignored(one)
    };
    let (drift, found): (Vec<_>, Vec<_>) =
        std::mem::take(&mut entry.differences).into_iter().partition(is_drift);
    entry.differences = drift;
    found
}

pub(super) fn shown_first_look(resource: &Value, found: Vec<OutsideDifference<'_>>) -> Option<FirstLook> {
    let opens_to_everybody = found.iter().any(|one| opens(resource, one));
    (!found.is_empty()).then(|| FirstLook {
        address: text(&resource["address"]),
        kind: text(&resource["type"]),
        name: text(&resource["name"]),
        opens_to_everybody,
        attributes: found.into_iter().map(|one| one.shown.masked()).collect(),
    })
}
