//! Checks of several environments as one list.

use super::check::Check;

/// The checks in the order of their groups. What several environments have in common is one check. `all`: the number of
/// environments; a check that holds for all of them names none.
pub fn folded(found: Vec<(Option<String>, Check)>, all: usize) -> Vec<Check> {
    let mut folded: Vec<Check> = Vec::new();
    for (environment, check) in found {
        match folded.iter_mut().find(|one| one.says_the_same(&check)) {
            // The same fault was found in two ways.
            Some(same) => {
                same.environments.extend(environment.filter(|one| !same.environments.contains(one)))
            }
            None => folded.push(Check { environments: environment.into_iter().collect(), ..check }),
        }
    }
    for check in &mut folded {
        if check.environments.len() == all {
            check.environments.clear();
        }
    }
    folded.sort_by_key(|check| check.group);
    folded
}

#[cfg(test)]
mod tests {
    use super::super::check::{CheckStatus, Group};
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_check_names_its_environments_unless_it_holds_for_all() {
        let of = |environment: &str, group, said: &'static str| {
            let name = if group == Group::Vault { "server" } else { "pillar" };
            (Some(environment.to_owned()), Check::ok(group, name, said))
        };
        let found = vec![
            of("a", Group::Vault, "one"),
            of("a", Group::Salt, "two"),
            of("a", Group::Salt, "two"),
            of("b", Group::Vault, "one"),
            of("b", Group::Salt, "three"),
            (None, Check::ok(Group::Host, "disk", "four")),
        ];
        let shown: Vec<_> = folded(found, 2)
            .into_iter()
            .map(|one| format!("{} {}", one.message, one.environments.join(",")))
            .collect();
        assert_eq!(shown, ["two a", "three b", "four ", "one "]);
    }

    #[test]
    fn a_fault_that_two_groups_have_found_is_told_once() {
        let open = |group, name| {
            let verdict = (CheckStatus::Wrong, Code::FolderNotTrusted);
            Check::bad(group, name, verdict, "the root is open", "chmod go-w /srv")
        };
        let found = vec![
            (None, open(Group::Host, "root")),
            (Some("a".to_owned()), open(Group::Terraform, "folders")),
        ];
        let left: Vec<_> = folded(found, 2).into_iter().map(|one| (one.name, one.environments)).collect();
        assert_eq!(left, [("root", vec!["a".to_owned()])]);
    }
}
