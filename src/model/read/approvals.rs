//! Reads `settings:approvals`.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::problems::Problems;
use super::scalars;
use super::tree::Tree;
use crate::model::{ApprovalRules, Approver};

/// None if no rule is set.
pub(super) fn approvals(tree: Tree, problems: &Problems) -> Option<ApprovalRules> {
    let is_set = !tree.is_empty();
    let mut fields = Fields::open(tree, problems);
    let local = fields.read("local", scalars::flag).unwrap_or_default();
    let rules = ApprovalRules {
        from: fields.read("from", |tree| from(tree, local)),
        other_than_author: fields.read("other_than_author", scalars::flag).unwrap_or_default(),
        local,
    };
    fields.close();
    is_set.then_some(rules)
}

fn from(tree: &Tree, local: bool) -> Result<BTreeSet<Approver>, String> {
    let read = |text: &String| {
        Approver::parse(text).ok_or_else(|| format!("{text:?} is not a user, group:NAME or os:NAME"))
    };
    let from = scalars::texts(tree)?.iter().map(read).collect::<Result<BTreeSet<_>, _>>()?;
    if from.is_empty() {
        return Err("must name a user, group:NAME or os:NAME".to_owned());
    }
    let system_user = from.iter().find_map(|one| match one {
        Approver::SystemUser(name) => Some(name),
        _ => None,
    });
    match system_user {
        Some(name) if !local => Err(format!("os:{name} counts only with approvals: {{local: true}}")),
        _ => Ok(from),
    }
}
