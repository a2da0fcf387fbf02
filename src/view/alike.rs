//! Folds what is alike: in a report of many components, those with the same text are drawn once.

use std::collections::HashMap;

use serde_json::Value;

use super::wrap::listed;

/// A report of at most so many components fits a screen, and nothing is folded.
pub const FEW: usize = 24;
/// The least number of components that are folded.
pub const LEAST: usize = 4;
/// The number of names before `and 478 more`.
const NAMED: usize = 2;

/// One component, or several with the same text.
pub struct Alike<'a> {
    pub names: Vec<&'a str>,
    pub text: String,
}

impl Alike<'_> {
    pub fn label(&self) -> String {
        label(&self.names)
    }

    /// All names in lines of their own, if the label lacks some.
    pub fn all_names(&self, indent: &str) -> String {
        let names: Vec<_> = self.names.iter().map(ToString::to_string).collect();
        if names.len() >= LEAST { listed(&names, indent) } else { String::new() }
    }
}

/// `tenant_001, tenant_002 and 478 more`.
pub fn label(names: &[&str]) -> String {
    match names.len() >= LEAST {
        true => format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED),
        false => names.join(", "),
    }
}

/// The texts of components, equal ones together in the place of the first.
pub fn alike<'a>(report: &Value, texts: impl Iterator<Item = (&'a str, String)>) -> Vec<Alike<'a>> {
    folded(report["components"].as_object().is_some_and(|all| all.len() > FEW), texts)
}

/// The same, if `folds`.
pub fn folded<'a>(folds: bool, texts: impl Iterator<Item = (&'a str, String)>) -> Vec<Alike<'a>> {
    let mut groups: Vec<Alike<'a>> = Vec::new();
    // A search through all groups would take too long for many components.
    let mut places = HashMap::<String, usize>::new();
    for (name, text) in texts {
        match places.get(&text).filter(|_| folds) {
            Some(place) => groups[*place].names.push(name),
            None => {
                places.insert(text.clone(), groups.len());
                groups.push(Alike { names: vec![name], text });
            }
        }
    }
    groups.into_iter().flat_map(Alike::apart_if_few).collect()
}

/// The components of a report with a text of each.
pub fn each<'a>(
    report: &'a Value,
    text: impl Fn(&'a str, &'a Value) -> String,
) -> impl Iterator<Item = (&'a str, String)> {
    let components = report["components"].as_object().into_iter().flatten();
    components.map(move |(name, one)| (name.as_str(), text(name, one)))
}

impl<'a> Alike<'a> {
    fn apart_if_few(self) -> Vec<Self> {
        if self.names.len() >= LEAST {
            return vec![self];
        }
        self.names.iter().map(|name| Self { names: vec![*name], text: self.text.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn report(count: usize) -> Value {
        let all: Map<_, _> =
            (0..count).map(|number| (format!("t{number:03}"), json!({ "of": number % 10 == 7 }))).collect();
        json!({ "components": all })
    }

    #[test]
    fn many_components_with_the_same_text_are_one_group_and_few_stay_apart() {
        let labels = |count| {
            let report = report(count);
            alike(&report, each(&report, |_, one| one["of"].to_string()))
                .iter()
                .map(Alike::label)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(500), ["t000, t001 and 448 more", "t007, t017 and 48 more"]);
        assert_eq!(labels(24).len(), 24);
        // Three of the 30 are alike: each has its own line.
        assert_eq!(labels(30), ["t000, t001 and 25 more", "t007", "t017", "t027"]);
    }

    #[test]
    fn no_name_is_lost_where_all_names_are_wanted() {
        let report = report(60);
        for group in alike(&report, each(&report, |_, one| one["of"].to_string())) {
            let all = group.all_names("    ");
            assert!(group.names.iter().all(|name| all.contains(name)), "{all}");
        }
    }
}
