//! What Nomad's policies allow: <https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy>.

use std::collections::{BTreeMap, BTreeSet};

use super::right::Right;
use crate::model::wildcards;

const DENY: &str = "deny";
/// What a run does with a job.
const JOB: [&str; 3] = ["read-job", "submit-job", "read-logs"];
/// What a run does with the variable that has a service's secrets.
const VARIABLE: [&str; 3] = ["read", "write", "destroy"];

/// What a token may do.
#[derive(Clone, Debug, PartialEq)]
pub enum NomadRights {
    /// Access control is off, or this is a management token.
    All,
    /// The rules of all its policies.
    Rules(Vec<NamespaceRule>),
}

/// The rule of one policy for the namespaces that match a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceRule {
    pub pattern: String,
    /// With those that the rule's `policy` stands for.
    pub capabilities: BTreeSet<String>,
    /// Pattern of a variable's path to what is allowed there.
    pub variables: BTreeMap<String, BTreeSet<String>>,
}

/// What an environment does in a namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceUse {
    pub namespace: String,
    /// Paths of variables that a run writes.
    pub variables: BTreeSet<String>,
}

impl NomadRights {
    pub fn compared_with(&self, uses: &[NamespaceUse]) -> Vec<Right> {
        uses.iter().flat_map(|one| self.in_namespace(one)).collect()
    }

    fn in_namespace(&self, NamespaceUse { namespace, variables }: &NamespaceUse) -> Vec<Right> {
        let mut rights = Vec::new();
        let mut right =
            |what: String, rule: String, is_allowed| rights.push(Right { what, rule, is_allowed });
        for capability in JOB {
            let rule = format!("namespace {namespace:?} {{ capabilities = [{}] }}", quoted(&JOB));
            let is_allowed = self.allows(namespace, capability);
            right(format!("{capability} in namespace {namespace}"), rule, is_allowed);
        }
        for path in variables {
            for capability in VARIABLE {
                let rule = format!(
                    "namespace {namespace:?} {{ variables {{ path \"nomad/jobs/*\" {{ capabilities = [{}] }} }} }}",
                    quoted(&VARIABLE)
                );
                let is_allowed = self.allows_variable(namespace, path, capability);
                right(format!("{capability} the variable {path} in namespace {namespace}"), rule, is_allowed);
            }
        }
        rights
    }

    fn allows(&self, namespace: &str, capability: &str) -> bool {
        let Self::Rules(rules) = self else { return true };
        let of_rules = nearest(rules.iter().map(|rule| (rule.pattern.as_str(), rule)), namespace);
        grants(of_rules.iter().map(|rule| &rule.capabilities), capability)
    }

    fn allows_variable(&self, namespace: &str, path: &str, capability: &str) -> bool {
        let Self::Rules(rules) = self else { return true };
        let of_rules = nearest(rules.iter().map(|rule| (rule.pattern.as_str(), rule)), namespace);
        if of_rules.iter().any(|rule| rule.capabilities.contains(DENY)) {
            return false;
        }
        let paths = of_rules.iter().flat_map(|rule| &rule.variables);
        grants(nearest(paths.map(|(pattern, can)| (pattern.as_str(), can)), path).into_iter(), capability)
    }
}

/// The rules of that pattern which leaves the least to its wildcards. Nomad reads no other pattern.
fn nearest<'a, T>(rules: impl Iterator<Item = (&'a str, &'a T)>, name: &str) -> Vec<&'a T> {
    let matching: Vec<_> = rules.filter(|(pattern, _)| wildcards::matches(pattern, name, None)).collect();
    let is_exact = |pattern: &str| !pattern.contains(wildcards::ANY);
    let letters = |pattern: &str| pattern.chars().filter(|letter| *letter != wildcards::ANY).count();
    let best = matching.iter().map(|(pattern, _)| *pattern).max_by(|one, other| {
        // Of two equally near patterns, Nomad takes the first one in the order of the alphabet.
        (is_exact(one), letters(one), *other).cmp(&(is_exact(other), letters(other), *one))
    });
    matching.into_iter().filter(|(pattern, _)| Some(*pattern) == best).map(|(_, rule)| rule).collect()
}

fn grants<'a>(of_rules: impl Iterator<Item = &'a BTreeSet<String>> + Clone, capability: &str) -> bool {
    !of_rules.clone().any(|can| can.contains(DENY)) && of_rules.clone().any(|can| can.contains(capability))
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str, capabilities: &[&str], variables: &[(&str, &[&str])]) -> NamespaceRule {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let variables = variables.iter().map(|(path, can)| ((*path).to_owned(), set(can))).collect();
        NamespaceRule { pattern: pattern.to_owned(), capabilities: set(capabilities), variables }
    }

    #[test]
    fn only_the_nearest_pattern_of_a_namespace_counts_and_a_denial_wins() {
        let rights = NomadRights::Rules(vec![
            rule("default", &["read-job"], &[]),
            rule("default", &["submit-job"], &[]),
            rule("*", &["read-fs"], &[]),
            rule("prod-*", &["read-job"], &[]),
            rule("prod-web-*", &["deny", "read-job"], &[]),
        ]);
        for (namespace, capability, expected) in [
            ("default", "read-job", true),
            ("default", "submit-job", true),
            ("default", "read-fs", false),
            ("other", "read-fs", true),
            ("prod-db", "read-job", true),
            ("prod-db", "read-fs", false),
            ("prod-web-1", "read-job", false),
        ] {
            assert_eq!(rights.allows(namespace, capability), expected, "{namespace} {capability}");
        }
        assert!(NomadRights::All.allows("any", "submit-job"));
        assert!(!NomadRights::Rules(Vec::new()).allows("default", "read-job"));
    }

    #[test]
    fn a_variable_needs_each_right_at_the_nearest_path() {
        let variables: &[(&str, &[&str])] = &[("*", &["destroy"]), ("nomad/jobs/*", &["write", "read"])];
        let rights = NomadRights::Rules(vec![rule("default", &["read-job"], variables)]);
        let uses =
            NamespaceUse { namespace: "default".into(), variables: ["nomad/jobs/web".to_owned()].into() };
        let missing: Vec<_> = rights
            .compared_with(&[uses])
            .into_iter()
            .filter(|right| !right.is_allowed)
            .map(|right| right.what)
            .collect();
        assert_eq!(
            missing,
            [
                "submit-job in namespace default",
                "read-logs in namespace default",
                "destroy the variable nomad/jobs/web in namespace default"
            ]
        );
    }
}
