//! Reads `.terraform.lock.hcl`: the selected versions of providers.

use std::collections::{BTreeMap, BTreeSet};

use super::{body, syntax};
use crate::model::Version;

/// Whether a provider has a later version in the second file than in the first. Unreadable versions do not count.
pub fn newer_providers(then: &str, now: &str) -> bool {
    let now = versions(now);
    versions(then).iter().any(|(source, then)| now.get(source).is_some_and(|now| now > then))
}

/// Describes the providers whose version an init changed. A provider that is only in one of the files does not count.
pub fn moved_providers(then: &str, now: &str) -> Vec<String> {
    let now = selected_providers(now);
    let moved = selected_providers(then).into_iter().filter_map(|(source, then)| {
        let now = now.get(&source).filter(|now| **now != then)?;
        Some(format!("provider {source}: {then} -> {now}"))
    });
    moved.collect()
}

/// The text without these providers, in Terraform's own format. None if it contains none of them.
pub fn without_providers(text: &str, sources: &BTreeSet<String>) -> Option<String> {
    let (mut left, mut inside, mut found) = (String::new(), false, false);
    for line in text.split_inclusive('\n') {
        let source = line.trim_end().strip_prefix("provider \"").and_then(|rest| rest.strip_suffix("\" {"));
        inside |= source.is_some_and(|source| sources.contains(source));
        found |= inside;
        match inside {
            true => inside = line.trim_end() != "}",
            false => left.push_str(line),
        }
    }
    found.then_some(left)
}

fn versions(text: &str) -> BTreeMap<String, Version> {
    let chosen = selected_providers(text).into_iter();
    chosen.filter_map(|(source, version)| Some((source, Version::parse(&version)?))).collect()
}

/// Provider source to selected version.
pub fn selected_providers(text: &str) -> BTreeMap<String, String> {
    let (body, _) = body::read(text.as_bytes());
    let providers = body.blocks.into_iter().filter(|block| block.kind == "provider");
    providers
        .filter_map(|block| {
            let version = syntax::literal(block.body.arguments.get("version")?)?;
            Some((block.labels.into_iter().next()?, version))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_later_in_the_second_file_is_found() {
        let file = |a: &str, b: &str| {
            format!(
                "# text\nprovider \"r.test/x/a\" {{\n  version = \"{a}\"\n  constraints = \"~> 1.0\"\n  hashes = [\"h1:x\"]\n}}\n\
                 provider \"r.test/x/b\" {{\n  version = \"{b}\"\n}}\n"
            )
        };
        let table = [
            (file("1.0.0", "2.0.0"), file("1.0.0", "2.0.0"), false),
            (file("1.0.0", "2.0.0"), file("1.0.1", "2.0.0"), true),
            (file("1.9.0", "2.0.0"), file("1.10.0", "2.0.0"), true),
            (file("1.10.0", "2.0.0"), file("1.9.0", "2.0.0"), false),
            (file("1.0.0", "2.0.0"), String::new(), false),
            ("}".to_owned(), file("1.0.0", "2.0.0"), false),
        ];
        for (then, now, expected) in table {
            assert_eq!(newer_providers(&then, &now), expected, "{then} {now}");
        }
    }

    /// The format that Terraform 1.11 writes.
    const FILE: &str = "# This file is maintained automatically by \"terraform init\".\n\
        # Manual edits may be lost in future updates.\n\nprovider \"r.test/x/a\" {\n  version     = \"1.0.0\"\n  \
        constraints = \"1.0.0\"\n  hashes = [\n    \"h1:x\",\n  ]\n}\n\nprovider \"r.test/x/b\" {\n  version = \
        \"2.0.0\"\n}\n";

    #[test]
    fn only_the_named_providers_are_removed_from_the_lock_file() {
        let without =
            |names: &[&str]| without_providers(FILE, &names.iter().map(ToString::to_string).collect());
        let left = without(&["r.test/x/a"]).unwrap();
        assert_eq!(selected_providers(&left), [("r.test/x/b".to_owned(), "2.0.0".to_owned())].into());
        assert!(
            left.starts_with("# This file")
                && left.ends_with("provider \"r.test/x/b\" {\n  version = \"2.0.0\"\n}\n")
        );
        let left = without(&["r.test/x/b"]).unwrap();
        assert_eq!(left, FILE.split("provider \"r.test/x/b\"").next().unwrap());
        assert!(selected_providers(&without(&["r.test/x/a", "r.test/x/b"]).unwrap()).is_empty());
        assert_eq!(without(&["r.test/x"]), None);
    }

    #[test]
    fn a_changed_provider_is_reported_with_both_versions() {
        let now = FILE.replace("\"1.0.0\"\n  constraints", "\"1.1.0\"\n  constraints");
        assert_eq!(moved_providers(FILE, &now), ["provider r.test/x/a: 1.0.0 -> 1.1.0"]);
        assert!(moved_providers("", FILE).is_empty() && moved_providers(FILE, FILE).is_empty());
    }
}
