//! What Nomad's policies allow: <https://developer.hashicorp.com/nomad/docs/other-specifications/acl-policy>.

use std::collections::{BTreeMap, BTreeSet};

use super::right::Right;
use crate::model::wildcards;

const DENY: &str = "deny";
/// What a run does with a job.
const JOB: [&str; 3] = ["read-job", "submit-job", "read-logs"];
/// What a run does with the variable that has a service's secrets.
const VARIABLE: [&str; 3] = ["read", "write", "destroy"];

const READ_ONLY: &str = "mount-readonly";
const READ_WRITE: &str = "mount-readwrite";
const CSI: &str = "csi-mount-volume";

/// What a token may do.
#[derive(Clone, Debug, PartialEq)]
pub enum NomadRights {
    /// Access control is off, or this is a management token.
    All,
    /// The rules of all its policies.
    Rules(TokenRules),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenRules {
    pub namespaces: Vec<NamespaceRule>,
    /// Pattern of a host volume's name, and the capabilities of one policy for it.
    pub host_volumes: Vec<(String, BTreeSet<String>)>,
    /// What the policies say about CSI plugins: `read`, `list` or `deny`.
    pub plugins: BTreeSet<String>,
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
    pub volumes: BTreeSet<VolumeUse>,
}

/// A volume that a job mounts. Nomad asks for its rights only when the job is registered, not when it is planned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumeUse {
    Host { source: String, is_read_only: bool },
    Csi,
}

impl NomadRights {
    pub fn compared_with(&self, uses: &[NamespaceUse]) -> Vec<Right> {
        uses.iter().flat_map(|one| self.in_namespace(one)).collect()
    }

    fn in_namespace(&self, NamespaceUse { namespace, variables, volumes }: &NamespaceUse) -> Vec<Right> {
        let mut rights = self.of_volumes(namespace, volumes);
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

    /// The rights that the volumes of a job need.
    pub fn of_volumes(&self, namespace: &str, volumes: &BTreeSet<VolumeUse>) -> Vec<Right> {
        let mut rights = Vec::new();
        for volume in volumes {
            match volume {
                VolumeUse::Host { source, is_read_only } => {
                    let capability = if *is_read_only { READ_ONLY } else { READ_WRITE };
                    rights.push(Right {
                        what: format!("{capability} the host volume {source}"),
                        rule: format!("host_volume {source:?} {{ capabilities = [{capability:?}] }}"),
                        is_allowed: self.allows_mount(source, *is_read_only),
                    });
                }
                VolumeUse::Csi => {
                    rights.push(Right {
                        what: format!("{CSI} in namespace {namespace}"),
                        rule: format!("namespace {namespace:?} {{ capabilities = [{CSI:?}] }}"),
                        is_allowed: self.allows(namespace, CSI),
                    });
                    rights.push(Right {
                        what: "read CSI plugins".to_owned(),
                        rule: "plugin { policy = \"read\" }".to_owned(),
                        is_allowed: self.allows_plugins(),
                    });
                }
            }
        }
        rights
    }

    /// Who may write may also read.
    fn allows_mount(&self, volume: &str, is_read_only: bool) -> bool {
        let Self::Rules(TokenRules { host_volumes, .. }) = self else { return true };
        let of_rules = nearest(host_volumes.iter().map(|(pattern, can)| (pattern.as_str(), can)), volume);
        let grants = |capability| grants(of_rules.iter().copied(), capability);
        grants(READ_WRITE) || (is_read_only && grants(READ_ONLY))
    }

    fn allows_plugins(&self) -> bool {
        let Self::Rules(TokenRules { plugins, .. }) = self else { return true };
        grants([plugins].into_iter(), "read")
    }

    fn allows(&self, namespace: &str, capability: &str) -> bool {
        let Self::Rules(TokenRules { namespaces: rules, .. }) = self else { return true };
        let of_rules = nearest(rules.iter().map(|rule| (rule.pattern.as_str(), rule)), namespace);
        grants(of_rules.iter().map(|rule| &rule.capabilities), capability)
    }

    fn allows_variable(&self, namespace: &str, path: &str, capability: &str) -> bool {
        let Self::Rules(TokenRules { namespaces: rules, .. }) = self else { return true };
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

    fn in_namespaces(namespaces: Vec<NamespaceRule>) -> NomadRights {
        NomadRights::Rules(TokenRules { namespaces, ..TokenRules::default() })
    }

    #[test]
    fn only_the_nearest_pattern_of_a_namespace_counts_and_a_denial_wins() {
        let rights = in_namespaces(vec![
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
        assert!(!in_namespaces(Vec::new()).allows("default", "read-job"));
    }

    #[test]
    fn a_variable_needs_each_right_at_the_nearest_path() {
        let variables: &[(&str, &[&str])] = &[("*", &["destroy"]), ("nomad/jobs/*", &["write", "read"])];
        let rights = in_namespaces(vec![rule("default", &["read-job"], variables)]);
        let uses = NamespaceUse {
            namespace: "default".into(),
            variables: ["nomad/jobs/web".to_owned()].into(),
            ..NamespaceUse::default()
        };
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

    #[test]
    fn a_volume_needs_the_right_to_mount_it_as_the_nearest_pattern_of_its_name_says() {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let rights = NomadRights::Rules(TokenRules {
            namespaces: vec![rule("default", &[CSI], &[])],
            host_volumes: vec![
                ("*".to_owned(), set(&[READ_ONLY])),
                ("data-*".to_owned(), set(&[READ_WRITE])),
                ("data-lost".to_owned(), set(&["deny"])),
            ],
            plugins: set(&["list"]),
        });
        let host = |source: &str, is_read_only| VolumeUse::Host { source: source.to_owned(), is_read_only };
        for (volume, missing) in [
            (host("seed", true), None),
            (host("seed", false), Some("mount-readwrite the host volume seed")),
            (host("data-web", true), None),
            (host("data-web", false), None),
            (host("data-lost", true), Some("mount-readonly the host volume data-lost")),
            (VolumeUse::Csi, Some("read CSI plugins")),
        ] {
            let needed = rights.of_volumes("default", &[volume.clone()].into());
            let denied: Vec<_> = needed.iter().filter(|right| !right.is_allowed).collect();
            let denied: Vec<_> = denied.iter().map(|right| right.what.as_str()).collect();
            assert_eq!(denied, Vec::from_iter(missing), "{volume:?}");
        }
    }
}
