//! `.terraform.lock.hcl`: which versions of which providers were chosen.

use std::collections::BTreeMap;

use super::{body, syntax};
use crate::model::Version;

/// Whether a provider of the first file is of a later version in the second. What cannot be read is not.
pub fn newer_providers(then: &str, now: &str) -> bool {
    let now = versions(now);
    versions(then).iter().any(|(source, then)| now.get(source).is_some_and(|now| now > then))
}

/// Provider source to version.
fn versions(text: &str) -> BTreeMap<String, Version> {
    let (body, _) = body::read(text.as_bytes());
    let providers = body.blocks.into_iter().filter(|block| block.kind == "provider");
    providers
        .filter_map(|block| {
            let version = syntax::literal(block.body.arguments.get("version")?)?;
            Some((block.labels.into_iter().next()?, Version::parse(&version)?))
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
}
