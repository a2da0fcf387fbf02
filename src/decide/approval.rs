//! Decides what happens to a saved plan when it is to be applied.

/// The facts about a saved plan at that moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeptPlan {
    /// It was already applied under an approval.
    pub spent: bool,
    /// Its state or its file has changed since. The plan can no longer be applied, and its preview is no longer true.
    pub overtaken: bool,
    /// Policy forbids the plan without an approval.
    pub blocked: bool,
    /// A person approved exactly this plan.
    pub approved: bool,
    /// The content that it was made from has changed since.
    pub moved: bool,
    /// It is older than `policy:max_plan_age`.
    pub old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Apply,
    /// Plan again. If the new plan has the same changes, apply it.
    Again,
    /// A person has to approve it first.
    Ask,
    /// A new plan must be made and shown, and approved if policy demands it.
    Moved,
    Spent,
}

/// An approval belongs to a set of changes. It stays valid for a new plan with the same changes, and for nothing else.
pub fn fate(plan: KeptPlan) -> Fate {
    let KeptPlan { spent, overtaken, blocked, approved, moved, old } = plan;
    match plan {
        _ if spent => Fate::Spent,
        _ if overtaken => Fate::Moved,
        _ if blocked && !approved => Fate::Ask,
        // No person approved this plan. It is applied with the content that it was made from, or not at all.
        _ if moved && !approved => Fate::Moved,
        _ if moved || old => Fate::Again,
        _ => Fate::Apply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides_whether_a_saved_plan_is_applied_planned_again_or_refused() {
        use Fate::{Again, Apply, Ask, Moved, Spent};
        #[rustfmt::skip]
        let table = [
            // spent, overtaken, blocked, approved, moved, old
            ([false, false, false, false, false, false], Apply),
            ([false, false, false, false, false, true], Again),
            ([false, false, false, false, true, false], Moved),
            ([false, false, false, false, true, true], Moved),
            ([false, true, false, false, false, false], Moved),
            ([false, false, true, false, false, false], Ask),
            ([false, false, true, false, true, true], Ask),
            ([false, true, true, false, false, false], Moved),
            ([false, false, true, true, false, false], Apply),
            ([false, false, true, true, false, true], Again),
            ([false, false, true, true, true, false], Again),
            ([false, true, true, true, false, false], Moved),
            ([false, true, true, true, false, true], Moved),
            // Policy allows the plan now. It was approved before policy allowed it.
            ([false, false, false, true, false, false], Apply),
            ([false, false, false, true, true, false], Again),
            ([true, false, true, true, false, false], Spent),
            ([true, true, true, true, false, false], Spent),
            ([true, false, false, false, false, false], Spent),
        ];
        for ([spent, overtaken, blocked, approved, moved, old], expected) in table {
            let plan = KeptPlan { spent, overtaken, blocked, approved, moved, old };
            assert_eq!(fate(plan), expected, "{plan:?}");
        }
    }
}
