//! Functions that once accepted their arguments in another order.

/// The runner functions whose environment was once a later parameter.
const FORMS: [(&str, &str); 9] = [
    ("apply", "infrastructure.apply [ENVIRONMENT] PLAN_ID"),
    ("approve", "infrastructure.approve [ENVIRONMENT] PLAN_ID [COMPONENTS]"),
    ("cancel", "infrastructure.cancel [ENVIRONMENT] RUN_ID"),
    ("remediate", "infrastructure.remediate [ENVIRONMENT] COMPONENT DRIFT_ID"),
    ("resume", "infrastructure.resume [ENVIRONMENT] [RUN_ID]"),
    ("show", "infrastructure.show [ENVIRONMENT] RUN_ID [FORMAT]"),
    ("show_run", "infrastructure.show_run [ENVIRONMENT] RUN_ID"),
    ("staged_rollback", "terraform.staged_rollback ENVIRONMENT COMPONENTS"),
    ("unlock", "infrastructure.unlock ENVIRONMENT COMPONENT ID"),
];

/// The form of a call whose arguments an older version accepted in another order.
pub(super) fn form(operation: &str) -> Option<&'static str> {
    FORMS.iter().find(|(named, _)| *named == operation).map(|(_, form)| *form)
}
