//! Functions that once accepted their arguments in another order.

use crate::command_line::is_eos;
use crate::words::Words;

struct Form {
    operation: &'static str,
    salt: &'static str,
    /// The words after `eos`. None: its command takes no environment there, so the order cannot be wrong.
    eos: Option<&'static str>,
}

const fn form_of(operation: &'static str, salt: &'static str, eos: Option<&'static str>) -> Form {
    Form { operation, salt, eos }
}

/// The runner functions whose environment was once a later parameter.
const FORMS: [Form; 9] = [
    form_of("apply", "infrastructure.apply [ENVIRONMENT] PLAN_ID", None),
    form_of("approve", "infrastructure.approve [ENVIRONMENT] PLAN_ID [COMPONENTS]", None),
    form_of("cancel", "infrastructure.cancel [ENVIRONMENT] RUN_ID", None),
    form_of(
        "remediate",
        "infrastructure.remediate [ENVIRONMENT] COMPONENT DRIFT_ID",
        Some("remediate [ENV] COMPONENT DRIFT"),
    ),
    form_of("resume", "infrastructure.resume [ENVIRONMENT] [RUN_ID]", Some("resume [ENV] [RUN]")),
    form_of("show", "infrastructure.show [ENVIRONMENT] RUN_ID [FORMAT]", None),
    form_of("show_run", "infrastructure.show_run [ENVIRONMENT] RUN_ID", None),
    form_of("staged_rollback", "terraform.staged_rollback ENVIRONMENT COMPONENTS", None),
    form_of("unlock", "infrastructure.unlock ENVIRONMENT COMPONENT ID", Some("unlock ENV COMPONENT LOCK")),
];

/// Whether an older version accepted the arguments of this operation in another order.
pub(super) fn had_another_order(operation: &str) -> bool {
    FORMS.iter().any(|form| form.operation == operation)
}

/// The form of such a call today, as its caller writes it.
pub(super) fn form(operation: &str) -> Option<Words> {
    let form = FORMS.iter().find(|form| form.operation == operation)?;
    match is_eos() {
        true => form.eos.map(|words| Words::shell(format!("eos {words}"))),
        false => Some(Words::shell(form.salt)),
    }
}
