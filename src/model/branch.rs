//! The branch of a pillar that a call uses in place of the pillar that is in force.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The characters of a commit that people see.
const SHORT: usize = 12;

/// Another pillar than the one in force: another Salt environment, or a folder in a checkout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branch {
    pub pillarenv: Option<String>,
    pub saltenv: Option<String>,
    /// The folder in place of `pillar_roots`.
    pub pillar_root: Option<String>,
    /// The folder in place of `file_roots`.
    pub file_root: Option<String>,
    /// The branch of git that is checked out there. None if it is no branch, or not git.
    pub name: Option<String>,
    /// The commit that is checked out there.
    pub commit: Option<String>,
    /// Whether the folder has changes that are not committed.
    pub changed: bool,
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pillarenv, saltenv, pillar_root, file_root, name, commit, changed } = self;
        let named =
            |word: &str, value: &Option<String>| value.as_ref().map(|value| format!("{word} {value}"));
        let short = commit.as_ref().map(|commit| commit.chars().take(SHORT).collect::<String>());
        let parts = [
            named("branch", name),
            named("commit", &short),
            changed.then(|| "with changes that are not committed".to_owned()),
            named("pillarenv", pillarenv),
            named("saltenv", saltenv),
            named("pillar", pillar_root),
            named("files", file_root),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_named_by_what_chose_it() {
        let dev = Branch { pillarenv: Some("dev".into()), saltenv: Some("dev".into()), ..Branch::default() };
        assert_eq!(dev.to_string(), "pillarenv dev, saltenv dev");
        let checkout = Branch {
            pillar_root: Some("/builds/pillar".into()),
            name: Some("more".into()),
            commit: Some("0123456789abcdef".into()),
            changed: true,
            ..Branch::default()
        };
        let words =
            "branch more, commit 0123456789ab, with changes that are not committed, pillar /builds/pillar";
        assert_eq!(checkout.to_string(), words);
    }
}
