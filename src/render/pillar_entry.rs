//! The files of the pillar that Eos owns: entries, and the list of them. The first line has a digest of all the others.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::described::document;
use crate::digest::sha256;
use crate::model::PillarEntry;

/// YAML alone, so nothing in the file is a template. Salt's renderer ignores what follows its name.
const FIRST: &str = "#!yaml sha256=";
const ABOUT: &str = "# Eos owns this file, and refuses it if somebody else has changed it.\n";

pub fn stamped(body: &str) -> String {
    format!("{FIRST}{}\n{body}", sha256(body))
}

/// All but the first line. None if the file is not as Eos wrote it.
pub fn unstamped(text: &str) -> Option<&str> {
    let (first, body) = text.split_once('\n')?;
    (first.strip_prefix(FIRST)? == sha256(body)).then_some(body)
}

pub fn entry(entry: &PillarEntry, value: &Map<String, Value>) -> String {
    let entries = json!({ entry.name.as_str(): value });
    let environments = json!({ entry.environment.as_str(): { entry.kind.key(): entries } });
    format!("{ABOUT}{}", document(&json!({ "infrastructure": { "environments": environments } })))
}

pub fn list(entries: &BTreeSet<PillarEntry>) -> String {
    let items: String = entries.iter().map(|entry| format!("{ITEM}{}\n", entry.sls())).collect();
    // A list that is empty would be null.
    let body = if items.is_empty() { "{}\n".to_owned() } else { format!("include:\n{items}") };
    format!("{ABOUT}{body}")
}

pub fn listed(body: &str) -> BTreeSet<PillarEntry> {
    body.lines().filter_map(|line| PillarEntry::of_sls(line.strip_prefix(ITEM)?)).collect()
}

const ITEM: &str = "  - ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;

    fn name(service: &str) -> PillarEntry {
        PillarEntry::service(Name::new("staging").unwrap(), Name::new(service).unwrap())
    }

    #[test]
    fn a_file_is_read_back_and_one_that_somebody_changed_is_not() {
        let service = json!({ "image": "{{ x }}", "port": 80 });
        let body = entry(&name("web"), service.as_object().unwrap());
        let expected = "infrastructure:\n  environments:\n    staging:\n      services:\n        web:\n          \
                        image: \"{{ x }}\"\n          port: 80\n";
        assert!(body.ends_with(expected), "{body}");
        let text = stamped(&body);
        assert_eq!(unstamped(&text), Some(&*body));
        for changed in [text.replace("80", "81"), format!("{text}a: b\n"), body, String::new()] {
            assert_eq!(unstamped(&changed), None, "{changed}");
        }
    }

    #[test]
    fn the_list_names_each_entry_and_an_empty_one_is_a_mapping() {
        let all = BTreeSet::from([name("web"), name("db")]);
        assert_eq!(listed(&list(&all)), all);
        assert!(list(&BTreeSet::new()).ends_with("\n{}\n"));
    }
}
