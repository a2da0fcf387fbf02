//! Decides what a Nomad variable must contain for the tasks of one component. Other content of the variable is kept.
//!
//! Each revision has separate keys. An older version of the job continues to read the keys with which it was deployed.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use crate::model::variable_key as key;

/// The owner of the variable, its number of changes, and the keys that Eos wrote.
const OWNER: &str = "eos.owner";
const REVISION: &str = "eos.revision";
const KEYS: &str = "eos.keys";

/// Number of revisions that are kept, including the newest.
const KEPT: u64 = 10;

pub type Items = BTreeMap<String, SecretString>;

/// Each variant holds a revision, counted from 1. The job contains this number. Therefore a changed secret makes a
/// changed job.
/// There is no Debug, because the type holds secrets.
pub enum VariableUpdate {
    Current(u64),
    /// The complete new content of the variable.
    Write(u64, Items),
    /// A value has not been produced yet.
    ValueMissing(u64),
}

impl VariableUpdate {
    pub fn revision(&self) -> u64 {
        match self {
            Self::Current(revision) | Self::Write(revision, _) | Self::ValueMissing(revision) => *revision,
        }
    }
}

/// A value of None has not been produced yet. `applied` is the revision with which the job was last applied.
/// The error names other content that is in the way. It is written to follow the name of the variable.
pub fn variable_update(
    current: &Items,
    owner: &str,
    wanted: &BTreeMap<String, Option<SecretString>>,
    applied: u64,
) -> Result<VariableUpdate, String> {
    if let Some(other) = said(current, OWNER).filter(|other| *other != owner) {
        return Err(format!("belongs to {other}"));
    }
    let last = said(current, REVISION).and_then(|text| text.parse().ok()).unwrap_or(0);
    let ours = keys(current, owner);
    let has = |revision: u64| {
        wanted.iter().all(|(name, value)| {
            let value = value.as_ref().map(ExposeSecret::expose_secret);
            value.is_some() && said(current, &key(revision, name)) == value
        })
    };
    // A secret that has its old value again needs no new revision: the job may still have the old one.
    let kept: BTreeSet<_> = ours.iter().filter_map(|key| revision(key)).chain([last]).collect();
    if let Some(found) = kept.into_iter().rev().find(|revision| *revision > 0 && has(*revision)) {
        return Ok(VariableUpdate::Current(found));
    }
    let next = last.max(applied) + 1;
    let new = |(name, value): (&String, &Option<SecretString>)| Some((key(next, name), value.clone()?));
    let Some(new) = wanted.iter().map(new).collect::<Option<Items>>() else {
        return Ok(VariableUpdate::ValueMissing(next));
    };
    let foreign: Vec<_> = new.keys().filter(|key| current.contains_key(*key)).map(String::as_str).collect();
    if !foreign.is_empty() {
        return Err(format!("already has {}, which Eos did not write", foreign.join(", ")));
    }
    let is_old =
        |key: &String| revision(key).is_some_and(|revision| revision + KEPT <= next && revision != applied);
    let (old, ours): (BTreeSet<_>, BTreeSet<_>) = ours.into_iter().partition(is_old);
    let mut items: Items = current.clone();
    items.retain(|key, _| !old.contains(key));
    let keys: Vec<_> = ours.iter().chain(new.keys()).map(String::as_str).collect();
    let about = [(OWNER, owner.to_owned()), (REVISION, next.to_string()), (KEYS, keys.join(" "))]
        .map(|(key, text)| (key.to_owned(), text.into()));
    items.extend(about);
    items.extend(new);
    Ok(VariableUpdate::Write(next, items))
}

/// The content that remains after the component is removed. None if nothing in the variable belongs to the component.
pub fn without_own_keys(items: &Items, owner: &str) -> Option<Items> {
    if said(items, OWNER) != Some(owner) {
        return None;
    }
    let ours = keys(items, owner);
    let is_ours = |key: &String| ours.contains(key) || [OWNER, REVISION, KEYS].contains(&key.as_str());
    Some(
        items
            .iter()
            .filter(|(key, _)| !is_ours(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

/// All values of the component in all revisions: a task may use any of them.
pub fn handed<'a>(items: &'a Items, owner: &str) -> impl Iterator<Item = &'a SecretString> {
    keys(items, owner).into_iter().filter_map(|key| items.get(&key))
}

/// The keys that this component wrote.
fn keys(items: &Items, owner: &str) -> BTreeSet<String> {
    let ours = said(items, OWNER) == Some(owner);
    let keys = said(items, KEYS).filter(|_| ours).unwrap_or_default();
    keys.split_whitespace().map(str::to_owned).collect()
}

fn revision(key: &str) -> Option<u64> {
    key.strip_prefix('r')?.split_once('_')?.0.parse().ok()
}

fn said<'a>(items: &'a Items, key: &str) -> Option<&'a str> {
    items.get(key).map(ExposeSecret::expose_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "staging/nomad-web";

    fn items(texts: &[(&str, &str)]) -> Items {
        texts.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()
    }

    fn wanted(texts: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<SecretString>> {
        texts.iter().map(|(key, value)| ((*key).to_owned(), value.map(Into::into))).collect()
    }

    /// The content that is written, with its revision.
    fn written(current: &Items, texts: &[(&str, &str)], applied: u64) -> (u64, Items) {
        let texts: Vec<_> = texts.iter().map(|(key, value)| (*key, Some(*value))).collect();
        match variable_update(current, OWN, &wanted(&texts), applied) {
            Ok(VariableUpdate::Write(revision, items)) => (revision, items),
            Ok(other) => panic!("nothing to write at {}", other.revision()),
            Err(refused) => panic!("{refused}"),
        }
    }

    #[test]
    fn wanted_secrets_are_written_once_beside_those_of_others() {
        let (revision, first) = written(&items(&[("theirs", "x")]), &[("A", "1")], 0);
        assert_eq!((revision, said(&first, "r1_A"), said(&first, "theirs")), (1, Some("1"), Some("x")));
        assert!(matches!(
            variable_update(&first, OWN, &wanted(&[("A", Some("1"))]), 1),
            Ok(VariableUpdate::Current(1))
        ));
    }

    #[test]
    fn a_new_secret_is_stored_beside_the_running_one() {
        let (_, first) = written(&Items::new(), &[("A", "1"), ("B", "2")], 0);
        let (revision, second) = written(&first, &[("A", "other")], 1);
        assert_eq!((revision, said(&second, "r2_A")), (2, Some("other")));
        assert_eq!((said(&second, "r1_A"), said(&second, "r1_B")), (Some("1"), Some("2")));
        assert_eq!(handed(&second, OWN).count(), 3);
    }

    #[test]
    fn the_newest_ten_revisions_stay() {
        let mut all = Items::new();
        for round in 1..=15 {
            all = written(&all, &[("A", &round.to_string())], 0).1;
        }
        let kept: Vec<_> = (1..=15).filter(|revision| all.contains_key(&key(*revision, "A"))).collect();
        assert_eq!(kept, (6..=15).collect::<Vec<_>>());
        assert_eq!(handed(&all, OWN).count(), 10);
    }

    #[test]
    fn the_applied_revision_stays_however_many_follow() {
        let (_, mut all) = written(&Items::new(), &[("A", "1")], 0);
        for round in 2..=15 {
            all = written(&all, &[("A", &round.to_string())], 1).1;
        }
        assert_eq!(said(&all, "r1_A"), Some("1"));
    }

    #[test]
    fn an_old_value_that_returns_has_its_old_revision() {
        let (_, first) = written(&Items::new(), &[("A", "1"), ("B", "2")], 0);
        let (_, second) = written(&first, &[("A", "other"), ("B", "2")], 1);
        let back = variable_update(&second, OWN, &wanted(&[("A", Some("1")), ("B", Some("2"))]), 2);
        assert!(matches!(back, Ok(VariableUpdate::Current(1))));
        // Only a revision with all values is one.
        let mixed = variable_update(&second, OWN, &wanted(&[("A", Some("1")), ("B", Some("3"))]), 2);
        assert!(matches!(mixed, Ok(VariableUpdate::Write(3, _))));
    }

    #[test]
    fn an_applied_revision_is_never_written_again() {
        assert_eq!(written(&Items::new(), &[("A", "1")], 7).0, 8);
    }

    #[test]
    fn a_secret_not_generated_yet_is_the_next_revision_without_a_write() {
        let next = variable_update(&Items::new(), OWN, &wanted(&[("A", None), ("B", Some("2"))]), 0);
        assert!(matches!(next, Ok(VariableUpdate::ValueMissing(1))));
    }

    #[test]
    fn a_variable_of_another_owner_is_not_taken_over() {
        let wanted = wanted(&[("A", Some("x"))]);
        let refused = variable_update(&items(&[("r1_A", "x")]), OWN, &wanted, 0).err();
        assert_eq!(refused.as_deref(), Some("already has r1_A, which Eos did not write"));
        let refused = variable_update(&items(&[(OWNER, "production/nomad-web")]), OWN, &wanted, 0).err();
        assert_eq!(refused.as_deref(), Some("belongs to production/nomad-web"));
    }

    #[test]
    fn only_the_registration_of_this_run_is_rolled_back() {
        let (_, current) = written(&items(&[("theirs", "x")]), &[("A", "1")], 0);
        let left = without_own_keys(&current, OWN).unwrap();
        assert!(left.len() == 1 && said(&left, "theirs") == Some("x"));
        assert!(without_own_keys(&current, "production/nomad-web").is_none());
    }
}
