//! References whose values this host should have: variables of this process, and files.

use std::collections::BTreeMap;

use crate::decide::doctor::{Check, CheckStatus, Group};
use crate::decide::listed_briefly;
use crate::model::{Draft, Interface, Name};
use crate::operation::query::dead_references::{DeadReference, dead};
use crate::words::{Words, words};

/// `interface`: that of a component's module, if it is known.
pub fn checks<'a>(draft: &'a Draft, interface: impl Fn(&Name) -> Option<&'a Interface>) -> Vec<Check> {
    // One reference may be in several places.
    let mut by_reference: BTreeMap<String, Vec<DeadReference>> = BTreeMap::new();
    for one in dead(&draft.settings, draft.components.values(), interface) {
        by_reference.entry(one.error.message.to_string()).or_default().push(one);
    }
    by_reference.into_values().filter_map(check).collect()
}

fn check(places: Vec<DeadReference>) -> Option<Check> {
    let is_optional = places.iter().all(|one| one.is_optional);
    let named: Vec<_> = places.iter().map(|one| one.place.to_string()).collect();
    let error = places.into_iter().next()?.error;
    let status = if is_optional { CheckStatus::Warning } else { CheckStatus::Wrong };
    let message = words![Words::own(listed_briefly(&named)), ": ", error.message];
    Some(Check::bad(Group::Salt, "references", (status, error.code), message, error.remedy))
}
