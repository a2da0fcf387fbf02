//! What a variable of Nomad's is to hold for the tasks of one component, beside what others keep there.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

/// Whose it is, how often it has changed, and which names are ours: no environment has names like these.
const COMPONENT: &str = "eos.component";
const REVISION: &str = "eos.revision";
const NAMES: &str = "eos.names";

pub type Items = BTreeMap<String, SecretString>;

/// No Debug: it holds secrets.
pub struct Handing {
    /// From 1. The job names it, so that it is another job where one of its secrets is another.
    pub revision: u64,
    /// What is to be written; None where it is there, or where a value is not known yet.
    pub items: Option<Items>,
}

/// A value that is None is not made yet. An error names those that somebody else keeps there.
///
/// A name that is wanted no more stays: the version of the job that runs may read it.
pub fn hand(
    found: &Items,
    component: &str,
    wanted: &BTreeMap<String, Option<SecretString>>,
) -> Result<Handing, Vec<String>> {
    let mut names = names(found, component);
    let foreign: Vec<_> =
        wanted.keys().filter(|name| found.contains_key(*name) && !names.contains(*name)).cloned().collect();
    if !foreign.is_empty() {
        return Err(foreign);
    }
    let said = |name: &str| found.get(name).map(ExposeSecret::expose_secret);
    let is_there = |(name, value): (&String, &Option<SecretString>)| {
        value.as_ref().is_some_and(|value| said(name) == Some(value.expose_secret()))
    };
    let revision = said(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0);
    if wanted.iter().all(is_there) {
        return Ok(Handing { revision, items: None });
    }
    let revision = revision + 1;
    let known: Option<Items> =
        wanted.iter().map(|(name, value)| Some((name.clone(), value.clone()?))).collect();
    let items = known.map(|known| {
        names.extend(known.keys().cloned());
        let ours = [
            (COMPONENT, component.to_owned()),
            (REVISION, revision.to_string()),
            (NAMES, names.into_iter().collect::<Vec<_>>().join(" ")),
        ];
        let mut items = found.clone();
        items.extend(known);
        items.extend(ours.map(|(key, value)| (key.to_owned(), value.into())));
        items
    });
    Ok(Handing { revision, items })
}

/// What is left once the component is gone; None where nothing there is ours.
pub fn take_back(found: &Items, component: &str) -> Option<Items> {
    let names = names(found, component);
    if names.is_empty() {
        return None;
    }
    let ours = |key: &String| names.contains(key) || [COMPONENT, REVISION, NAMES].contains(&key.as_str());
    Some(
        found.iter().filter(|(key, _)| !ours(key)).map(|(key, value)| (key.clone(), value.clone())).collect(),
    )
}

/// Those that this component has put there.
fn names(found: &Items, component: &str) -> BTreeSet<String> {
    let said = |key: &str| found.get(key).map(ExposeSecret::expose_secret);
    match said(COMPONENT) == Some(component) {
        true => said(NAMES).unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        false => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[(&str, &str)]) -> Items {
        texts.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()
    }

    fn wanted(texts: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<SecretString>> {
        texts.iter().map(|(key, value)| ((*key).to_owned(), value.map(Into::into))).collect()
    }

    fn texts(items: &Items) -> BTreeMap<&str, &str> {
        items.iter().map(|(key, value)| (key.as_str(), value.expose_secret())).collect()
    }

    #[test]
    fn what_is_wanted_is_written_once_beside_what_others_have() {
        let found = items(&[("theirs", "x")]);
        let Ok(Handing { revision: 1, items: Some(written) }) =
            hand(&found, "nomad-web", &wanted(&[("A", Some("1"))]))
        else {
            panic!("written as the first revision")
        };
        let all = texts(&written);
        assert_eq!((all["theirs"], all["A"], all["eos.revision"]), ("x", "1", "1"));
        let Ok(Handing { revision: 1, items: None }) =
            hand(&written, "nomad-web", &wanted(&[("A", Some("1"))]))
        else {
            panic!("there already")
        };
    }

    #[test]
    fn another_value_is_another_revision_and_what_is_wanted_no_more_stays() {
        let found = hand(&Items::new(), "c", &wanted(&[("A", Some("1")), ("B", Some("2"))]));
        let found = found.ok().and_then(|one| one.items).unwrap();
        let next = hand(&found, "c", &wanted(&[("A", Some("other"))])).ok().unwrap();
        let written = next.items.unwrap();
        assert_eq!((next.revision, texts(&written)["A"], texts(&written)["B"]), (2, "other", "2"));
        assert_eq!(texts(&written)["eos.names"], "A B");
    }

    #[test]
    fn what_is_not_made_yet_is_the_next_revision_and_nothing_to_write() {
        let next = hand(&Items::new(), "c", &wanted(&[("A", None), ("B", Some("2"))])).ok().unwrap();
        assert!(next.revision == 1 && next.items.is_none());
    }

    #[test]
    fn a_name_of_somebody_elses_is_not_taken_over() {
        for found in [items(&[("A", "x")]), items(&[("A", "x"), (COMPONENT, "other"), (NAMES, "A")])] {
            let refused = hand(&found, "c", &wanted(&[("A", Some("x"))])).err();
            assert_eq!(refused, Some(vec!["A".to_owned()]));
        }
    }

    #[test]
    fn only_ours_is_taken_back() {
        let found = hand(&items(&[("theirs", "x")]), "c", &wanted(&[("A", Some("1"))]));
        let found = found.ok().and_then(|one| one.items).unwrap();
        assert_eq!(texts(&take_back(&found, "c").unwrap()), BTreeMap::from([("theirs", "x")]));
        assert!(take_back(&found, "other").is_none());
    }
}
