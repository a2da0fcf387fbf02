//! Decides which plans may be applied without approval.

use crate::change::Changes;
use crate::error::Code;
use crate::model::Policy;
use crate::words::{Words, words};

/// Whether the caller confirmed that resources may be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    None,
    /// `destroy confirm=ENVIRONMENT`. It replaces `allow_destroy`, but never `protect` or `max_destroys`.
    Confirmed,
}

/// Why a plan is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyViolation {
    pub code: Code,
    pub message: Words,
    pub remedy: Words,
    pub addresses: Vec<String>,
}

/// Policy's verdict on a plan. The strictest reason comes first.
pub fn judge(policy: &Policy, changes: &Changes, consent: Consent) -> Result<(), PolicyViolation> {
    let destroyed: Vec<_> = changes.destroyed().collect();
    let protected: Vec<_> = destroyed
        .iter()
        .filter(|change| {
            policy.protect.contains(&change.kind)
                || policy.protect.iter().any(|guarded| covers(guarded, &change.address))
        })
        .map(|change| change.address.clone())
        .collect();
    // Replacing a resource that Terraform itself left incomplete loses nothing. Otherwise no failed create could be
    // repeated. The same is true for a job without running allocations. No other resource is ever replaced on Eos's
    // request.
    let is_no_loss = |reason: &str| ["tainted", "requested", "replace_by_request"].contains(&reason);
    let lost: Vec<_> = destroyed
        .iter()
        .copied()
        .filter(|change| !change.reason.as_deref().is_some_and(is_no_loss))
        .collect();
    let addresses = || destroyed.iter().map(|change| change.address.clone()).collect();
    if !protected.is_empty() {
        return Err(PolicyViolation {
            code: Code::Protected,
            message: words!["the plan destroys what policy protects: ", protected.join(", ")],
            remedy: "to delete it anyway, get this plan approved, or remove it from policy:protect in the \
                     pillar"
                .into(),
            addresses: protected,
        });
    }
    if !lost.is_empty() && !policy.allow_destroy && consent == Consent::None {
        return Err(PolicyViolation {
            code: Code::Destroys,
            message: words!["the plan destroys ", name_some(&lost)],
            remedy: "to allow this, set policy: {allow_destroy: true} for this component or environment"
                .into(),
            addresses: lost.iter().map(|change| change.address.clone()).collect(),
        });
    }
    match policy.max_destroys {
        Some(most) if destroyed.len() as u64 > most => Err(PolicyViolation {
            code: Code::MaxDestroys,
            message: words!["the plan destroys ", name_some(&destroyed), "; policy allows ", most],
            remedy: "to allow this, raise policy:max_destroys".into(),
            addresses: addresses(),
        }),
        _ => Ok(()),
    }
}

/// An address covers itself, its instances and, if it is a module, everything in it.
pub fn covers(guarded: &str, address: &str) -> bool {
    address.strip_prefix(guarded).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

fn name_some(changes: &[&crate::report::ResourceChange]) -> Words {
    const SHOWN: usize = 5;
    let names: Vec<_> = changes.iter().take(SHOWN).map(|change| change.address.as_str()).collect();
    match changes.len().saturating_sub(SHOWN) {
        0 => names.join(", ").into(),
        more => words![names.join(", "), " and ", more, " more"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::planned;

    fn changes(deleted: &[&str]) -> Changes {
        let resources = deleted
            .iter()
            .filter_map(|address| planned(address, address.split('.').next().unwrap(), "x", "delete", None))
            .collect();
        Changes { resources, ..Changes::default() }
    }

    fn code(policy: &Policy, deleted: &[&str], consent: Consent) -> Option<Code> {
        judge(policy, &changes(deleted), consent).err().map(|violation| violation.code)
    }

    fn policy(allow_destroy: bool, max_destroys: Option<u64>, protect: &[&str]) -> Policy {
        let protect = protect.iter().map(|&one| one.to_owned()).collect();
        Policy { allow_destroy, max_destroys, protect, ..Policy::default() }
    }

    #[test]
    fn the_table_decides_what_policy_stops() {
        let open = policy(true, None, &[]);
        let closed = policy(false, None, &[]);
        let table: &[(&Policy, &[&str], Consent, Option<Code>)] = &[
            (&closed, &[], Consent::None, None),
            (&closed, &["a.x"], Consent::None, Some(Code::Destroys)),
            (&closed, &["a.x"], Consent::Confirmed, None),
            (&open, &["a.x"], Consent::None, None),
            (&policy(true, Some(1), &[]), &["a.x"], Consent::None, None),
            (&policy(true, Some(1), &[]), &["a.x", "a.y"], Consent::None, Some(Code::MaxDestroys)),
            (&policy(true, Some(1), &[]), &["a.x", "a.y"], Consent::Confirmed, Some(Code::MaxDestroys)),
            (&policy(true, None, &["a"]), &["a.x"], Consent::Confirmed, Some(Code::Protected)),
            (&policy(true, None, &["a.x"]), &["a.x[0]"], Consent::None, Some(Code::Protected)),
            (&policy(true, None, &["a.x"]), &["a.xy"], Consent::None, None),
            (&policy(true, None, &["module.db"]), &["module.db.a.x"], Consent::None, Some(Code::Protected)),
        ];
        for (policy, deleted, consent, expected) in table {
            assert_eq!(code(policy, deleted, *consent), *expected, "{policy:?} {deleted:?} {consent:?}");
        }
    }

    #[test]
    fn a_tainted_resource_may_be_replaced_unless_it_is_protected() {
        for reason in ["tainted", "requested"] {
            let replaced = planned("a.x", "a", "x", "replace", Some(reason)).into_iter().collect();
            let changes = Changes { resources: replaced, ..Changes::default() };
            assert_eq!(judge(&Policy::default(), &changes, Consent::None), Ok(()));
            assert!(judge(&policy(false, None, &["a"]), &changes, Consent::None).is_err());
        }
    }

    #[test]
    fn a_replacement_counts_as_a_destroy() {
        let replaced = planned("a.x", "a", "x", "replace", None).into_iter().collect();
        let changes = Changes { resources: replaced, ..Changes::default() };
        assert!(judge(&Policy::default(), &changes, Consent::None).is_err());
    }
}
