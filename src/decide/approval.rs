//! What becomes of a kept plan when it is to be applied.

/// What is known of it at that moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeptPlan {
    /// It was applied under an approval before.
    pub spent: bool,
    /// Its state or its file is another now: it can be applied no more, and what was shown is no more true.
    pub overtaken: bool,
    /// Policy stops it.
    pub blocked: bool,
    /// A person approved exactly this plan.
    pub approved: bool,
    /// What it was made from is another now.
    pub moved: bool,
    /// It is older than `policy:max_plan_age`.
    pub old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Apply,
    /// Plan again; where that would do the same, apply the new plan.
    Again,
    /// A person has to approve it first.
    Ask,
    /// Something else has to be planned, shown and, where policy asks for it, approved.
    Moved,
    Spent,
}

/// An approval is given to a change set: it outlives a new plan of the same, and nothing else.
pub fn fate(plan: KeptPlan) -> Fate {
    let KeptPlan { spent, overtaken, blocked, approved, moved, old } = plan;
    match plan {
        _ if spent => Fate::Spent,
        _ if overtaken => Fate::Moved,
        _ if blocked && !approved => Fate::Ask,
        // Nobody was asked about it: it is applied as it was made from, or not at all.
        _ if moved && !approved => Fate::Moved,
        _ if moved || old => Fate::Again,
        _ => Fate::Apply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_plan_is_applied_planned_again_or_refused_as_the_table_says() {
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
            // Policy allows it by now, and it was approved before that.
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
