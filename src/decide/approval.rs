//! Decides what happens to a saved plan when it is to be applied.

/// The facts about a saved plan at that moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct SavedPlanStatus {
    /// It was already applied under an approval.
    pub spent: bool,
    /// Its state or its file has changed since. The plan can no longer be applied, and its preview is no longer true.
    pub superseded: bool,
    /// Policy forbids the plan without an approval.
    pub blocked: bool,
    /// A person approved exactly this plan.
    pub approved: bool,
    /// The content that it was made from has changed since.
    pub basis_changed: bool,
    /// It is older than `policy:max_plan_age`.
    pub expired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedPlanAction {
    Apply,
    /// Plan again. If the new plan has the same changes, apply it.
    PlanAgain,
    /// A person has to approve it first.
    NeedsApproval,
    /// A new plan must be made and shown, and approved if policy demands it.
    Refuse,
    Spent,
}

/// An approval belongs to a set of changes. It stays valid for a new plan with the same changes, and for nothing else.
pub fn saved_plan_action(plan: SavedPlanStatus) -> SavedPlanAction {
    let SavedPlanStatus { spent, superseded, blocked, approved, basis_changed, expired } = plan;
    match plan {
        _ if spent => SavedPlanAction::Spent,
        _ if superseded => SavedPlanAction::Refuse,
        _ if blocked && !approved => SavedPlanAction::NeedsApproval,
        // No person approved this plan. It is applied with the content that it was made from, or not at all.
        _ if basis_changed && !approved => SavedPlanAction::Refuse,
        _ if basis_changed || expired => SavedPlanAction::PlanAgain,
        _ => SavedPlanAction::Apply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_decides_whether_a_saved_plan_is_applied_planned_again_or_refused() {
        use SavedPlanAction::{Apply, NeedsApproval, PlanAgain, Refuse, Spent};
        #[rustfmt::skip]
        let table = [
            // spent, superseded, blocked, approved, basis_changed, expired
            ([false, false, false, false, false, false], Apply),
            ([false, false, false, false, false, true], PlanAgain),
            ([false, false, false, false, true, false], Refuse),
            ([false, false, false, false, true, true], Refuse),
            ([false, true, false, false, false, false], Refuse),
            ([false, false, true, false, false, false], NeedsApproval),
            ([false, false, true, false, true, true], NeedsApproval),
            ([false, true, true, false, false, false], Refuse),
            ([false, false, true, true, false, false], Apply),
            ([false, false, true, true, false, true], PlanAgain),
            ([false, false, true, true, true, false], PlanAgain),
            ([false, true, true, true, false, false], Refuse),
            ([false, true, true, true, false, true], Refuse),
            // Policy allows the plan now. It was approved before policy allowed it.
            ([false, false, false, true, false, false], Apply),
            ([false, false, false, true, true, false], PlanAgain),
            ([true, false, true, true, false, false], Spent),
            ([true, true, true, true, false, false], Spent),
            ([true, false, false, false, false, false], Spent),
        ];
        for ([spent, superseded, blocked, approved, basis_changed, expired], action) in table {
            let plan = SavedPlanStatus { spent, superseded, blocked, approved, basis_changed, expired };
            assert_eq!(saved_plan_action(plan), action, "{plan:?}");
        }
    }
}
